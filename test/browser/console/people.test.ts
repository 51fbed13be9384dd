// Tests packages/console/src/pages/directory/, packages/console/src/pages/tokens/,
// packages/console/src/pages/webhooks/, packages/console/src/pages/me/, packages/console/src/pages/sessions/
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import request from 'supertest';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { localAuthority } from '../../helpers/local-authority.js';
import { temporaryDirectory } from '../../helpers/temporary-directory.js';
import { as } from '../../http/support/call.js';
import { startService, type TestService } from '../../http/support/service.js';
import { chromiumPath } from '../chromium.js';
import { ask, hostileWords, issue, tokenFor } from './seeds.js';
import { axeFindings, beyondWindow, keptIn, useConsole } from './support.js';

const directory = temporaryDirectory();
afterAll(() => directory.remove());

/** A service with a webhook whose receiver is not there. */
async function start(): Promise<TestService> {
  const authority = await localAuthority();
  const file = (name: string, content: string) => {
    writeFileSync(join(directory.path, name), content, { mode: 0o600 });
    return join(directory.path, name);
  };
  const certFile = file('ca.crt', authority.certificatePem);
  const keyFile = file('ca.key', authority.privateKeyPem);
  const secretFile = file('webhook-secret', `whsec_${Buffer.alloc(32, 1).toString('base64')}\n`);
  return startService({
    config: `
clusters:
  - name: demo
    server: https://127.0.0.1:6443
    servingCertificateAuthority: ${certFile}
    signer: { localCA: { certFile: ${certFile}, keyFile: ${keyFile} } }
webhooks:
  - { name: chat, url: "https://127.0.0.1:1/hook", secretFile: ${secretFile}, events: [pending] }
`,
    overrides: { webhookRoundMilliseconds: 50, housekeepingMilliseconds: 200 },
  });
}

