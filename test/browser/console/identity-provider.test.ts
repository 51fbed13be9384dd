// Tests packages/console/src/pages/sign-in/, src/callers/routes/login-routes.ts
import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { startSignInService, type SignInService } from '../../http/support/sign-in.js';
import { makeTlsPair } from '../../http/support/tls-files.js';
import { chromiumPath } from '../chromium.js';
import { axeFindings, keptIn, picture, useConsole } from './support.js';

let signIns: SignInService;

const me = (page: Page, name: string) => page.getByRole('navigation', { name: 'Console' }).getByRole('link', { name });

/** Signs in at the provider, as a person does, and waits until the console is back. */
async function signInAtProvider(page: Page, account: string): Promise<void> {
  await page.getByRole('link', { name: 'Sign in with corp' }).click();
  await page.getByRole('textbox', { name: 'Login' }).fill(account);
  await page.getByRole('textbox', { name: 'Password' }).fill('any');
  await page.getByRole('button', { name: 'Sign in' }).click();
}

describe.skipIf(chromiumPath === undefined)('a sign-in by an identity provider, over TLS', () => {
  const opened = useConsole({
    start: async () => {
      signIns = await startSignInService({
        accounts: { jane: { groups: ['staff'] } },
        app: { tls: makeTlsPair() },
      });
      return { ...signIns.service, close: () => signIns.close() };
    },
  });

  it('leads back to the address that was asked for, and another tab goes on with it', async () => {
    expect(opened.origin).toMatch(/^https:/);
    const provider = new URL(signIns.provider.issuer).origin;
    // Pages of the provider are not ours.
    const tolerates = new RegExp(provider);
    const page = await opened.visit(null, '/console/requests?view=open&cluster=demo', { provider, tolerates });
    await page.getByLabel('API token').waitFor();
    expect(await axeFindings(page)).toEqual([]);
    await picture(page, 'sign-in-both');
    await signInAtProvider(page, 'jane');
    await me(page, 'jane').waitFor();
    expect(page.url()).toBe(`${opened.origin}/console/requests?view=open&cluster=demo`);
    expect(await keptIn(page)).not.toMatch(/eyJ[\w-]+\./);
    expect(opened.service.log()).not.toMatch(/eyJ[\w-]+\.eyJ/);

    // The session ends while something is typed. The provider still knows the person, and asks nothing.
    await page.getByRole('link', { name: 'Ask' }).click();
    await page.getByLabel('Reason').fill('typed before the end');
    await page.request.delete('/v1/sessions/current', { headers: { 'sec-fetch-site': 'same-origin' } });
    const second = await page.context().newPage();
    await page.bringToFront();
    await page.evaluate("document.dispatchEvent(new Event('visibilitychange'))");
    const ended = page.getByRole('dialog', { name: 'Your session has ended' });
    await ended.waitFor();
    await second.goto('/console/certificates');
    await second.getByRole('link', { name: 'Sign in with corp' }).click();
    await me(second, 'jane').waitFor();
    expect(second.url()).toBe(`${opened.origin}/console/certificates`);
    await ended.waitFor({ state: 'detached' });
    expect(await page.getByLabel('Reason').inputValue()).toBe('typed before the end');
  });
});
