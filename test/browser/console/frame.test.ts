// Tests packages/console/src/frame/, packages/console/src/service/, packages/console/src/pages/home/
import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { chromiumPath } from '../chromium.js';
import { approve, ask, cancel, issue } from './seeds.js';
import { axeFindings, beyondWindow, picture, useConsole } from './support.js';

const navigation = (page: Page) => page.getByRole('navigation', { name: 'Console' });
const heading = (page: Page, name: string | RegExp) => page.getByRole('heading', { level: 1, name });
const pathOf = (page: Page) => page.url().replace(/^https?:\/\/[^/]+/, '');
const focused = (page: Page) => page.evaluate<string>('document.activeElement.textContent');

describe.skipIf(chromiumPath === undefined)('the frame of the console', () => {
  const opened = useConsole();

  it.each([
    ['alice', ['Requests', 'Ask', 'Certificates', 'Policies', 'Clusters', 'Inspect']],
    ['bob', ['Requests', 'Certificates', 'Policies', 'Clusters', 'Inspect']],
    [
      'audrey',
      ['Requests', 'Identities', 'Certificates', 'Policies', 'Clusters', 'Audit', 'Inspect', 'Directory', 'Webhooks'],
    ],
  ] as const)('begins for %s at home, and offers what they may open', async (who, names) => {
    const page = await opened.visit(who, '/console/');
    await heading(page, 'Home').waitFor();
    const links = await navigation(page).getByRole('link').allInnerTexts();
    expect(links.slice(1, -1).map((text) => text.split('\n')[0])).toEqual(['Home', ...names]);
    expect(await navigation(page).locator('[aria-current=page]').allInnerTexts()).toEqual(['Home']);
    await navigation(page).getByRole('link', { name: 'Certificates' }).click();
    await heading(page, 'Certificates').waitFor();
    await expect.poll(() => navigation(page).locator('[aria-current=page]').allInnerTexts()).toEqual(['Certificates']);
  });

  it('has at home a number with a link for whatever waits, and nothing that is fine', async () => {
    const { service } = opened;
    const page = await opened.visit('root', '/console/');
    const needed = page.getByRole('region', { name: 'What needs you' });
    const [waiting, approved] = [await ask(service, { username: 'waits' }), await ask(service, { username: 'ready' })];
    await approve(service, approved);
    await issue(service, 'ends-soon');
    await needed.getByRole('link', { name: '1 request to decide' }).waitFor();
    await needed.getByRole('link', { name: /^\d certificates? ending within a day$/ }).click();
    await page.getByRole('link', { name: 'ends-soon' }).waitFor();
    await cancel(service, waiting);

    const alice = await opened.visit('alice', '/console/');
    await alice.getByRole('link', { name: '1 kubeconfig to collect' }).waitFor();
    expect(await alice.getByText('still has access').count()).toBe(0);
    await cancel(service, approved);
    await alice.getByRole('link', { name: '1 kubeconfig to collect' }).waitFor({ state: 'detached' });
    const bob = await opened.visit('bob', '/console/', { width: 360, scheme: 'dark' });
    await bob.getByText('Nothing needs you now.').waitFor();
    expect([await beyondWindow(bob), await axeFindings(bob), await axeFindings(page)]).toEqual([0, [], []]);
  });

  it('says at home that the database was restored, until an admin has acknowledged that', async () => {
    const page = await opened.visit('root', '/console/me');
    let restored = true;
    await page.route('**/readyz?*', (route) =>
      route.fulfill({ json: { status: 'ok', restored, notes: ['it may lack the last minutes'], components: [] } }),
    );
    await page.route('**/v1/restored/acknowledge', (route) => {
      restored = false;
      return route.fulfill({ json: { restored } });
    });
    await page.goto('/console/');
    const card = page.getByRole('region', { name: 'The database was restored from a backup' });
    await card.getByText('It may lack the last minutes.').waitFor();
    await card.getByRole('button', { name: 'Acknowledge' }).click();
    await card.waitFor({ state: 'detached' });
    await page.getByText('Acknowledged: the database was restored from a backup.').waitFor();
  });

  it('says which role an address takes, and that there is no such page', async () => {
    const page = await opened.visit('bob', '/console/audit');
    await heading(page, 'You cannot open this page').waitFor();
    await page.getByText('Reading the audit log takes the role auditor or admin.').waitFor();
    expect(await page.title()).toBe('You cannot open this page – kubepass');
    await page.goto('/console/policies/a/b');
    await heading(page, 'No such page').waitFor();
  });

  it('counts what waits in the navigation and in every title, within seconds and without a reload', async () => {
    const page = await opened.visit('bob', '/console/clusters');
    expect(await page.title()).toBe('Clusters – kubepass');
    const id = await ask(opened.service);
    await expect.poll(() => page.title()).toBe('(1) Clusters – kubepass');
    expect(
      await navigation(page)
        .getByRole('link', { name: /^Requests/ })
        .innerText(),
    ).toContain('1');
    await approve(opened.service, id);
    await expect.poll(() => page.title()).toBe('Clusters – kubepass');
  });

  it('is used by keys, which do nothing in fields and can be switched off', async () => {
    const page = await opened.visit('audrey', '/console/clusters');
    const { keyboard } = page;
    await keyboard.type('ga');
    await heading(page, 'Audit').waitFor();
    await expect.poll(() => focused(page)).toBe('Audit');
    await keyboard.type('?');
    const help = page.getByRole('dialog', { name: 'Keys' });
    await help.getByText('approve').waitFor();
    expect(await axeFindings(page)).toEqual([]);
    await keyboard.press('Escape');
    await help.waitFor({ state: 'detached' });

    await page.getByLabel('Principal').focus();
    await keyboard.type('g?r');
    await keyboard.press('Control+k');
    expect(await page.getByLabel('Principal').inputValue()).toBe('g?r');
    expect([await page.getByRole('dialog').count(), pathOf(page)]).toEqual([0, '/console/audit']);

    await page.goto('/console/me');
    await page.getByRole('switch', { name: 'Single keys' }).click();
    await page.getByRole('switch', { name: 'Single keys' }).blur();
    await keyboard.type('?gr');
    expect([await page.getByRole('dialog').count(), pathOf(page)]).toEqual([0, '/console/me']);
    await page.reload();
    await page.getByRole('switch', { name: 'Single keys' }).click();
    await page.getByRole('switch', { name: 'Single keys' }).blur();
    await keyboard.type('gr');
    await heading(page, 'Requests').waitFor();
  });

  it('goes to pages, identities by their beginning, and to whatever has the id that was pasted', async () => {
    const fingerprint = await issue(opened.service, 'jane@corp.example');
    const page = await opened.visit('audrey', '/console/clusters');
    const dialog = page.getByRole('dialog', { name: 'Go to' });
    const field = dialog.getByRole('combobox');
    await page.keyboard.press('Control+k');
    await page.keyboard.type('aud');
    await page.keyboard.press('Enter');
    await heading(page, 'Audit').waitFor();
    expect(await dialog.count()).toBe(0);

    await page.keyboard.press('Control+k');
    await field.fill('jane@');
    await dialog.getByRole('option', { name: 'jane@corp.example' }).waitFor();
    expect(await axeFindings(page)).toEqual([]);
    await page.keyboard.press('ArrowUp');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await expect.poll(() => pathOf(page)).toBe('/console/identities/jane%40corp.example');

    await navigation(page).getByRole('button', { name: 'Go to' }).click();
    await field.fill(fingerprint.toUpperCase().replace(/..(?=.)/g, '$&:'));
    await dialog.getByRole('option').filter({ hasText: 'certificate' }).click();
    await expect.poll(() => pathOf(page)).toBe(`/console/certificates/${fingerprint}`);
    await page.keyboard.press('Escape');
    await expect.poll(() => pathOf(page)).toBe('/console/identities/jane%40corp.example');
  });

  it('shows the same after a reload, in a second tab, and when the reader goes back', async () => {
    const page = await opened.visit('audrey', '/console/audit?type=CertificateRequested');
    await navigation(page).getByRole('link', { name: 'Clusters' }).click();
    await heading(page, 'Clusters').waitFor();
    await expect.poll(() => focused(page)).toBe('Clusters');
    await page.goBack();
    await heading(page, 'Audit').waitFor();
    await expect.poll(() => focused(page)).toBe('Audit');
    expect(await page.getByLabel('Type').inputValue()).toBe('CertificateRequested');
    await page.reload();
    await expect.poll(() => page.getByLabel('Type').inputValue()).toBe('CertificateRequested');
    const second = await page.context().newPage();
    await second.goto(page.url());
    await expect.poll(() => second.getByLabel('Type').inputValue()).toBe('CertificateRequested');
  });

  it('begins with a link to the content', async () => {
    const page = await opened.visit('bob', '/console/clusters');
    await page.keyboard.press('Tab');
    expect(await focused(page)).toBe('Skip to the content');
    await page.keyboard.press('Enter');
    expect(await page.evaluate('document.activeElement.id')).toBe('main');
    await heading(page, 'Clusters').waitFor();
  });

  it('is behind one button on a phone, with names and targets for fingers', async () => {
    const page = await opened.visit('root', '/console/clusters', { width: 320, height: 700, touch: true });
    const menu = navigation(page).getByRole('button', { name: 'Menu' });
    expect(await navigation(page).getByRole('link').allInnerTexts()).toEqual(['kubepass']);
    await menu.click();
    expect(await menu.getAttribute('aria-expanded')).toBe('true');
    await picture(page, 'phone');
    expect(await beyondWindow(page)).toBe(0);
    expect(await axeFindings(page)).toEqual([]);
    const targets = await navigation(page).locator('a:visible, button:visible').all();
    expect(targets.length).toBeGreaterThan(10);
    for (const target of targets) {
      const box = await target.boundingBox();
      expect([box?.width, box?.height].every((size = 0) => size >= 44)).toBe(true);
    }
    await page.keyboard.press('Escape');
    expect(await menu.getAttribute('aria-expanded')).toBe('false');
    await menu.click();
    await navigation(page).getByRole('link', { name: 'API tokens' }).click();
    await heading(page, 'API tokens').waitFor();
    expect(await menu.getAttribute('aria-expanded')).toBe('false');
  });

  it('has the filters of a list behind one button on a phone, which says how many are set', async () => {
    const page = await opened.visit('audrey', '/console/audit?principal=nobody', { width: 360, touch: true });
    const button = page.getByRole('button', { name: 'Filters (1)' });
    await button.waitFor();
    expect(await page.getByLabel('Principal').isVisible()).toBe(false);
    await button.click();
    expect(await page.getByLabel('Principal').inputValue()).toBe('nobody');
    await page.getByLabel('Principal').fill('');
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'Filters', exact: true }).waitFor();
    expect([await beyondWindow(page), await axeFindings(page)]).toEqual([0, []]);
  });

  it('has the colours that the reader chose before anything is painted', async () => {
    const page = await opened.visit('bob', '/console/me', { tolerates: /main-.*\.js/ });
    await page.getByRole('radio', { name: 'Dark' }).click();
    const background = () => page.evaluate('getComputedStyle(document.body).backgroundColor');
    expect(await background()).toBe('rgb(15, 19, 25)');
    // Without the scripts of the page, which come later.
    await page.route('**/main-*.js', (route) => route.abort());
    await page.reload();
    expect(await background()).toBe('rgb(15, 19, 25)');
  });

  it('prints no navigation and no buttons, what was folded, the address, and instants with their zone', async () => {
    await issue(opened.service, 'printed');
    const page = await opened.visit('audrey', '/console/certificates', { timezone: 'Asia/Kolkata' });
    await page.getByText('printed').first().waitFor();
    await page.emulateMedia({ media: 'print' });
    expect(await navigation(page).count()).toBe(0);
    expect(await page.getByRole('button').count()).toBe(0);
    await page.getByText(`${opened.origin}/console/certificates`).waitFor();
    const zone = await page.evaluate("getComputedStyle(document.querySelector('time'), '::after').content");
    expect(zone).toContain('GMT+5:30');

    const id = await ask(opened.service, { username: 'printed' });
    await page.emulateMedia({ media: 'screen' });
    await page.goto(`/console/requests/${id}`);
    const folded = page.locator('details:not([open])');
    await folded.first().waitFor();
    await page.emulateMedia({ media: 'print' });
    await expect.poll(() => folded.count()).toBe(0);
    await page.emulateMedia({ media: 'screen' });
    await expect.poll(() => folded.count()).toBeGreaterThan(0);
    await cancel(opened.service, id);
  });

  it('stops reading after ten minutes without a key or pointer, says so, and goes on with the next', async () => {
    const page = await opened.visit('bob', '/console/clusters');
    await page.clock.install();
    await page.reload();
    await heading(page, 'Clusters').waitFor();
    await page.clock.fastForward('10:10');
    await page.getByText('Nobody has used this page for ten minutes').waitFor();
    const calls: string[] = [];
    page.on('request', (request) => calls.push(request.url()));
    await ask(opened.service);
    await page.clock.fastForward('02:00');
    expect(calls).toEqual([]);
    await page.mouse.move(300, 300);
    await expect.poll(() => page.title()).toBe('(1) Clusters – kubepass');
    expect(await page.getByText('Nobody has used this page').count()).toBe(0);
  });

  it('says when kubepass was updated meanwhile, and loses nothing that was typed', async () => {
    const page = await opened.visit('audrey', '/console/audit', { tolerates: /status of 404/ });
    await page.getByLabel('Principal').fill('typed');
    await page.route(/assets\/clusters-/, (route) => route.fulfill({ status: 404 }));
    await navigation(page).getByRole('link', { name: 'Clusters' }).click();
    await page.getByText('kubepass was updated').waitFor();
    expect(await page.getByLabel('Principal').inputValue()).toBe('typed');
    expect(new URL(page.url()).pathname).toBe('/console/audit');
    await picture(page, 'updated');
    await page.unroute(/assets\/clusters-/);
    await page.getByRole('button', { name: 'Reload' }).click();
    await heading(page, 'Clusters').waitFor();
  });
});
