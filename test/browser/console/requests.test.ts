// Tests packages/console/src/pages/requests/, packages/console/src/parts/results.tsx
import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { as } from '../../http/support/call.js';
import { chromiumPath } from '../chromium.js';
import { approve, ask, consolePolicies, deny, hostileWords, tokenFor } from './seeds.js';
import { axeFindings, beyondWindow, useConsole } from './support.js';

/** Links and buttons of the page that are lower than 44 pixels, links inside a sentence excepted. */
const tooSmallForFingers = (page: Page): Promise<readonly string[]> =>
  page.evaluate(`[...document.querySelectorAll('main :is(a, button, summary)')]
    .filter((element) => element.checkVisibility() && element.closest('p:not(.chips, .buttons)') === null)
    .filter((element) => element.getBoundingClientRect().height < 43.5)
    .map((element) => element.outerHTML)`);

describe.skipIf(chromiumPath === undefined)('requests in the console', () => {
  const tried = useConsole({ policies: consolePolicies });

  const region = (page: Page, name: string) => page.getByRole('region', { name });
  const button = (page: Page, name: string) => page.getByRole('button', { name, exact: true });
  const heading = (page: Page) => page.getByRole('heading', { level: 1 });
  const shown = async (id: string) =>
    as.request(await tried.service.as('root')('get', `/v1/certificate-requests/${id}`).expect(200));
  const review = (id: string) => `/console/requests/${id}`;
  /** A person of this file alone, so that nothing waits for them that another test made. */
  const person = async (name: string, groups: readonly string[], roles = ['approver']) => ({
    token: await tokenFor(tried.service, name, { roles, groups }),
  });
  /** Two team leads, then security. */
  const production = { groups: ['prod-eu'], reason: 'INC-4711: payment retries pile up', labels: { team: 'payments' } };

  it('lets an approver find, open and approve with a comment by keys alone, and opens the next', async () => {
    const { service, visit } = tried;
    const lena = await person('lena', ['team-leads']);
    const [older, newer] = [await ask(service, production), await ask(service, { ...production, username: 'max' })];
    const page = await visit(lena, '/console/requests');
    await page.getByRole('link', { name: 'max' }).waitFor();
    const waiting = await page.getByRole('row').count();
    await page.keyboard.press('j');
    await page.keyboard.press('Enter');
    await expect.poll(() => heading(page).innerText()).toBe('max for 12 hours on demo');
    await page.getByText(/^1 of \d that wait for you/).waitFor();

    await page.keyboard.press('a');
    expect(await page.evaluate('document.activeElement.id')).toBe('comment');
    await page.keyboard.type('agreed: j k d');
    expect((await shown(newer)).approvals).toEqual([]);
    await page.keyboard.press('Control+Enter');
    await expect.poll(() => heading(page).innerText()).toBe('jane for 12 hours on demo');
    expect(page.url()).toMatch(older);
    // What was done is said in the words of its result, and what is other than in the request before.
    const notice = page.getByRole('status', { name: 'What was done' });
    await notice
      .getByText('Approved: max, 12 hours on demo. One more from team-leads, then one from security.')
      .waitFor();
    expect(await notice.getByRole('link', { name: 'View' }).getAttribute('href')).toBe(review(newer));
    expect(await page.locator('.compared').innerText()).toBe('Unlike the last one: username (was max)');
    expect(await page.locator('main mark').allInnerTexts()).toEqual(['jane']);
    expect(await axeFindings(page)).toEqual([]);
    expect((await shown(newer)).approvals).toMatchObject([{ principal: 'lena', comment: 'agreed: j k d' }]);
    expect(await page.evaluate('document.activeElement.tagName')).toBe('H1');
    await expect.poll(() => page.title()).toBe(`(${waiting - 2}) jane for 12 hours on demo – kubepass`);

    await page.keyboard.press('d');
    await page.getByRole('textbox', { name: 'Comment' }).fill('not today');
    await page.keyboard.press('Escape');
    await button(page, 'Deny').waitFor();
    expect((await shown(older)).state).toBe('pending');
    await page.keyboard.press('Escape');
    await expect.poll(() => page.url()).toMatch(/\/console\/requests$/);
    await page.getByRole('link', { name: 'Decided by me' }).click();
    await page.getByRole('link', { name: 'max' }).click();
    await region(page, 'Approvals').getByText('agreed: j k d').waitFor();
  });

  it('says what was done until ten seconds after somebody has used the page', async () => {
    const { service, visit } = tried;
    const id = await ask(service, { ...production, username: 'noticed' });
    const page = await visit(await person('nina', ['team-leads']), review(id));
    const notice = page.getByText('Denied: noticed, 12 hours on demo. No certificate is issued.');
    await button(page, 'Deny').click();
    await page.clock.install();
    await button(page, 'Deny now').click();
    await notice.waitFor();
    await page.clock.fastForward('05:00');
    expect(await notice.count()).toBe(1);
    await page.mouse.move(300, 300);
    await page.clock.fastForward('00:09');
    expect(await notice.count()).toBe(1);
    await page.clock.fastForward('00:02');
    await expect.poll(() => notice.count()).toBe(0);
  });

  it('says in the words of the API why somebody does not decide, has no form for them, and records nothing', async () => {
    const { service, visit } = tried;
    const lars = await person('lars', ['team-leads']);
    const sam = await person('sam', ['security']);
    const both = await person('carla', ['team-leads'], ['requester', 'approver']);
    const id = await ask(service, production, service.withToken(both.token));
    await approve(service, id, service.withToken(lars.token));

    const own = await visit(both, review(id));
    await own.getByRole('heading', { name: 'Not your decision' }).waitFor();
    await own.getByText('The requester does not decide on their own request.').waitFor();
    await region(own, 'Approvals').getByText('anyone in security').waitFor();
    await button(own, 'Cancel this request').waitFor();
    expect(await own.getByRole('textbox').count()).toBe(0);

    const later = await visit(sam, review(id));
    const decision = region(later, 'Your decision');
    await decision.getByText('it is the turn of stage 1 of 2').waitFor();
    expect(await decision.getByRole('button').allInnerTexts()).toEqual([expect.stringMatching(/^Deny/)]);
    await later.keyboard.press('a');
    expect(await later.evaluate('document.activeElement.id')).not.toBe('comment');

    const reader = await visit('audrey', review(id));
    await region(reader, 'Approvals').getByText('1 of 2').waitFor();
    expect(await reader.getByText(/your decision/i).count()).toBe(0);

    // The second team lead completes the first stage, so that it is the turn of the second one, whose page is open.
    const second = await visit(await person('ann', ['team-leads']), review(id));
    await button(second, 'Approve').click();
    await button(second, 'Approve now').click();
    await button(later, 'Approve').click();
    await later.getByRole('textbox', { name: 'Comment' }).fill('security agrees');
    await button(later, 'Approve now').click();
    await region(own, 'Approvals').getByText('security agrees').waitFor();
    await button(own, 'Get the kubeconfig').waitFor();
    const refused = await service.as('root')('get', '/v1/audit-events?type=DecisionRefused').expect(200);
    expect(as.events(refused).items).toEqual([]);
  });

  it('shows within three seconds what others do, without a reload, and moves nothing under the pointer', async () => {
    const { service, visit } = tried;
    const took: number[] = [];
    /** Waits for what somebody has just brought about, as long as a busy machine takes. */
    const seen = async (what: Promise<unknown>) => {
      const since = performance.now();
      await what;
      took.push(performance.now() - since);
    };
    const id = await ask(service, { username: 'first', groups: ['ops-eu'] });
    const queue = await visit('bob', '/console/requests?view=waiting');
    const first = queue.getByRole('row', { name: /first/ });
    const second = queue.getByRole('row', { name: /second/ });
    await first.hover();
    const before = await first.boundingBox();
    const count = Number(/^\((\d+)\)/.exec(await queue.title())?.[1]);
    const other = await ask(service, { username: 'second', groups: ['ops-eu'] });
    await seen(second.waitFor());
    await expect.poll(() => queue.title()).toBe(`(${count + 1}) Requests – kubepass`);
    await queue.getByText('1 request came into this list.').waitFor();
    await deny(service, other, 'root');
    await seen(second.getByText('no longer in this list').waitFor());
    expect((await first.boundingBox())?.y).toBe(before?.y);
    await queue.mouse.move(0, 0);
    await expect.poll(() => second.count()).toBe(0);

    const asked = await visit('alice', review(id));
    await region(asked, 'Approvals').waitFor();
    expect(await button(asked, 'Get the kubeconfig').count()).toBe(0);
    const opened = await visit('root', review(id));
    await button(opened, 'Approve').waitFor();
    await approve(service, id, 'bob', 'go on');
    await seen(
      Promise.all([
        region(opened, 'Approvals').getByText('go on').waitFor(),
        opened.getByRole('heading', { name: 'Not your decision' }).waitFor(),
        button(asked, 'Get the kubeconfig').waitFor(),
      ]),
    );
    const median = took.sort((a, b) => a - b)[1];
    expect(median).toBeLessThan(3_000);
  });

  it('shows text of others as text, inside its place, and asks nothing twice', async () => {
    const { service, visit } = tried;
    const { image, script, direction, wide } = hostileWords;
    const labels = { image };
    const id = await ask(service, { username: 'hostile', reason: `${image} ${script} ${direction}`, labels });
    const long = await ask(service, { username: 'x'.repeat(64), reason: wide, groups: [`ops-${'y'.repeat(60)}`] });
    await approve(service, long, 'bob', `${direction}${wide}`.slice(0, 1024));
    const page = await visit('bob', review(id), { width: 320, height: 700, touch: true });
    await page.getByRole('blockquote').getByText(script).waitFor();
    expect(await beyondWindow(page)).toBe(0);
    expect(await page.locator('main :is(img, script)').count()).toBe(0);
    expect(await page.title()).toContain('hostile for');
    const bar = await region(page, 'Your decision').boundingBox();
    expect((bar?.y ?? 0) + (bar?.height ?? 0)).toBeGreaterThan(650);
    for (const path of [review(long), '/console/requests?view=all']) {
      await page.goto(path);
      await page.getByText('WWWW').first().waitFor();
      expect(await page.locator('q', { hasNot: page.locator('bdi') }).count()).toBe(0);
      expect(await beyondWindow(page)).toBe(0);
      expect(await tooSmallForFingers(page)).toEqual([]);
    }
    expect(await page.title()).not.toContain('taken');
  });

  it('ends a request that its requester takes back, after saying what ends', async () => {
    const { service, visit } = tried;
    const id = await ask(service, { username: 'back' });
    const page = await visit('alice', '/console/requests?view=mine');
    await page.getByRole('link', { name: 'back' }).click();
    await button(page, 'Cancel this request').click();
    await page.getByRole('dialog').getByText('The request of back on demo ends').waitFor();
    await button(page, 'Cancel now').click();
    await page.getByText('cancelled', { exact: true }).waitFor();
    expect((await shown(id)).state).toBe('cancelled');
    expect(await button(page, 'Cancel this request').count()).toBe(0);
    await page.goto('/console/requests?view=mine&usernamePrefix=nobody-has-this');
    await page.getByText('Nothing matches these filters.').waitFor();
    await page.goBack();
    await page.getByText('back for', { exact: false }).first().waitFor();
  });

  it('is found faultless by axe, and prints what is folded without what only a screen can do', async () => {
    const { service, visit } = tried;
    const lena = await person('ada', ['team-leads']);
    const id = await ask(service, production);
    await approve(service, id, service.withToken((await person('abe', ['team-leads'])).token), 'yes');
    for (const [width, scheme] of [
      [1280, 'light'],
      [360, 'dark'],
    ] as const) {
      const page = await visit(lena, review(id), { width, scheme });
      await region(page, 'Your decision').waitFor();
      await page.getByText(/^All \d checks pass$/).click();
      await page.getByText('at most 12 hours').waitFor();
      expect(await page.getByText('constraints.').count()).toBe(0);
      expect(await axeFindings(page)).toEqual([]);
      await button(page, 'Approve').click();
      // Elsewhere the bar of the decision may lie over half of a link, which scrolls away.
      await page.evaluate('scrollTo(0, document.body.scrollHeight)');
      expect(await axeFindings(page)).toEqual([]);
      if (width === 1280) {
        await page.emulateMedia({ media: 'print' });
        expect(await page.getByRole('button').or(page.getByRole('navigation')).count()).toBe(0);
        await page.getByText('built-in/system-names').waitFor({ state: 'visible' });
        await page.emulateMedia({ media: 'screen' });
      }
      await page.goto('/console/requests?view=all');
      await page.getByRole('table', { name: 'All' }).waitFor();
      expect(await axeFindings(page)).toEqual([]);
    }
  });
});
