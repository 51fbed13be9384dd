// Tests packages/inspect/src/report/report-html.ts, src/inspections/inspection-routes.ts
import { writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { Browser, Page, Response } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startSignInService, type SignInService } from '../http/support/sign-in.js';
import { makeTlsPair } from '../http/support/tls-files.js';
import { temporaryDirectory } from '../helpers/temporary-directory.js';
import { chromiumPath, launchChromium } from './chromium.js';

/** A page with the form of the console, and the frame that its answer goes to. */
const pageFor = (service: string, more = '') => `<!doctype html><html lang="en"><title>Inspect</title>
  <form method="post" action="${service}/v1/inspections" enctype="multipart/form-data" target="report">
    <input type="file" name="file" aria-label="Files to inspect"><button>Send</button>${more}
  </form>
  <iframe name="report" title="Report" sandbox></iframe></html>`;

const file = {
  name: 'made-up-key.pem',
  mimeType: 'application/x-pem-file',
  buffer: Buffer.from('-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n'),
};

let opened: SignInService;
let browser: Browser;
/** A page of somebody else on the same host, so that its browser sends the cookie. */
let neighbour: Server;
let html = '';
const directory = temporaryDirectory();

beforeAll(async () => {
  if (chromiumPath === undefined) return;
  writeFileSync(join(directory.path, 'index.html'), pageFor(''));
  const app = { tls: makeTlsPair(), console: directory.path };
  opened = await startSignInService({ accounts: { jane: { groups: ['staff'] } }, app });
  neighbour = createServer(makeTlsPair(), (_request, response) => {
    response.writeHead(200, { 'content-type': 'text/html', 'referrer-policy': 'no-referrer' }).end(html);
  });
  await new Promise<void>((resolve) => neighbour.listen(0, '127.0.0.1', resolve));
  browser = await launchChromium();
});
afterAll(async () => {
  directory.remove();
  if (chromiumPath === undefined) return;
  await browser.close();
  await new Promise((resolve) => neighbour.close(resolve));
  await opened.close();
});

async function signedIn(): Promise<Page> {
  const context = await browser.newContext({ ignoreHTTPSErrors: true });
  const page = await context.newPage();
  await page.goto(`${opened.origin}/v1/login/corp`);
  await page.getByRole('textbox', { name: 'Login' }).fill('jane');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.waitForURL(`${opened.origin}/console/`);
  return page;
}

async function inspectOn(page: Page): Promise<Response> {
  await page.getByLabel('Files to inspect').setInputFiles(file);
  const [answer] = await Promise.all([
    page.waitForResponse(/\/v1\/inspections$/),
    page.getByRole('button', { name: 'Send' }).click(),
  ]);
  return answer;
}

/** Empty while the frame is still on its way to the answer. */
const inFrame = async (page: Page): Promise<string> =>
  (await page
    .frame({ name: 'report' })
    ?.content()
    .catch(() => '')) ?? '';

describe.skipIf(chromiumPath === undefined)('the frame for the report of an inspection', () => {
  it('shows it after a form of our page was sent without a script', async () => {
    const page = await signedIn();
    const answer = await inspectOn(page);
    const sent = await answer.request().allHeaders();
    expect([sent['origin'], sent['sec-fetch-site'], sent['referer']]).toEqual(['null', 'same-origin', undefined]);
    expect(answer.status()).toBe(200);
    await expect.poll(() => inFrame(page)).toContain(file.name);
    await page.context().close();
  });

  it('shows the problem where there is no report', async () => {
    const tooLong = `<input type="hidden" name="password" value="${'x'.repeat(2_000)}">`;
    writeFileSync(join(directory.path, 'index.html'), pageFor('', tooLong));
    const page = await signedIn();
    expect((await inspectOn(page)).status()).toBe(400);
    await expect.poll(() => inFrame(page)).toContain('must be a text of at most 1024 characters');
    await page.context().close();
  });

  it('shows nothing to a page of another origin, which says as little of itself', async () => {
    const page = await signedIn();
    html = pageFor(opened.origin);
    await page.goto(`https://127.0.0.1:${(neighbour.address() as AddressInfo).port}/`);
    const answer = await inspectOn(page);
    const sent = await answer.request().allHeaders();
    expect([sent['origin'], sent['sec-fetch-site']]).toEqual(['null', 'same-site']);
    expect(sent['cookie']).toContain('kubepass-session');
    expect(answer.status()).toBe(403);
    // Chromium shows a page of its own in the place of an answer that it may not frame.
    await expect.poll(() => page.frame({ name: 'report' })?.url()).toBe('chrome-error://chromewebdata/');
    expect(await inFrame(page)).not.toContain('kubepass:problem');
    await page.context().close();
  });
});
