import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect } from 'vitest';
import { makeTlsPair } from '../../http/support/tls-files.js';
import { startService, type Person, type TestService, type TestServiceOptions } from '../../http/support/service.js';
import { launchChromium, screenshots } from '../chromium.js';

export interface ConsoleOptions extends TestServiceOptions {
  /** Whether the service speaks TLS; default: plain http on loopback. */
  readonly tls?: boolean;
  /** Starts another service than `startService` does, with these options of its own. */
  readonly start?: () => Promise<TestService>;
}

export interface VisitOptions {
  readonly width?: number;
  readonly height?: number;
  readonly scheme?: 'light' | 'dark';
  readonly timezone?: string;
  /** Default: `en-GB`. */
  readonly language?: string;
  /** Whether the pointer is a finger. */
  readonly touch?: boolean;
  /** Complaints of the browser that this test brings about. */
  readonly tolerates?: RegExp;
  /** The origin of an identity provider, which the browser may ask besides the service. */
  readonly provider?: string;
}

/** The console of one test file: a real service, and a real Chromium. */
export interface ConsoleUnderTest {
  readonly service: TestService;
  readonly browser: Browser;
  /** `http://127.0.0.1:PORT`. */
  readonly origin: string;
  /**
   * Opens an address in a browser of its own, signed in as a person, by a token, or as nobody, and waits for the
   * heading. More tabs of the same browser: `page.context().newPage()`.
   */
  visit(who: Person | { readonly token: string } | null, path: string, options?: VisitOptions): Promise<Page>;
}

/**
 * Starts both before the tests of a file. After each test every browser is closed, and the test fails on anything that
 * a browser complained of: an error of a script, a line of the console, a breach of the content security policy, a call
 * to a foreign origin, a file that is not there. Answers of the API are none of these: pages say them.
 */
export function useConsole({ tls = false, start, ...options }: ConsoleOptions = {}): ConsoleUnderTest {
  let service: TestService;
  let browser: Browser;
  const open = new Set<{ readonly context: BrowserContext; readonly complaints: string[] }>();

  beforeAll(async () => {
    const secured = tls ? { ...options, app: { ...options.app, tls: makeTlsPair() } } : options;
    [service, browser] = await Promise.all([start?.() ?? startService(secured), launchChromium()]);
  });
  afterEach(async () => {
    const all = [...open];
    open.clear();
    await Promise.all(all.map(({ context }) => context.close()));
    expect(all.flatMap(({ complaints }) => complaints)).toEqual([]);
  });
  afterAll(async () => {
    await browser.close();
    await service.close();
  });

  return {
    get service() {
      return service;
    },
    get browser() {
      return browser;
    },
    get origin() {
      return service.address;
    },
    async visit(who, path, { width = 1280, height = 900, scheme = 'light', timezone, touch = false, ...more } = {}) {
      const context = await browser.newContext({
        // A certificate of a test is known to no browser.
        ...{ baseURL: service.address, ignoreHTTPSErrors: true },
        ...{ viewport: { width, height }, colorScheme: scheme, hasTouch: touch, locale: more.language ?? 'en-GB' },
        ...(timezone !== undefined && { timezoneId: timezone }),
      });
      const complaints: string[] = [];
      open.add({ context, complaints });
      hearComplaints(context, [service.address, ...(more.provider ? [more.provider] : [])], (text) => {
        if (!more.tolerates?.test(text)) complaints.push(text);
      });
      if (who !== null) await signIn(context, typeof who === 'string' ? service.tokenOf(who) : who.token);
      const page = await context.newPage();
      await page.goto(path);
      await page.getByRole('heading', { level: 1 }).waitFor();
      return page;
    },
  };
}

/** Gives the browser the session of a token, as the sign-in page does. */
export async function signIn(context: BrowserContext, token: string): Promise<void> {
  const answer = await context.request.post('/v1/sessions', { headers: { authorization: `Bearer ${token}` } });
  expect(answer.status()).toBe(201);
}

function hearComplaints(context: BrowserContext, origins: readonly string[], hear: (text: string) => void): void {
  context.on('weberror', (error) => hear(String(error.error().stack ?? error.error())));
  context.on('console', (message) => {
    const { url } = message.location();
    const isAnswer = url.startsWith(`${origins[0]}/v1/`) && message.text().startsWith('Failed to load resource');
    if (['error', 'warning'].includes(message.type()) && !isAnswer) hear(`${message.text()} ${url}`);
  });
  context.on('request', (request) => {
    const url = new URL(request.url());
    if (!['blob:', 'data:', 'about:'].includes(url.protocol) && !origins.includes(url.origin)) hear(`asks ${url.href}`);
  });
}

/** Writes a picture of the whole page into a folder outside the repository. */
export async function picture(page: Page, name: string): Promise<void> {
  mkdirSync(screenshots, { recursive: true });
  await page.screenshot({ path: join(screenshots, `${name}.png`), fullPage: true });
}

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

/** The findings of axe-core by WCAG 2.2 AA and its best practices, one line for each element. */
export async function axeFindings(page: Page): Promise<readonly string[]> {
  if (!(await page.evaluate<boolean>('"axe" in window'))) await page.evaluate(axe);
  return page.evaluate(`axe.run(document, { runOnly: ${JSON.stringify(tags)} }).then(({ violations }) =>
    violations.flatMap(({ id, nodes }) => nodes.map(({ html, any, all, none }) =>
      id + ': ' + html.slice(0, 200) + ' ' + [...any, ...all, ...none].map(({ message }) => message).join('; '))))`);
}

/** Everything that scripts of the page can read of what was kept: storage, cookies, history and the document. */
export const keptIn = (page: Page): Promise<string> =>
  page.evaluate(`(async () => JSON.stringify({
    local: { ...localStorage },
    session: { ...sessionStorage },
    databases: await indexedDB.databases(),
    caches: await caches.keys(),
    cookies: document.cookie,
    name: window.name,
    history: history.state,
    address: location.href,
    document: document.documentElement.outerHTML,
  }))()`);

/** How wide the document is beyond the window, in pixels. */
export const beyondWindow = (page: Page): Promise<number> =>
  page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth');