describe.skipIf(chromiumPath === undefined)('people, tokens and deliveries in the console', () => {
  const opened = useConsole({ start });
  /** The ids of Jane, who left, and of the person who has her name now. */
  let left: string;
  let successor: string;

  beforeAll(async () => {
    const { service } = opened;
    const connector = await tokenFor(service, 'connector', { roles: ['directory'] });
    const scim = async (method: 'post' | 'patch', path: string, content: object): Promise<string> => {
      const call = request(service.address)[method](`/scim/v2${path}`).set('authorization', `Bearer ${connector}`);
      const { text } = await call.set('content-type', 'application/scim+json').send(JSON.stringify(content));
      return (JSON.parse(text) as { readonly id: string }).id;
    };
    const person = (userName: string, displayName: string, externalId: string) => ({
      schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'],
      ...{ userName, displayName, externalId, active: true },
    });
    left = await scim('post', '/Users', person('jane', 'Jane Doe', 'one'));
    await scim('post', '/Users', person('mallory', `${hostileWords.image}${hostileWords.direction}`, 'two'));
    const jane = await tokenFor(service, 'jane', { roles: ['requester'] });
    await issue(service, 'jane', 'team-a', service.withToken(jane));
    await issue(service, 'robot', 'team-a', service.withToken(jane));
    await ask(service, { username: 'jane' }, service.withToken(jane));
    const leave = { schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'] };
    await scim('patch', `/Users/${left}`, { ...leave, Operations: [{ op: 'replace', path: 'active', value: false }] });
    await vi.waitFor(async () => {
      const found = await service.as('root')('get', `/v1/directory-users/${left}`);
      const some: unknown = expect.anything();
      expect(found.body).toMatchObject({ consequences: { cancelledRequests: [some], revokedTokens: [some] } });
    }, 10_000);
    successor = await scim('post', '/Users', person('jane', 'Jane Roe', 'three'));
    // Nobody else has the name of this one who left.
    const gone = await scim('post', '/Users', person('gone', 'Gus Gone', 'four'));
    await issue(service, 'gone');
    await scim('patch', `/Users/${gone}`, { ...leave, Operations: [{ op: 'replace', path: 'active', value: false }] });
  });

  const rowOf = (page: Page, text: string) => page.getByRole('row').filter({ hasText: text });

  it('makes a token that is shown once, and revokes it by a dialog that says what ends', async () => {
    const page = await opened.visit('root', '/console/tokens');
    await page.getByRole('button', { name: 'Make the token' }).click();
    await page.getByText('Name the principal.').waitFor();
    await page.getByText('Choose a role.').waitFor();
    await page.getByLabel('Name', { exact: true }).fill('ci-pipeline');
    await page.getByLabel('Groups', { exact: true }).fill('builders, deployers');
    await page.getByLabel('Valid for').fill('8 hours');
    await page.getByRole('checkbox', { name: 'requester' }).check();
    await page.getByRole('button', { name: 'Make the token' }).click();
    const shown = page.getByRole('region', { name: 'The token' }).locator('pre');
    const token = (await shown.textContent()) ?? '';
    const whoami = as.whoami(await opened.service.withToken(token)('get', '/v1/whoami'));
    expect(whoami).toMatchObject({ name: 'ci-pipeline', roles: ['requester'], groups: ['builders', 'deployers'] });
    expect(Date.parse(whoami.expiresAt ?? '') - Date.now()).toBeLessThanOrEqual(8 * 3_600_000);
    await page.getByRole('button', { name: 'Done' }).click();
    await shown.waitFor({ state: 'hidden' });
    expect(await keptIn(page)).not.toContain(token);
    await page.reload();
    await rowOf(page, 'ci-pipeline').getByRole('button', { name: 'Revoke', exact: true }).click();
    const dialog = page.getByRole('dialog', { name: 'Revoke this token' });
    await dialog.getByText('every browser that signed in by it').waitFor();
    await dialog.getByRole('button', { name: 'Revoke now' }).click();
    await rowOf(page, 'ci-pipeline').getByText('revoked').waitFor();
    expect((await opened.service.withToken(token)('get', '/v1/whoami')).status).toBe(401);
  });

  it('says who one is, keeps the choices of this browser, and ends sessions', async () => {
    const page = await opened.visit('alice', '/console/me');
    await page.getByText('Request certificates').waitFor();
    const scheme = () => page.evaluate('document.documentElement.dataset.scheme');
    expect(await scheme()).toBeUndefined();
    await page.getByLabel('Dark').check();
    expect(await scheme()).toBe('dark');
    await page.getByRole('switch', { name: 'Single keys' }).uncheck();
    await page.reload();
    await page.getByRole('heading', { level: 1 }).waitFor();
    expect(await scheme()).toBe('dark');
    await page.locator('body').press('g');
    await page.locator('body').press('r');
    expect(page.url()).toContain('/console/me');
    await page.getByLabel('Same as the system').check();
    expect(await scheme()).toBe('system');

    const admin = await opened.visit('root', '/console/sessions');
    await rowOf(admin, 'alice').getByRole('button', { name: 'End', exact: true }).click();
    await rowOf(admin, 'alice').waitFor({ state: 'hidden' });
    await expect.poll(async () => (await page.context().request.get('/v1/whoami')).status()).toBe(401);
    const own = await opened.visit('bob', '/console/me');
    await own.getByRole('button', { name: 'End', exact: true }).click();
    await own.getByRole('heading', { name: 'Sign in to kubepass' }).waitFor();
  });

  it('shows what a leaving ended and left, and confirms a successor', async () => {
    const page = await opened.visit('root', '/console/directory?view=deleted');
    await page.getByRole('link', { name: 'jane' }).click();
    await page.waitForURL(`**/console/directory/${left}`);
    const ended = page.getByRole('region', { name: 'Ended when they left' });
    await ended.getByRole('link').first().waitFor();
    const goesOn = page.getByRole('region', { name: 'Still works' });
    await goesOn.getByText('everything, until the certificate expires').waitFor();
    await goesOn.getByText('of robot').waitFor();

    await page.goto(`/console/directory/${successor}`);
    await page.getByRole('button', { name: 'Confirm', exact: true }).click();
    await page.getByRole('button', { name: 'Confirm now' }).click();
    await page.getByRole('region', { name: 'The name was somebody else’s' }).waitFor({ state: 'hidden' });
    const found = await opened.service.as('root')('get', `/v1/directory-users/${successor}`);
    expect(found.body).toMatchObject({ reuse: null });
    await page.goto('/console/directory?username=nobody');
    await page.getByRole('link', { name: 'Show all people' }).waitFor();
  });

  it('says at home who left and still has access, and which cluster does not refuse them', async () => {
    const page = await opened.visit('audrey', '/console/');
    const needed = page.getByRole('region', { name: 'What needs you' });
    await page.getByText('demo does not refuse revoked certificates, and people who left still have access').waitFor();
    expect(await axeFindings(page)).toEqual([]);
    await needed.getByRole('link', { name: 'gone still has access' }).click();
    await page.getByRole('region', { name: 'Still works' }).waitFor();
  });

  it('says why a delivery failed, and tries it again for an admin alone', async () => {
    const page = await opened.visit('root', '/console/webhooks?state=waiting');
    await page.getByText('ECONNREFUSED').first().waitFor();
    const answered = page.waitForResponse((answer) => answer.url().endsWith('/retry'));
    await page.getByRole('button', { name: 'Try again' }).first().click();
    expect((await answered).status()).toBe(202);
    await page.getByLabel('Webhook').fill('other');
    await page.getByLabel('Webhook').press('Enter');
    await page.getByText('Nothing matches these filters.').waitFor();
    expect(new URL(page.url()).search).toBe('?state=waiting&webhook=other');
    const auditor = await opened.visit('audrey', '/console/webhooks');
    await auditor.getByText('ECONNREFUSED').first().waitFor();
    expect(await auditor.getByRole('button', { name: 'Try again' }).count()).toBe(0);
    await (await opened.visit('alice', '/console/webhooks')).getByText('takes the role auditor or admin').waitFor();
  });

  it('has nothing that axe finds on any of these pages, and none scrolls sideways', async () => {
    const paths = ['me', 'tokens', 'sessions', 'directory', `directory/${left}`, 'webhooks'];
    const titles = new Set<string>();
    const small = { width: 320, scheme: 'dark', touch: true } as const;
    for (const [options, some] of [[small, paths] as const, [{}, paths.filter((_, i) => i % 2 === 1)] as const]) {
      const page = await opened.visit('root', '/console/me', options);
      for (const path of some) {
        await page.goto(`/console/${path}`);
        await page.locator('.table, .facts').first().waitFor();
        expect([path, await axeFindings(page), await beyondWindow(page)]).toEqual([path, [], 0]);
        expect(await page.locator('h1').count()).toBe(1);
        titles.add(await page.title());
      }
    }
    expect(titles.size).toBe(paths.length);
  });
});
