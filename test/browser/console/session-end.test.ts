// Tests packages/console/src/service/, packages/console/src/frame/
import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { startService } from '../../http/support/service.js';
import { chromiumPath } from '../chromium.js';
import { ask } from './seeds.js';
import { keptIn, picture, signIn, useConsole } from './support.js';

const ended = (page: Page) => page.getByRole('dialog', { name: 'Your session has ended' });
const endSession = (page: Page) =>
  page.request.delete('/v1/sessions/current', { headers: { 'sec-fetch-site': 'same-origin' } });

describe.skipIf(chromiumPath === undefined)('a page whose session ends', () => {
  const opened = useConsole();

  it('says so at the next call; what was typed is still there after signing in again, and is sent', async () => {
    const id = await ask(opened.service);
    const page = await opened.visit('bob', `/console/requests/${id}`);
    await page.getByRole('button', { name: 'Approve' }).click();
    await page.getByLabel('Comment').fill('seen with the team');
    await endSession(page);
    // Not by a pointer: the page's own next call may have opened the dialog already, which is then above the button.
    await page.getByRole('button', { name: 'Approve now' }).dispatchEvent('click');
    await ended(page).waitFor();
    await page.keyboard.press('Escape');
    await page.keyboard.press('Escape');
    expect(await ended(page).isVisible()).toBe(true);
    await picture(page, 'session-ended');
    expect(await keptIn(page)).not.toContain('seen with the team');

    const [tab] = await Promise.all([
      page.context().waitForEvent('page'),
      ended(page).getByRole('link', { name: 'Sign in' }).click(),
    ]);
    await tab.getByLabel('API token').fill(opened.service.tokenOf('bob'));
    await tab.getByRole('button', { name: 'Sign in', exact: true }).click();
    await tab.getByRole('heading', { level: 1, name: 'You are signed in' }).waitFor();
    await ended(page).waitFor({ state: 'detached' });
    expect(await page.getByLabel('Comment').inputValue()).toBe('seen with the team');
    await page.getByRole('button', { name: 'Approve now' }).click();
    const approvals = async () => await (await page.request.get(`/v1/certificate-requests/${id}`)).text();
    await expect.poll(approvals).toContain('seen with the team');
  });

  it('notices at once when somebody else has signed in by other pages of kubepass', async () => {
    const page = await opened.visit('bob', '/console/requests');
    await signIn(page.context(), opened.service.tokenOf('audrey'));
    // The reader comes back to the tab.
    await page.evaluate("document.dispatchEvent(new Event('visibilitychange'))");
    await page.getByRole('navigation', { name: 'Console' }).getByRole('link', { name: 'audrey' }).waitFor();
  });
});

describe.skipIf(chromiumPath === undefined)('a page whose service', () => {
  const opened = useConsole();

  it('is busy shows why and the request id, counts down, and reads again', async () => {
    let calls = 0;
    const page = await opened.visit('bob', '/console/me');
    await page.route('**/v1/clusters?*', async (route) => {
      calls += 1;
      if (calls > 1) return route.continue();
      const problem = {
        type: 'urn:kubepass:problem:service-unavailable',
        title: 'Busy',
        status: 503,
        detail: 'too many calls wait for the disk',
        requestId: '9f8e6b1a-4c1d-4b7e-8a39-0d0e8f2c1b7a',
      };
      const headers = { 'retry-after': '2', 'content-type': 'application/problem+json' };
      await route.fulfill({ status: 503, headers, body: JSON.stringify(problem) });
    });
    await page.getByRole('link', { name: 'Clusters' }).click();
    const alert = page.getByRole('main').getByRole('alert');
    await alert.getByText('Too many calls wait for the disk.').waitFor();
    await alert.getByText('9f8e6b1a-4c1d-4b7e-8a39-0d0e8f2c1b7a').waitFor();
    await page.getByText('Trying again in 1 s.').waitFor();
    await page.getByRole('link', { name: 'demo' }).waitFor();
    expect([calls, await alert.count()]).toEqual([2, 0]);
  });

  it('does not answer lets the page before stay, until the script of the next one is here', async () => {
    const page = await opened.visit('audrey', '/console/audit', { tolerates: /ERR_FAILED/ });
    const gone = /console\/(assets\/clusters-|$)/;
    await page.route(gone, (route) => route.abort());
    await page.getByRole('link', { name: 'Clusters' }).click();
    await page.getByText('kubepass does not answer').waitFor();
    expect(await page.getByRole('heading', { level: 1 }).innerText()).toBe('Audit');
    await page.unroute(gone);
    await page.getByRole('heading', { level: 1, name: 'Clusters' }).waitFor();
    await expect.poll(() => page.getByText('kubepass does not answer').count()).toBe(0);
  });

  it('answers again is said soon, although nothing has changed', async () => {
    const page = await opened.visit('audrey', '/console/audit?follow=true');
    const changes = '**/v1/changes?*';
    const busy = { detail: 'busy', status: 503, requestId: '9f8e6b1a-4c1d-4b7e-8a39-0d0e8f2c1b7a' };
    await page.route(changes, (route) => route.fulfill({ status: 503, headers: { 'retry-after': '1' }, json: busy }));
    await page.reload();
    await page.getByText('kubepass does not answer').waitFor();
    await page.unroute(changes);
    await expect.poll(() => page.getByText('kubepass does not answer').count(), { timeout: 10_000 }).toBe(0);
  });

  it('stops and returns says both, and reads again', async () => {
    const { service } = opened;
    const port = Number(new URL(service.address).port);
    const tolerates = /ERR_CONNECTION_REFUSED|ERR_EMPTY_RESPONSE/;
    const page = await opened.visit('bob', '/console/requests', { tolerates });
    await page.getByText('Nothing waits for you').waitFor();
    await service.stop();
    await page.getByText('kubepass does not answer').waitFor();
    // Another service, on which nobody has signed in: the cookie is one that it does not know.
    const next = await startService({ port });
    await ended(page).waitFor();
    await signIn(page.context(), next.tokenOf('bob'));
    await ask(next, { username: 'after-the-stop' });
    await page.evaluate("document.dispatchEvent(new Event('visibilitychange'))");
    await page.getByText('after-the-stop').waitFor();
    expect(await page.getByText('kubepass does not answer').count()).toBe(0);
    await page.close();
    await next.close();
  });
});
