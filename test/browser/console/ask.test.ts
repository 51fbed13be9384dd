// Tests packages/console/src/pages/ask/, packages/console/src/parts/
import { X509Certificate, createPrivateKey, generateKeyPairSync } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { Download, Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { csrFor } from '../../../packages/x509/test/helpers/csr.js';
import { aPolicy } from '../../helpers/policies.js';
import { as } from '../../http/support/call.js';
import { chromiumPath } from '../chromium.js';
import { approve, ask, consolePolicies, hostileWords, issue } from './seeds.js';
import { axeFindings, beyondWindow, keptIn, useConsole } from './support.js';

describe.skipIf(chromiumPath === undefined)('asking and collecting in the console', () => {
  const movers = aPolicy('movers', { groups: ['rota'], groupsFromDirectory: { oncall: ['rota-lead'] } });
  const opened = useConsole({ policies: `${consolePolicies}${movers}` });

  const evaluations = async () => {
    const answer = await opened.service.as('audrey')('get', '/v1/audit-events?type=PolicyEvaluated&limit=100');
    return as.events(answer).items.length;
  };
  const says = (page: Page) => page.getByRole('status', { name: 'What policy says' });
  const below = (page: Page, field: string) =>
    page.locator('.field', { has: page.getByLabel(field, { exact: true }) }).locator('.wrong');
  const collected = async (page: Page, button: string): Promise<Download> => {
    const download = page.waitForEvent('download');
    await page.getByRole('button', { name: button }).click();
    return download;
  };
  /** The private key and the certificate of a kubeconfig. */
  const inFile = async (download: Download) => {
    const text = await readFile(await download.path(), 'utf8');
    const pem = (field: string) =>
      Buffer.from(new RegExp(`${field}-data: "?([A-Za-z0-9+/=]+)`).exec(text)?.[1] ?? '', 'base64').toString();
    return { text, key: pem('client-key'), certificate: pem('client-certificate') };
  };

  it('says what policy offers, and what it says to an ask, with few calls and no event in the audit log', async () => {
    const page = await opened.visit('alice', '/console/ask');
    let calls = 0;
    page.on('request', (request) => void (calls += request.url().endsWith('/v1/policies/evaluate') ? 1 : 0));
    const offers = page.getByRole('region', { name: 'What policy offers you' });
    await offers.getByText('up to a day, at once').first().waitFor();
    await offers.getByText('after approval by 2 people (anyone in team-leads), then by anyone in security').waitFor();
    await offers.getByText('members of oncall also in rota-lead').waitFor();
    expect(await page.getByLabel('Cluster', { exact: true }).inputValue()).toBe('demo');

    await page.getByLabel('Username', { exact: true }).fill('jane');
    await page.getByLabel('Groups', { exact: true }).pressSequentially('team-a, system:roots', { delay: 20 });
    await page.getByLabel('Lifetime', { exact: true }).fill('30 days');
    await page.getByLabel('Reason', { exact: true }).focus();
    await below(page, 'Groups').getByText('Group "system:roots" is reserved').waitFor();
    await below(page, 'Lifetime').getByText('The lifetime of 30 days is more than the 1 day').waitFor();
    await says(page).getByText('Not permitted').waitFor();
    expect(calls).toBeLessThanOrEqual(3);
    expect(await evaluations()).toBe(0);

    // A denial is said at the fields. It is not sent, so nothing is on record.
    await page.getByRole('button', { name: 'Ask', exact: true }).click();
    await expect.poll(() => page.evaluate('document.activeElement.getAttribute("aria-invalid")')).toBe('true');
    expect(page.url()).toContain('/console/ask');
  });

  it('is filled by an offer, has its button in sight at 800 pixels, and leads the collector to the kubeconfig', async () => {
    const page = await opened.visit('alice', '/console/ask', { height: 800 });
    const field = (name: string) => page.getByLabel(name, { exact: true });
    expect(await page.locator('main select').inputValue()).toBe('demo');
    await page.getByRole('button', { name: /^demo, prod-\*: up to 12 hours/ }).click();
    await expect.poll(() => field('Lifetime').inputValue()).toBe('12 hours');
    await page.getByText('This offer has prod-*.').waitFor();
    expect(await page.evaluate('document.activeElement.value')).toBe('');
    const box = await page.getByRole('button', { name: 'Ask', exact: true }).boundingBox();
    expect((box?.y ?? 800) + (box?.height ?? 0)).toBeLessThanOrEqual(800);
    expect(await field('CSR').isVisible()).toBe(false);
    expect(await axeFindings(page)).toEqual([]);

    await page.getByRole('button', { name: /^demo, team-\*: up to a day, at once/ }).click();
    await expect.poll(() => field('Lifetime').inputValue()).toBe('1 day');
    await field('Username').fill('offered');
    await field('Groups').fill('team-a');
    await page.getByRole('button', { name: 'Ask', exact: true }).click();
    await page.waitForURL(/\/console\/requests\//);
    await page.getByText('Asked: offered, 1 day on demo. The kubeconfig is ready for you.').waitFor();
    await expect.poll(() => page.locator('main button').first().innerText()).toBe('Get the kubeconfig');
  });

  it('is filled by an address, asks policy about it, sends it, and leads to the request', async () => {
    const address = '/console/ask?cluster=demo&username=jane&group=prod-a&expirationSeconds=28800&reason=INC-4711';
    const page = await opened.visit('alice', address);
    await says(page).getByText('Permitted after approval').waitFor();
    await says(page).getByText('first 2 people (anyone in team-leads)').waitFor();
    expect(await page.getByLabel('Lifetime', { exact: true }).inputValue()).toBe('8 hours');
    await page.getByText('Namespace, labels, collector').click();
    await page.getByLabel('Labels', { exact: true }).fill('incident=inc-4711, team=payments');
    await page.getByRole('button', { name: 'Ask', exact: true }).click();
    await page.waitForURL(/\/console\/requests\/[0-9a-f-]{36}$/);
    const id = page.url().split('/').at(-1) ?? '';
    expect(as.request(await opened.service.as('alice')('get', `/v1/certificate-requests/${id}`))).toMatchObject({
      username: 'jane',
      groups: ['prod-a'],
      expirationSeconds: 28_800,
      reason: 'INC-4711',
      labels: { incident: 'inc-4711', team: 'payments' },
    });
  });

  it('takes a CSR, whose names fill the fields, and never a private key', async () => {
    const { pem } = await csrFor('jane', ['team-a', 'team-b']);
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const key = privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();
    const page = await opened.visit('alice', '/console/ask');
    const sent: string[] = [];
    page.on('request', (request) => sent.push(request.postData() ?? ''));
    const choose = (content: string) =>
      page.getByLabel('Choose a file').setInputFiles({ name: 'a', mimeType: '', buffer: Buffer.from(content) });
    await page.getByText('Your own key').waitFor();
    await page.evaluate(
      `{
        const dropped = new DataTransfer();
        dropped.items.add(new File([${JSON.stringify(key)}], 'a.key'));
        dispatchEvent(new DragEvent('drop', { dataTransfer: dropped, cancelable: true }));
      }`,
    );
    await below(page, 'CSR').getByText('This is a private key').waitFor();
    await choose('something else');
    await below(page, 'CSR').getByText('This file is not a CSR in PEM form').waitFor();
    await page.getByLabel('CSR', { exact: true }).fill(key);
    await below(page, 'CSR').getByText('This is a private key').waitFor();
    expect(await page.getByLabel('CSR', { exact: true }).inputValue()).toBe('');

    await choose(`a comment\n${pem}`);
    await expect.poll(() => page.getByLabel('Groups', { exact: true }).inputValue()).toBe('team-a, team-b');
    expect(await page.getByLabel('Username', { exact: true }).inputValue()).toBe('jane');
    await says(page).getByText('Permitted at once').waitFor();
    const octets = key.split('\n')[1] ?? key;
    expect(sent.join('\n')).not.toContain(octets);
    expect(await keptIn(page)).not.toContain(octets);

    await page.getByRole('button', { name: 'Ask', exact: true }).click();
    await page.getByLabel('Path of your key').fill('/home/jane/jane.key');
    const { text } = await inFile(await collected(page, 'Get the kubeconfig'));
    expect(text).toContain('client-key: "/home/jane/jane.key"');
    const certificate = await collected(page, 'Get the certificate');
    expect(new X509Certificate(await readFile(await certificate.path())).subject).toContain('CN=jane');
  });

  it('gives the kubeconfig once as a file that works, and again until the page is left', async () => {
    const id = await ask(opened.service, { username: 'ann/../x' });
    const page = await opened.visit('alice', `/console/requests/${id}`);
    await page.getByRole('heading', { level: 1 }).waitFor();
    await approve(opened.service, id);
    const first = await collected(page, 'Get the kubeconfig');
    expect(first.suggestedFilename()).toBe('ann_.._x@demo.kubeconfig');
    const { key, certificate, text } = await inFile(first);
    expect(new X509Certificate(certificate).checkPrivateKey(createPrivateKey(key))).toBe(true);
    await page.getByText('export KUBECONFIG=').waitFor();
    const again = await collected(page, 'Save it again');
    expect((await inFile(again)).text).toBe(text);
    const octets = Buffer.from(key).toString('base64').slice(60, 120);
    expect(text).toContain(octets);
    const kept = await keptIn(page);
    for (const secret of [octets, key.split('\n')[1] ?? key]) expect(kept).not.toContain(secret);
    expect(opened.service.log()).not.toContain(octets);

    await page.reload();
    await page.getByText('The private key is in the file that was saved then and nowhere else').waitFor();
    expect(await page.getByRole('button', { name: 'Save it again' }).count()).toBe(0);
  });

  it('renews a certificate in place of another one, and has its key as a file', async () => {
    const fingerprint = await issue(opened.service, 'renate');
    const page = await opened.visit('alice', `/console/ask?renewalOf=${fingerprint}`);
    await page.getByRole('heading', { level: 1, name: 'Renew a certificate' }).waitFor();
    await says(page).getByText('Permitted at once').waitFor();
    const download = await collected(page, 'Renew');
    expect(download.suggestedFilename()).toBe('renate@demo.kubeconfig');
    const { key, certificate } = await inFile(download);
    expect(new X509Certificate(certificate).checkPrivateKey(createPrivateKey(key))).toBe(true);
    expect(await keptIn(page)).not.toContain(key.split('\n')[1]);
  });

  it('keeps hostile names as text inside their place, and has nothing that axe finds', async () => {
    const query = new URLSearchParams({
      cluster: 'demo',
      username: hostileWords.direction,
      group: [hostileWords.image, hostileWords.script].join(','),
      reason: hostileWords.wide,
    });
    for (const options of [{ width: 320, scheme: 'dark', touch: true } as const, {}]) {
      const page = await opened.visit('alice', `/console/ask?${query.toString()}`, options);
      await below(page, 'Groups').getByText('<img src=x').first().waitFor();
      expect(await page.title()).toBe('Ask for a certificate – kubepass');
      expect(await beyondWindow(page)).toBe(0);
      expect(await axeFindings(page)).toEqual([]);
    }
  });

  it('keeps what is typed when the session has ended, and sends it after a new sign-in', async () => {
    const page = await opened.visit('alice', '/console/ask?cluster=demo&username=jane&group=team-a');
    await says(page).getByText('Permitted at once').waitFor();
    await page.getByLabel('Reason', { exact: true }).fill('typed before the end');
    await page.evaluate(`fetch('/v1/sessions/current', { method: 'DELETE' })`);
    // On a slow machine another call of the page may have brought the dialog already.
    await page.getByRole('button', { name: 'Ask', exact: true }).dispatchEvent('click');
    await page.getByRole('heading', { name: 'Your session has ended' }).waitFor();
    const other = await page.context().newPage();
    await other.goto('/console/sign-in');
    await other.getByLabel('API token').fill(opened.service.tokenOf('alice'));
    await other.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('heading', { name: 'Your session has ended' }).waitFor({ state: 'hidden' });
    await page.getByRole('button', { name: 'Ask', exact: true }).click();
    await page.waitForURL(/\/console\/requests\//);
    const id = page.url().split('/').at(-1) ?? '';
    const found = as.request(await opened.service.as('alice')('get', `/v1/certificate-requests/${id}`));
    expect(found.reason).toBe('typed before the end');
  });
});
