import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { chromiumPath } from '../chromium.js';
import { approve, ask, block, consolePolicies, deny, hostileWords, issue } from './seeds.js';
import { axeFindings, beyondWindow, picture, useConsole } from './support.js';

/** Each list has something, and some of it is hostile. */
interface Seeds {
  readonly pending: string;
  readonly fingerprint: string;
}

const pages: Readonly<Record<string, (seeds: Seeds) => string>> = {
  requests: () => 'requests?view=all',
  request: ({ pending }) => `requests/${pending}`,
  ask: () => 'ask',
  timeline: () => 'identities',
  identities: () => 'identities?view=table',
  identity: () => 'identities/blocked-one',
  certificates: () => 'certificates',
  certificate: ({ fingerprint }) => `certificates/${fingerprint}`,
  inspect: () => 'inspect',
  policies: () => 'policies',
  policy: () => 'policies/production',
  draft: () => 'policies/draft',
  clusters: () => 'clusters',
  cluster: () => 'clusters/demo',
  audit: () => 'audit',
  directory: () => 'directory',
  webhooks: () => 'webhooks',
  me: () => 'me',
  tokens: () => 'tokens',
  sessions: () => 'sessions',
  'no such page': () => 'nothing',
};

const content = (page: Page) => page.getByText(/^Reading .* …$/);

describe.skipIf(chromiumPath === undefined)('every page of the console', () => {
  const opened = useConsole({ policies: consolePolicies });
  let seeds: Seeds | undefined;
  /** Made once, by the first test. */
  async function seeded(): Promise<Seeds> {
    if (seeds) return seeds;
    const { service } = opened;
    const written = Object.values(hostileWords);
    const pending = await ask(service, {
      username: 'jane@corp.example',
      groups: ['ops-eu', 'ops-very-long-name-of-a-group-that-somebody-has-made'],
      reason: `INC-4711: ${written.join(' ')}`.slice(0, 1024),
      labels: { incident: 'inc-4711', team: 'payments' },
    });
    for (const reason of written) await ask(service, { username: 'mallory', reason });
    await approve(service, await ask(service, { username: 'approved' }), 'bob', written[0]);
    await deny(service, await ask(service, { username: 'denied' }), 'bob', written[3]);
    const fingerprint = await issue(service, 'jane@corp.example');
    await issue(service, 'blocked-one');
    await block(service, 'blocked-one', written[3]);
    seeds = { pending, fingerprint };
    return seeds;
  }

  /** Axe wants the whole at each width and, for the contrast alone, in each scheme. */
  it.each(Object.keys(pages))(
    'has nothing that axe finds, one heading, a title and no sideways scroll: %s',
    async (name) => {
      const path = `/console/${pages[name]?.(await seeded())}`;
      const page = await opened.visit('root', path, { width: 1280 });
      await expect.poll(() => content(page).count()).toBe(0);
      const found = [...(await axeFindings(page))];
      await page.emulateMedia({ colorScheme: 'dark' });
      found.push(...(await axeFindings(page, ['color-contrast'])));
      await page.setViewportSize({ width: 360, height: 800 });
      found.push(...(await axeFindings(page)));
      await page.emulateMedia({ colorScheme: 'light' });
      found.push(...(await axeFindings(page, ['color-contrast'])));
      expect(found).toEqual([]);
      await page.setViewportSize({ width: 320, height: 800 });
      expect(await beyondWindow(page)).toBe(0);
      await picture(page, `320-${name}`);

      const h1 = page.getByRole('heading', { level: 1 });
      expect(await h1.count()).toBe(1);
      expect(await page.title()).toMatch(/^(\(\d+\+?\) )?[^()].* – kubepass$/);
      expect(await page.title()).not.toContain('taken');
      const focus = await page.evaluate(`(() => {
      const unseen = [];
      for (const one of document.querySelectorAll('main a, main button, main input, main select, main textarea, main summary')) {
        one.focus({ focusVisible: true });
        if (document.activeElement === one && getComputedStyle(one).outlineStyle === 'none') unseen.push(one.outerHTML);
      }
      return unseen;
    })()`);
      expect(focus).toEqual([]);
    },
  );
});
