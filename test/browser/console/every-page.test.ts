// Tests packages/console/src/app.tsx, packages/console/src/main.tsx, packages/console/src/pages/not-found.tsx,
// packages/console/src/pages/beyond.tsx, packages/console/src/frame/
import type { Page, Request } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { chromiumPath } from '../chromium.js';
import { approve, ask, block, consolePolicies, deny, hostileWords, issue } from './seeds.js';
import { overflowing } from '../page-checks.js';
import { axeFindings, useConsole } from './support.js';

describe.skipIf(chromiumPath === undefined)('every page of the console', () => {
  const opened = useConsole({ policies: consolePolicies });

  /** Fills every list, partly with texts that would break out of their place. Answers the addresses of pages. */
  async function addresses(): Promise<readonly string[]> {
    const { service } = opened;
    const written = Object.values(hostileWords);
    const pending = await ask(service, {
      username: 'jane@corp.example',
      groups: ['ops-eu', 'ops-very-long-name-of-a-group-that-somebody-has-made'],
      reason: written.join(' ').slice(0, 1024),
      labels: { incident: 'inc-4711', team: 'payments' },
    });
    for (const reason of written) await ask(service, { username: 'mallory', reason });
    await approve(service, await ask(service, { username: 'approved' }), 'bob', written[0]);
    await deny(service, await ask(service, { username: 'denied' }), 'bob', written[3]);
    const fingerprint = await issue(service, 'jane@corp.example');
    await issue(service, 'blocked-one');
    await block(service, 'blocked-one', written[3]);
    return [
      ...['', 'requests?view=waiting', 'requests?view=all', `requests/${pending}`, 'ask'],
      ...['identities', 'identities?view=table', 'identities/blocked-one'],
      ...['certificates', `certificates/${fingerprint}`, 'inspect'],
      ...['policies', 'policies/production', 'policies/draft', 'clusters', 'clusters/demo', 'audit', 'directory'],
      ...['webhooks', 'me', 'tokens', 'sessions', 'signed-in', 'nothing', 'clusters/none', 'requests/none'],
    ];
  }

  let found: Promise<readonly string[]> | undefined;
  const filled = () => (found ??= addresses());

  it('has nothing that axe finds, one heading, a title of its own, and no sideways scroll', async () => {
    const paths = await filled();
    const page = await opened.visit('root', '/console/me');
    const settled = readsOf(page);
    const faults: Record<string, readonly string[]> = {};
    const titles: string[] = [];
    for (const path of paths) {
      await page.goto(`/console/${path}`);
      await page.getByRole('heading', { level: 1 }).waitFor();
      await settled();
      const some = [...(await wrongIn(page)), ...(await unseenFocus(page))];
      if (some.length > 0) faults[path] = some;
      titles.push((await page.title()).replace(/^\(\d+\) /, ''));
    }
    expect(faults).toEqual({});
    for (const title of titles) expect(title).toMatch(/^\S.* – kubepass$/);
    // The views of requests and of identities have the title of their page, and so has whatever is not found.
    expect(new Set(titles).size).toBeGreaterThanOrEqual(paths.length - 3);
  });

  it.each([
    ['alice', []],
    ['bob', []],
    ['petra', ['identities', 'identities?view=table', 'identities/blocked-one', 'directory']],
    ['audrey', ['identities', 'identities?view=table', 'identities/blocked-one', 'audit', 'directory']],
  ] as const)('leads %s to no page that is not for them', { timeout: 120_000 }, async (who, more) => {
    const some = await filled();
    const review = some.find((path) => path.startsWith('requests/')) ?? '';
    const page = await opened.visit(who, '/console/me');
    const settled = readsOf(page);
    /** One link of each kind on each page, and where it stands. */
    const links = new Map<string, string>();
    const nobodys = 'username=nobody&usernamePrefix=nobody&group=nobody';
    const everybodys = ['requests?view=all', review, 'certificates', 'policies', 'clusters', 'clusters/demo', 'me'];
    for (const path of [...everybodys, ...more, `certificates?${nobodys}`, `requests?view=open&${nobodys}`]) {
      await page.goto(`/console/${path}`);
      await settled();
      for (const href of await page.evaluate<string[]>(consoleLinks)) {
        const kind = `${href.replace(/[^/]*$/, '')} on ${path}`;
        if (![...links.values()].includes(kind)) links.set(href, kind);
      }
    }
    expect(links.size).toBeGreaterThan(5);
    const wrong: string[] = [];
    for (const [href, kind] of links) {
      await page.goto(href);
      await page.getByRole('heading', { level: 1 }).waitFor();
      await settled();
      const isRefused = await page.getByText('You cannot open this page').or(page.getByRole('alert')).count();
      if (isRefused > 0) wrong.push(`${href} as ${kind}`);
    }
    expect(wrong).toEqual([]);
  });

  it('has a sign-in without a finding', async () => {
    const page = await opened.visit(null, '/console/sign-in');
    expect([...(await wrongIn(page)), ...(await unseenFocus(page))]).toEqual([]);
  });
});

