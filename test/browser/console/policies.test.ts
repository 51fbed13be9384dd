// Tests packages/console/src/pages/policies/
import { describe, expect, it } from 'vitest';
import { chromiumPath } from '../chromium.js';
import { ask, consolePolicies, hostileWords } from './seeds.js';
import { axeFindings, beyondWindow, signIn, useConsole } from './support.js';

const message = hostileWords.image + hostileWords.direction + hostileWords.wide.slice(0, 300);
const guardrail = `---
apiVersion: kubepass/v1
kind: Guardrail
metadata: { name: hostile }
spec: { selector: { clusters: ["*"] }, match: { groups: ["x-*"] }, message: ${JSON.stringify(message)} }
`;

describe.skipIf(chromiumPath === undefined)('policies in the console', () => {
  const opened = useConsole({ policies: consolePolicies + guardrail });

  it('are shown in words, and as they are for whoever may read the files', async () => {
    const page = await opened.visit('audrey', '/console/policies');
    await page.getByText('after approval by 2 people (anyone in team-leads), then by anyone in security').waitFor();
    await page.getByText("Whoever holds an admin's API token can give every approval").waitFor();
    await page.getByRole('link', { name: 'by-hand' }).click();
    await page.getByRole('heading', { level: 1, name: 'by-hand' }).waitFor();
    await page.getByText('after approval by any approver').waitFor();
    await page.getByText('metadata: { name: by-hand }').waitFor();
    // Home says it, too.
    await page.goto('/console/');
    await page.getByText('can give every approval of "production" alone').waitFor();
    const requester = await opened.visit('alice', '/console/policies/by-hand');
    await requester.getByText('"maxExpirationSeconds": 604800').waitFor();
    await requester.goto('/console/policies/nobody');
    await requester.getByText('No policy of this name is in force.').waitFor();
    await requester.goto('/console/policies/draft');
    await requester.getByText('takes the role').waitFor();
    for (const path of ['', 'policies']) {
      await requester.goto(`/console/${path}`);
      await requester.getByText(path === '' ? 'Nothing needs you now.' : 'This set has the SHA-256').waitFor();
      expect(await requester.getByText('every approval').count()).toBe(0);
    }
  });

  it('are tried as a draft: on an ask, and on what was asked, with before and after side by side', async () => {
    for (const username of ['jane', 'joe']) await ask(opened.service, { username });
    await ask(opened.service, { username: 'prod', groups: ['prod-a'], reason: 'INC-4711' });
    const page = await opened.visit('audrey', '/console/policies/draft');
    const text = page.getByLabel('Text of test.yaml');
    const inForce = await text.inputValue();
    expect(inForce).toContain('name: by-hand');
    await text.fill(inForce.replace('"ops-*"', '"none-*"'));
    await page.getByText('Changed here, and kept nowhere else').waitFor();

    await page.getByLabel('Username', { exact: true }).fill('jane');
    await page.getByLabel('Groups', { exact: true }).fill('ops-eu');
    const tried = page.getByRole('region', { name: 'Evaluate an ask' });
    const permitted = tried.getByText('for 1 day, after approval by any approver');
    const evaluate = async () => {
      await page.getByRole('button', { name: 'Evaluate' }).click();
      await permitted.or(page.getByRole('alert')).first().waitFor();
      return permitted.isVisible();
    };
    // The service gives a draft two seconds, which may be too few while the machine is busy.
    await expect.poll(evaluate).toBe(true);
    await tried.getByText('Group "ops-eu" is not permitted by policy "by-hand".').waitFor();
    expect(await tried.getByRole('heading', { level: 3 }).allInnerTexts()).toEqual(['In force', 'Draft']);
    await page.getByLabel('Asked by', { exact: true }).fill('olga');
    await page.getByLabel('Their groups', { exact: true }).fill('developers, team-b');
    await tried.getByText('as if olga asked').waitFor();
    const [asked] = await Promise.all([
      page.waitForRequest((request) => request.url().endsWith('/v1/policies/evaluate')),
      page.getByRole('button', { name: 'Evaluate' }).click(),
    ]);
    expect(asked.postDataJSON()).toMatchObject({ requester: { name: 'olga', groups: ['developers', 'team-b'] } });

    await page.getByRole('button', { name: 'Replay' }).click();

    await page.getByText('2 of 3 decisions would change: 2 permitted to denied.').waitFor();
    const rows = page.getByRole('table', { name: 'Decisions that change' }).getByRole('row');
    expect(await rows.count()).toBe(3);
    await expect(rows.nth(1).getByRole('cell').allInnerTexts()).resolves.toEqual([
      expect.stringContaining('permitted'),
      expect.stringMatching(/denied[\s\S]*Group not permitted/),
    ]);
  });

  it('has what is wrong with a draft at its text, and clears it there', async () => {
    const page = await opened.visit('audrey', '/console/policies/draft');
    await page.getByRole('button', { name: 'Add a file' }).click();
    const text = page.getByLabel('Text of new file 1');
    await text.fill('apiVersion: kubepass/v1\nkind: Policy\nmetadata: { name: x }\nspec: { selector: 3 }\n');
    await page.getByLabel('File', { exact: true }).selectOption('test.yaml');
    await page.getByRole('button', { name: 'Replay' }).click();
    await page.getByText('Line 4, column 9: /spec/selector: must be object.').waitFor();
    expect(await text.getAttribute('aria-invalid')).toBe('true');
    // The focus moves after the message is shown.
    await page.waitForFunction('document.activeElement.tagName === "TEXTAREA"');
    expect(await page.evaluate('document.activeElement.selectionStart')).toBe(59);
    await text.fill('');
    await page.getByRole('button', { name: 'Replay' }).click();
    await page.getByText(/^0 of \d+ decisions? would change\.$/).waitFor();
    expect(await page.getByText('Line 4').count()).toBe(0);
  });

  it('keeps a draft when the session has ended, and tries it after a new sign-in', async () => {
    await ask(opened.service, { username: 'jim' });
    const page = await opened.visit('audrey', '/console/policies/draft');
    const text = page.getByLabel('Text of test.yaml');
    const typed = `${await text.inputValue()}# typed before the end\n`;
    await text.fill(typed);
    await page.evaluate(`fetch('/v1/sessions/current', { method: 'DELETE' })`);
    // The page may have noticed by itself, and then its dialog is before the button.
    await page.getByRole('button', { name: 'Replay' }).dispatchEvent('click');
    const ended = page.getByRole('heading', { name: 'Your session has ended' });
    await ended.waitFor();
    await signIn(page.context(), opened.service.tokenOf('audrey'));
    await (await page.context().newPage()).goto('/console/me');
    await ended.waitFor({ state: 'hidden' });
    expect(await text.inputValue()).toBe(typed);
    await page.getByRole('button', { name: 'Replay' }).click();
    await page.getByText(/^0 of \d+ decisions? would change\.$/).waitFor();
  });

  it('keeps hostile words as text and inside their place, and axe finds nothing', async () => {
    for (const [path, options] of [
      ['policies', { width: 320 }],
      ['policies/hostile', { width: 320, scheme: 'dark' }],
      ['policies/draft', { width: 320 }],
      ['policies/draft', { scheme: 'dark' }],
    ] as const) {
      const page = await opened.visit('audrey', `/console/${path}`, options);
      if (path === 'policies/draft') await page.getByLabel('Text of').waitFor();
      else await page.getByText('<img src=x onerror').first().waitFor();
      expect(await page.title()).toMatch(/^(Policies|hostile|Policy draft) – kubepass$/);
      expect(await beyondWindow(page)).toBe(0);
      expect(await axeFindings(page)).toEqual([]);
    }
  });
});
