// Tests packages/console/src/pages/audit/
import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { chromiumPath } from '../chromium.js';
import { approve, ask, consolePolicies, hostileWords, tokenFor } from './seeds.js';
import { axeFindings, beyondWindow, useConsole } from './support.js';

describe.skipIf(chromiumPath === undefined)('the audit log in the console', () => {
  const opened = useConsole({ policies: consolePolicies });

  it('shows the newest event first, opens one in place, and reads on', async () => {
    for (let i = 0; i < 102; i += 1)
      await opened.service
        .as('alice')('post', '/v1/policies/evaluate')
        .send({ username: `jane-${i}`, groups: ['team-a'] })
        .expect(200);
    const id = await ask(opened.service, { username: 'newest', reason: 'INC-4711' });
    const page = await opened.visit('audrey', '/console/audit?cluster=demo');
    const rows = page.getByRole('table', { name: 'Events' }).getByRole('row');
    await rows.nth(1).getByRole('button', { name: 'Certificate requested' }).click();
    await rows.nth(2).getByText('INC-4711').waitFor();
    expect(await rows.nth(2).innerText()).toContain('CertificateRequested');
    expect(await rows.nth(1).getByRole('link', { name: 'request' }).getAttribute('href')).toContain(id);
    expect(await rows.count()).toBe(102);
    await page.getByRole('button', { name: 'More events' }).click();
    await page.getByText('jane-0', { exact: true }).waitFor();

    for (const key of ['j', 'j', 'Enter']) await page.keyboard.press(key);
    await rows.nth(3).getByText('PolicyEvaluated').waitFor();
  });

  it('follows: an event is there within three seconds, and waits while somebody reads', async () => {
    const page = await opened.visit('audrey', '/console/audit?type=CertificateRequested');
    await page.getByRole('switch', { name: 'Follow' }).check();
    const table = page.getByRole('table', { name: 'Events' });
    await table.getByText('newest').waitFor();
    await ask(opened.service, { username: 'followed' });
    await table.getByText('followed').waitFor({ timeout: 3_000 });

    const first = table.getByRole('row').nth(1);
    await first.getByRole('button').click();
    await ask(opened.service, { username: 'held-back' });
    const show = page.getByRole('button', { name: 'Show 1 newer event' });
    await show.waitFor({ timeout: 3_000 });
    expect(await first.innerText()).toContain('followed');
    await show.click();
    await first.getByText('held-back').waitFor();
    await page.reload();
    await first.getByText('held-back').waitFor();
    expect(await page.getByRole('switch', { name: 'Follow' }).isChecked()).toBe(true);
  });

  it('has its filters in the address, and says what is wrong with one, and that nothing fits', async () => {
    const id = await ask(opened.service, { username: 'filtered' });
    await approve(opened.service, id, 'bob', 'as agreed');
    const page = await opened.visit('audrey', `/console/audit?requestId=${id}`);
    const table = page.getByRole('table', { name: 'Events' });
    await table.getByText('Request approved').waitFor();
    expect(await table.getByRole('row').count()).toBe(3);
    await page.getByLabel('Principal').fill('bob');
    await page.getByLabel('Principal').press('Enter');
    await expect.poll(() => table.getByRole('row').count()).toBe(2);
    expect(page.url()).toContain(`requestId=${id}&principal=bob`);
    await page.getByLabel('Type').selectOption('Certificate requested');
    await page.getByText('Nothing matches these filters.').waitFor();
    await page.goBack();
    await table.getByText('Request approved').waitFor();

    await page.goto('/console/audit?fingerprintSha256=nonsense');
    await page.getByRole('alert').getByText('Request id').waitFor();
    await page.goto(`/console/audit?before=2020-01-01T00:00:00.000Z`);
    await page.getByText('Nothing matches these filters.').waitFor();
    expect(await page.getByLabel('Before').inputValue()).toContain('20');
  });

  it('checks the chain, gives its checkpoint as a file, and says where the chain is broken', async () => {
    const page = await opened.visit('audrey', '/console/audit');
    await page.getByRole('button', { name: 'Check the chain' }).click();
    await page.getByRole('status').getByText('The chain is intact').waitFor();
    const download = page.waitForEvent('download');
    await page.getByRole('link', { name: 'Checkpoint' }).click();
    expect(await readFile(await (await download).path(), 'utf8')).toMatch(/^kubepass\/\S+\n\d+\n/);

    const broken = { valid: false, events: 6, archivedEvents: 0, head: '0'.repeat(64), firstInvalidSeq: 7 };
    await page.route('**/v1/audit-events/verification', (route) => route.fulfill({ json: broken }));
    await page.getByRole('button', { name: 'Check the chain' }).click();
    await page.getByRole('status').getByText('The chain is broken at event 7').waitFor();
  });

  it('shows hostile words as text and inside their place, prints details without buttons, and axe finds nothing', async () => {
    for (const reason of Object.values(hostileWords)) await ask(opened.service, { username: 'mallory', reason });
    const token = await tokenFor(opened.service, 'W'.repeat(64), { roles: ['auditor'] });
    for (const options of [{ width: 320 }, { scheme: 'dark' }] as const) {
      const page = await opened.visit({ token }, '/console/audit?type=CertificateRequested', options);
      const buttons = page.getByRole('table', { name: 'Events' }).getByRole('button');
      for (let i = 0; i < 4; i += 1) {
        await buttons.nth(i).click();
        await expect.poll(() => beyondWindow(page)).toBe(0);
      }
      expect(await page.title()).toBe('Audit – kubepass');
      expect(await axeFindings(page)).toEqual([]);
      await page.emulateMedia({ media: 'print' });
      await page.getByText(hostileWords.script).waitFor();
      await page.getByText('INC-4711').waitFor();
      expect(await page.getByRole('button').count()).toBe(0);
    }
  });
});
