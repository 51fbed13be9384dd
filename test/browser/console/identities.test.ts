// Tests packages/console/src/pages/identities/, packages/console/src/pages/certificates/
import { readFile } from 'node:fs/promises';
import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { as } from '../../http/support/call.js';
import type { TestService } from '../../http/support/service.js';
import { chromiumPath } from '../chromium.js';
import { ask, block, hostileWords, issue } from './seeds.js';
import { axeFindings, beyondWindow, useConsole } from './support.js';

describe.skipIf(chromiumPath === undefined)('identities and certificates in the console', () => {
  const console = useConsole();

  const region = (page: Page, name: string) => page.getByRole('region', { name, exact: true });
  const button = (page: Page, name: string) => page.getByRole('button', { name, exact: true });
  const rowOf = (page: Page, username: string) => page.getByRole('row').filter({ hasText: username });

  it('draws a row for each username and cluster, with bars that say their status, and a window in the address', async () => {
    const fingerprint = await issue(console.service, 'timeline-jane');
    await issue(console.service, 'timeline-mary', 'team-b');
    const page = await console.visit('audrey', '/console/identities?usernamePrefix=timeline-');
    const grid = page.getByRole('grid', { name: 'Certificates by identity' });
    await expect.poll(() => grid.getByRole('row').count()).toBe(3);
    const bar = rowOf(page, 'timeline-jane').getByRole('link', { name: /^valid: team-a, / });
    expect(await bar.getAttribute('href')).toBe(`/console/certificates/${fingerprint}`);
    expect(await rowOf(page, 'timeline-jane').getByRole('gridcell').textContent()).toMatch(/^valid: team-a, ends /);
    expect(await page.locator('figure').textContent()).toMatch(/^2 live now.* after a day, 0 after a week$/);

    const shown = () => page.getByRole('columnheader').nth(1).getAttribute('aria-label');
    const before = await shown();
    await grid.focus();
    await page.keyboard.press('+');
    await page.keyboard.press('ArrowRight');
    await page.waitForURL(/usernamePrefix=timeline-&from=.*&to=/);
    const after = await shown();
    expect(after).not.toBe(before);
    await page.reload();
    await expect.poll(shown).toBe(after);

    await page.getByLabel('Order').selectOption('end');
    await page.getByLabel('Group').fill('team-b');
    await page.keyboard.press('Enter');
    await page.waitForURL(/order=end.*&group=team-b/);
    await expect.poll(() => grid.getByRole('row').count()).toBe(2);
    await page.getByRole('link', { name: 'timeline-mary' }).click();
    await page.getByRole('heading', { level: 1, name: 'timeline-mary' }).waitFor();
  });

  it('has on a phone the bars of an identity below its name, said in words, and all of a row leads to it', async () => {
    await issue(console.service, 'phone-jane');
    const page = await console.visit('audrey', '/console/identities?usernamePrefix=phone-', {
      width: 360,
      touch: true,
    });
    const row = rowOf(page, 'phone-jane');
    await row.getByRole('rowheader').getByText('valid: team-a, ends').waitFor();
    const [name, track] = [await row.getByRole('rowheader').boundingBox(), await row.locator('.track').boundingBox()];
    expect(track?.y).toBeGreaterThanOrEqual((name?.y ?? 0) + (name?.height ?? 0));
    expect(track?.width).toBeGreaterThan(300);
    expect(await beyondWindow(page)).toBe(0);
    await page.touchscreen.tap(300, (track?.y ?? 0) + (track?.height ?? 0) / 2);
    await page.getByRole('heading', { level: 1, name: 'phone-jane' }).waitFor();
    await page.getByRole('grid', { name: 'Certificates by cluster' }).waitFor();
  });

  it('shows a new certificate without a reload, and moves nothing that is under the pointer', async () => {
    await issue(console.service, 'live-mary');
    const page = await console.visit('audrey', '/console/identities?usernamePrefix=live-');
    await rowOf(page, 'live-mary').hover();
    const before = await rowOf(page, 'live-mary').boundingBox();
    await issue(console.service, 'live-jane');
    await rowOf(page, 'live-jane').waitFor();
    expect(await rowOf(page, 'live-mary').boundingBox()).toEqual(before);
    await page.getByRole('heading', { level: 1 }).hover();
    await expect
      .poll(() => page.getByRole('rowheader').allTextContents())
      .toEqual(['live-janedemo ', 'live-marydemo ']);
  });

  it('shows the same as a table, and exports it as CSV with the same filters', async () => {
    await issue(console.service, 'csv-jane');
    await issue(console.service, 'csv-mary');
    const page = await console.visit('audrey', '/console/identities?usernamePrefix=csv-j&view=table');
    const table = page.getByRole('table', { name: 'Certificates by identity' });
    await expect
      .poll(() => table.getByRole('row').allTextContents())
      .toEqual([expect.stringMatching(/^Username/), expect.stringMatching(/^csv-janedemoteam-avalid/)]);
    const [file] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('link', { name: 'CSV', exact: true }).click(),
    ]);
    const csv = await readFile(await file.path(), 'utf8');
    expect([csv.includes('csv-jane'), csv.includes('csv-mary')]).toEqual([true, false]);
    expect(csv).toMatch(/^fingerprintSha256,/);
  });

  it('shows 10,000 certificates within a second, with few elements, and zooms without a stutter', async () => {
    await recordMany(console.service, await issue(console.service, 'many'), 10_000);
    const page = await console.visit('audrey', '/console/me');
    const fromAnswerToRows = async () => {
      const answered = page.waitForResponse('**/v1/timeline*');
      await page.goto('/console/identities?usernamePrefix=many-');
      await (await answered).finished();
      const begun = performance.now();
      await page.getByRole('link', { name: 'many-10003', exact: true }).waitFor();
      return performance.now() - begun;
    };
    // A machine that is busy for a moment is no slow page, so it is opened again.
    await expect.poll(fromAnswerToRows).toBeLessThan(1000);
    expect(await page.locator('figure').textContent()).toContain('10,000 live now');
    expect(await page.locator('*').count()).toBeLessThan(1500);
    await expect.poll(() => medianFrameOfZooms(page)).toBeLessThan(50);
    await page.getByRole('grid').evaluate('document.querySelector("[role=grid]").scrollTop = 1e9');
    await page.getByRole('link', { name: 'many-19999', exact: true }).waitFor();
    expect(await page.locator('*').count()).toBeLessThan(1500);
  });

  it('blocks and unblocks a username, and says before what ends and afterwards what still works', async () => {
    await issue(console.service, 'blocked-jane');
    await ask(console.service, { username: 'blocked-jane' });
    const page = await console.visit('petra', '/console/identities/blocked-jane');
    await button(page, 'Block').click();
    const dialog = page.getByRole('dialog', { name: 'Block this username' });
    expect(await dialog.textContent()).toContain('1 live certificate, to be revoked for good');
    expect(await dialog.textContent()).toContain('1 waiting request, to be cancelled');
    await dialog.getByLabel('Comment').fill(hostileWords.script);
    await button(page, 'Block now').click();
    await region(page, 'Blocked').getByText(hostileWords.script).waitFor();
    const answer = await console.service.as('petra')('get', '/v1/identities/blocked-jane').expect(200);
    const [exposure] = (answer.body as { residualExposure: { continues: string[] }[] }).residualExposure;
    const still = await region(page, 'Still works').textContent();
    expect(still?.toLowerCase()).toContain(exposure?.continues[0]);
    await page.getByText('Blocked: blocked-jane. 1 certificate still works until').waitFor();
    // It is revoked, so it is not live, although it works.
    await page.locator('figure', { hasText: '0 live now' }).getByText('1 revoked, still works until').waitFor();
    await button(page, 'Unblock').click();
    await button(page, 'Unblock now').click();
    await button(page, 'Block').waitFor();
    expect(await region(page, 'Blocked').count()).toBe(0);
  });

  it('revokes a certificate of the requester, says what goes on, and offers it no more', async () => {
    const fingerprint = await issue(console.service, 'revoked-jane');
    const page = await console.visit('alice', '/console/certificates?username=revoked-jane');
    await page.getByRole('table', { name: 'Certificates' }).getByRole('link', { name: 'revoked-jane' }).click();
    await page.getByRole('heading', { level: 1, name: 'Certificate of revoked-jane on demo' }).waitFor();
    await region(page, 'Text').getByText('Subject: O=team-a, CN=revoked-jane').waitFor();
    await expect.poll(() => region(page, 'Request').textContent()).toContain('Requesteralice');
    const renew = page.getByRole('link', { name: 'Renew' });
    expect(await renew.getAttribute('href')).toBe(`/console/ask?renewalOf=${fingerprint}`);
    await button(page, 'Revoke').click();
    await page.getByLabel('Reason').selectOption('keyCompromise');
    await page.getByLabel('Comment').fill(hostileWords.image);
    await button(page, 'Revoke now').click();
    await region(page, 'Revoked').getByText('Key compromise').waitFor();
    await region(page, 'Still works').getByText('Everything, until the certificate expires').waitFor();
    expect(await page.title()).not.toContain('taken');
    expect([await button(page, 'Revoke').count(), await renew.count()]).toEqual([0, 0]);
  });

  it('shows the line of renewals', async () => {
    const first = await issue(console.service, 'renewed-jane');
    const answer = await console.service.as('alice')('post', `/v1/certificates/${first}/renew`).send({}).expect(201);
    const second = as.kubeconfig(answer).certificate.fingerprintSha256;
    const page = await console.visit('audrey', `/console/certificates/${first}`);
    await region(page, 'Lineage')
      .getByRole('link', { name: second.slice(0, 16) })
      .click();
    await region(page, 'Lineage')
      .getByRole('link', { name: first.slice(0, 16) })
      .waitFor();
  });

  it('is usable with assistive technology and on a phone, and prints without what does nothing on paper', async () => {
    const fingerprint = await issue(console.service, `w${'W'.repeat(60)}`);
    await block(console.service, 'axe-mallory', hostileWords.wide);
    const page = await console.visit('root', '/console/certificates');
    for (const [path, scheme, text] of [
      ['/console/identities?usernamePrefix=w', 'light', 'live now'],
      ['/console/identities?usernamePrefix=w&view=table', 'dark', 'team-a'],
      ['/console/identities/axe-mallory', 'light', 'it is unblocked'],
      [`/console/certificates/${fingerprint}`, 'dark', 'Subject Public Key Info'],
      ['/console/certificates', 'light', 'team-a'],
    ] as const) {
      await page.emulateMedia({ media: 'screen', colorScheme: scheme });
      await page.goto(path);
      await page.getByText(text).first().waitFor();
      await page.setViewportSize({ width: 320, height: 640 });
      expect([path, await beyondWindow(page)]).toEqual([path, 0]);
      await page.setViewportSize({ width: scheme === 'dark' ? 360 : 1280, height: 800 });
      expect([path, await axeFindings(page)]).toEqual([path, []]);
      await page.emulateMedia({ media: 'print' });
      expect([path, await page.getByRole('button').count()]).toEqual([path, 0]);
      expect([path, await page.getByRole('navigation', { name: 'Console' }).count()]).toEqual([path, 0]);
    }
  });
});

