// Tests packages/console/src/pages/inspect/
import { generateKeyPairSync } from 'node:crypto';
import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { chromiumPath } from '../chromium.js';
import { axeFindings, beyondWindow, keptIn, signIn, useConsole } from './support.js';

/** Drops files with these contents onto what the selector finds, as a file manager does. */
const drop = (page: Page, selector: string, contents: readonly string[]) =>
  page.evaluate(`(() => {
    const transfer = new DataTransfer();
    for (const [i, text] of ${JSON.stringify(contents)}.entries()) transfer.items.add(new File([text], 'file-' + i + '.pem'));
    const target = document.querySelector(${JSON.stringify(selector)});
    for (const type of ['dragenter', 'dragover', 'drop'])
      target.dispatchEvent(new DragEvent(type, { bubbles: true, cancelable: true, dataTransfer: transfer }));
  })()`);

describe.skipIf(chromiumPath === undefined)('inspecting files in the console', () => {
  const opened = useConsole();
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  const octets = pem.split('\n')[1] ?? '';
  const report = (page: Page) => page.frameLocator('iframe[title="Report"]');

  it('shows the report of a private key that was dropped anywhere, and nothing of it is anywhere else', async () => {
    const page = await opened.visit('alice', '/console/inspect');
    await drop(page, 'h1', [pem, 'nothing that is known']);
    await report(page).getByRole('heading', { name: 'Inspection' }).waitFor();
    expect(await report(page).locator('body').innerText()).toMatch(/file-0\.pem[\s\S]*private key/i);
    expect(await report(page).locator('html').innerHTML()).not.toContain(octets);
    for (const secret of [octets, octets.slice(8, 40)]) {
      expect(await keptIn(page)).not.toContain(secret);
      expect(opened.service.log()).not.toContain(secret);
    }
    expect(page.url()).toBe(`${opened.origin}/console/inspect`);

    // Another drop, now over the report, takes its place.
    await drop(page, '.report', ['-----BEGIN CERTIFICATE-----\n']);
    await report(page).getByText('file-0.pem').first().waitFor();
    await expect.poll(() => report(page).locator('body').innerText()).not.toMatch(/private key/i);
  });

  it('takes chosen files and a password, and keeps both when the session has ended, until they can be sent', async () => {
    const page = await opened.visit('alice', '/console/inspect');
    await page.evaluate(`fetch('/v1/sessions/current', { method: 'DELETE' })`);
    const buffer = Buffer.from(
      privateKey.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'made up' }),
    );
    await page.getByLabel('Password').fill('made up');
    await page.getByLabel('Files to inspect').setInputFiles({ name: 'locked.pem', mimeType: 'text/plain', buffer });
    await page.getByRole('heading', { name: 'Your session has ended' }).waitFor();
    expect(page.frames().map((frame) => frame.url())).toEqual([page.url(), 'about:blank']);

    await signIn(page.context(), opened.service.tokenOf('alice'));
    const other = await page.context().newPage();
    await other.goto('/console/me');
    await page.getByRole('heading', { name: 'Your session has ended' }).waitFor({ state: 'hidden' });
    await page.getByRole('button', { name: 'Inspect', exact: true }).click();
    await report(page).getByText('locked.pem').first().waitFor();
    expect(await report(page).locator('body').innerText()).toContain('ECDSA-P256 private key');
    expect(opened.service.log()).not.toContain('made up');
  });

  it('scrolls sideways nowhere, and axe finds nothing', async () => {
    for (const options of [{ width: 320 }, { scheme: 'dark' }] as const) {
      const page = await opened.visit('alice', '/console/inspect', options);
      await page
        .getByLabel('Files to inspect')
        .setInputFiles({ name: 'a.pem', mimeType: 'text/plain', buffer: Buffer.from(pem) });
      await report(page).getByRole('heading', { name: 'Inspection' }).waitFor();
      expect(await beyondWindow(page)).toBe(0);
      expect(await page.title()).toBe('Inspect – kubepass');
      expect(await axeFindings(page)).toEqual([]);
    }
  });
});
