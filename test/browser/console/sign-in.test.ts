// Tests packages/console/src/pages/sign-in/, src/callers/routes/session-routes.ts
import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { chromiumPath } from '../chromium.js';
import { ask, tokenFor } from './seeds.js';
import { keptIn, useConsole } from './support.js';

const ended = (page: Page) => page.getByRole('dialog', { name: 'Your session has ended' });
const me = (page: Page, name: string) => page.getByRole('navigation', { name: 'Console' }).getByRole('link', { name });

async function fillToken(page: Page, token: string): Promise<void> {
  await page.getByLabel('API token').fill(token);
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
}

describe.skipIf(chromiumPath === undefined)('a sign-in with an API token', () => {
  const opened = useConsole();

  it('leads to the address that was asked for, and the token is nowhere afterwards', async () => {
    const page = await opened.visit(null, '/console/audit?type=SignedIn&principal=audrey');
    expect(new URL(page.url()).pathname).toBe('/console/sign-in');
    const token = opened.service.tokenOf('audrey');
    const addresses: string[] = [];
    page.on('request', (request) => addresses.push(request.url(), request.postData() ?? ''));
    await fillToken(page, token);
    await page.getByRole('heading', { level: 1, name: 'Audit' }).waitFor();
    expect(page.url()).toBe(`${opened.origin}/console/audit?type=SignedIn&principal=audrey`);

    await page.reload();
    await me(page, 'audrey').waitFor();
    const second = await page.context().newPage();
    await second.goto('/console/audit');
    await me(second, 'audrey').waitFor();
    for (const text of [await keptIn(page), await keptIn(second), addresses.join('\n'), opened.service.log()])
      expect(text).not.toContain(token);
    expect(addresses.length).toBeGreaterThan(4);
  });

  it.each([
    ['//evil.example/', '/console/'],
    ['/\\evil.example/', '/console/'],
    ['/v1/whoami', '/v1/whoami'],
  ])('leads to %s only where that is here', async (returnTo, to) => {
    const page = await opened.visit(null, `/console/sign-in?returnTo=${encodeURIComponent(returnTo)}`);
    await fillToken(page, opened.service.tokenOf('audrey'));
    await expect.poll(() => page.url()).toBe(`${opened.origin}${to}`);
  });

  it('says why a token is refused, and goes on with the next', async () => {
    const page = await opened.visit(null, '/console/sign-in');
    await fillToken(page, 'kp_this-is-no-token');
    const alert = page.getByRole('alert');
    await alert.getByText('Request id').waitFor();
    expect(await ended(page).count()).toBe(0);
    await fillToken(page, opened.service.tokenOf('alice'));
    await page.getByRole('heading', { level: 1, name: 'Home' }).waitFor();
    expect(new URL(page.url()).pathname).toBe('/console/');
  });

  it('is over in every tab after "Sign out", and a new one makes them go on', async () => {
    const first = await opened.visit('alice', '/console/requests?view=mine');
    const second = await first.context().newPage();
    await second.goto('/console/certificates');
    await me(second, 'alice').waitFor();
    await first.getByRole('button', { name: 'Sign out' }).click();
    await first.getByRole('heading', { level: 1, name: 'Sign in to kubepass' }).waitFor();
    await ended(second).waitFor();
    expect((await first.context().cookies()).filter(({ name }) => name.includes('kubepass'))).toEqual([]);
    expect((await second.request.get('/v1/whoami')).status()).toBe(401);

    await fillToken(first, opened.service.tokenOf('alice'));
    await ended(second).waitFor({ state: 'detached' });
    expect(second.url()).toBe(`${opened.origin}/console/certificates`);
  });

  it('of somebody else lets the other tab begin anew, with their rights', async () => {
    const first = await opened.visit('audrey', '/console/audit');
    const second = await first.context().newPage();
    await second.goto('/console/audit');
    await second.getByLabel('Principal').fill('typed by audrey');
    await first.getByRole('button', { name: 'Sign out' }).click();
    await fillToken(first, opened.service.tokenOf('bob'));
    await second.getByRole('heading', { level: 1, name: 'You cannot open this page' }).waitFor();
    await second.getByText('Reading the audit log takes the role auditor or admin.').waitFor();
    await me(second, 'bob').waitFor();
    expect(await keptIn(second)).not.toContain('typed by audrey');
  });

  it('makes a session of the token, with its makers: whoever made the token of the requester does not decide', async () => {
    const { service } = opened;
    const requester = await tokenFor(service, 'rita', { roles: ['requester'] });
    const id = await ask(service, { username: 'rita' }, service.withToken(requester));
    const root = await opened.visit('root', `/console/requests/${id}`);
    const answer = await root.request.post(`/v1/certificate-requests/${id}/approve`, {
      headers: { 'sec-fetch-site': 'same-origin', origin: opened.origin },
      data: {},
    });
    expect([answer.status(), await answer.text()]).toEqual([403, expect.stringContaining('you created a token')]);
    // Once the token is revoked, so is the session.
    const rita = await opened.visit({ token: requester }, '/console/requests?view=mine');
    const { items } = (await (await rita.request.get('/v1/sessions')).json()) as { items: { tokenId: string }[] };
    await service.as('root')('delete', `/v1/api-tokens/${items[0]?.tokenId}`).expect(204);
    // Not by a pointer: the page's own next call may have opened the dialog already, which is then above the link.
    await rita.getByRole('link', { name: 'Certificates' }).dispatchEvent('click');
    await ended(rita).waitFor();
  });
});