/** Records the certificate again under `count` other usernames, which begin with `many-`. */
const recordMany = (service: TestService, fingerprint: string, count: number): Promise<void> =>
  service.execute(`
    WITH RECURSIVE "numbers"("i") AS (SELECT 10000 UNION ALL SELECT "i" + 1 FROM "numbers" WHERE "i" < ${9999 + count})
    INSERT INTO "CertificateRecord" ("fingerprintSha256", "serialNumber", "username", ${copied})
    SELECT randomblob(32), randomblob(16), 'many-' || "i", ${copied} FROM "CertificateRecord", "numbers"
    WHERE "fingerprintSha256" = x'${fingerprint}'`);
const copied = ['issuerSha256', 'subject', 'groups', 'notBefore', 'notAfter', 'publicKeyAlgorithm', 'spkiSha256']
  .concat('cluster', 'requestN', 'requesterName', 'collector', 'der', 'orphan', 'issuedAt')
  .map((name) => `"${name}"`)
  .join(', ');

/** How long a frame takes while the wheel zooms, in the median, in milliseconds. */
const medianFrameOfZooms = (page: Page): Promise<number> =>
  page.evaluate(`(async () => {
    const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
    const grid = document.querySelector('[role=grid]');
    const times = [];
    await frame();
    for (let i = 0; i < 30; i += 1) {
      const begun = performance.now();
      const deltaY = i < 15 ? -1 : 1;
      grid.dispatchEvent(new WheelEvent('wheel', { deltaY, ctrlKey: true, clientX: 800, bubbles: true, cancelable: true }));
      await frame();
      times.push(performance.now() - begun);
    }
    return times.sort((a, b) => a - b)[15];
  })()`);