const consoleLinks =
  '[...document.querySelectorAll(\'main a[href^="/console/"]\')].map((one) => one.getAttribute("href"))';

/** Answers a wait until the page has read everything; the call that waits for changes stays. */
function readsOf(page: Page): () => Promise<void> {
  const open = new Set<Request>();
  page.on('request', (request) => request.url().includes('/v1/changes?') || open.add(request));
  const close = (request: Request) => open.delete(request);
  page.on('requestfinished', close).on('requestfailed', close);
  return async () => {
    let quiet = 0;
    await expect.poll(() => (quiet = open.size === 0 ? quiet + 1 : 0), { interval: 40 }).toBeGreaterThan(2);
  };
}

/** Findings on a wide window in the light, and on a phone in the dark. */
async function wrongIn(page: Page): Promise<readonly string[]> {
  await page.setViewportSize({ width: 1280, height: 900 });
  const found = [...(await axeFindings(page))];
  await page.emulateMedia({ colorScheme: 'dark' });
  await page.setViewportSize({ width: 360, height: 800 });
  found.push(...(await axeFindings(page)));
  await page.emulateMedia({ colorScheme: 'light' });
  await page.setViewportSize({ width: 320, height: 800 });
  found.push(...(await overflowing(page)), ...(await smallForFingers(page)));
  if ((await page.getByRole('heading', { level: 1 }).count()) !== 1) found.push('has not one heading');
  return found;
}

/** Whatever a finger may miss: under 44 px, and no link within a text. A bar is drawn as a link for a mouse alone. */
async function smallForFingers(page: Page): Promise<readonly string[]> {
  const devtools = await page.context().newCDPSession(page);
  await devtools.send('Emulation.setTouchEmulationEnabled', { enabled: true });
  const found: readonly string[] = await page.evaluate(`matchMedia('(pointer: coarse)').matches
    ? [...document.querySelectorAll('a[href]:not(.bar), button, input, select, textarea, summary')].flatMap((one) => {
      const { width, height } = (one.closest('label') ?? one).getBoundingClientRect();
      const isText = one.localName === 'a' && getComputedStyle(one).display === 'inline';
      if (isText || width <= 1 || !one.checkVisibility() || (width >= 43.9 && height >= 43.9)) return [];
      return ['small: ' + [width, height].map(Math.round).join(' x ') + ' ' + one.outerHTML.slice(0, 200)];
    })
    : ['has no finger']`);
  await devtools.send('Emulation.setTouchEmulationEnabled', { enabled: false });
  await devtools.detach();
  return found;
}

/** Whatever gets the focus without looking different. */
const unseenFocus = (page: Page): Promise<readonly string[]> =>
  page.evaluate(`[...document.querySelectorAll('a, button, input, select, textarea, summary')].flatMap((one) => {
    one.focus({ focusVisible: true });
    const { outlineStyle } = getComputedStyle(one);
    return document.activeElement === one && outlineStyle === 'none' ? ['focus: ' + one.outerHTML.slice(0, 200)] : [];
  })`);
