// Tests packages/inspect/src/report/report-html.ts, packages/inspect/src/report/html/style-sheet.ts
import { mkdir } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { styleSource } from '@kubepass/inspect';
import { reportHtml } from '../../packages/inspect/src/report/report-html.js';
import { everything, hostile, now } from '../../packages/inspect/test/report/inspections.js';
import { chromiumPath, launchChromium, screenshots } from './chromium.js';
import { contrasts, openDetails, overflowing } from './page-checks.js';

const pages: Readonly<Record<string, () => ReturnType<typeof everything>>> = {
  '/everything': everything,
  '/hostile': hostile,
};
const sizes = { phone: { width: 375, height: 812 }, desktop: { width: 1280, height: 900 } };

describe.skipIf(chromiumPath === undefined)('the page of an inspection in chromium', () => {
  let server: Server;
  let origin: string;
  let browser: Browser;
  /** All requests that reached the server. A page that stands alone requests only itself. */
  const asked: string[] = [];

  beforeAll(async () => {
    await mkdir(screenshots, { recursive: true });
    server = createServer((request, response) => {
      asked.push(request.url ?? '');
      const made = pages[request.url ?? '']?.();
      response.writeHead(made === undefined ? 404 : 200, {
        'content-type': 'text/html; charset=utf-8',
        'content-security-policy': `default-src 'none'; style-src ${styleSource}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
        'x-content-type-options': 'nosniff',
      });
      response.end(made === undefined ? '' : reportHtml(made.inspection, made.trees, now));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    browser = await launchChromium();
  });

  afterAll(async () => {
    await browser.close();
    await new Promise((resolve) => server.close(resolve));
  });

  interface Visit {
    readonly page: Page;
    readonly complaints: readonly string[];
    readonly requests: readonly string[];
  }

  async function visit(path: string, size: keyof typeof sizes, colorScheme: 'light' | 'dark'): Promise<Visit> {
    const context = await browser.newContext({ viewport: sizes[size], colorScheme });
    const page = await context.newPage();
    const complaints: string[] = [];
    const requests: string[] = [];
    page.on('request', (request) => requests.push(request.url()));
    page.on('console', (message) => complaints.push(message.text()));
    page.on('pageerror', (error) => complaints.push(String(error)));
    page.on('dialog', (dialog) => {
      complaints.push(`dialog: ${dialog.message()}`);
      void dialog.dismiss();
    });
    await page.goto(origin + path);
    return { page, complaints, requests };
  }

  describe.each(Object.keys(sizes) as (keyof typeof sizes)[])('on a %s', (size) => {
    it.each(['light', 'dark'] as const)('reads well in %s colours, alone and unblocked', async (colorScheme) => {
      const { page, complaints, requests } = await visit('/everything', size, colorScheme);
      await page.screenshot({ path: join(screenshots, `inspection-${size}-${colorScheme}.png`), fullPage: true });
      await openDetails(page);

      expect(await overflowing(page)).toEqual([]);
      const texts = await contrasts(page);
      expect(texts.length).toBeGreaterThan(100);
      // WCAG 2.2 1.4.3
      expect(texts.filter(({ ratio }) => ratio < 4.5)).toEqual([]);
      const dark = colorScheme === 'dark';
      expect(await page.evaluate('getComputedStyle(document.body).backgroundColor')).toBe(
        dark ? 'rgb(15, 19, 25)' : 'rgb(246, 247, 249)',
      );
      expect(requests).toEqual([`${origin}/everything`]);
      expect(complaints).toEqual([]);
      await page.screenshot({ path: join(screenshots, `inspection-${size}-${colorScheme}-open.png`), fullPage: true });
      await page.context().close();
    });

    it('shows everything in an upload as plain text', async () => {
      const { page, complaints, requests } = await visit('/hostile', size, 'light');
      await page.screenshot({ path: join(screenshots, `inspection-${size}-hostile.png`), fullPage: true });
      await openDetails(page);
      expect(await page.locator('script, img, iframe, object, embed, link, form, style >> nth=1').count()).toBe(0);
      expect(await page.evaluate('globalThis.hacked ?? null')).toBeNull();
      expect(await page.evaluate('document.title')).toContain('Inspection of');
      expect(await overflowing(page)).toEqual([]);
      expect(requests).toEqual([`${origin}/hostile`]);
      expect(complaints).toEqual([]);
      await page.context().close();
    });
  });

  it('is printed dark on white, with the details that are folded on the screen', async () => {
    const { page } = await visit('/everything', 'desktop', 'dark');
    await page.emulateMedia({ media: 'print', colorScheme: 'dark' });
    expect(await page.evaluate('getComputedStyle(document.body).backgroundColor')).toBe('rgb(255, 255, 255)');
    expect((await contrasts(page)).filter(({ ratio }) => ratio < 4.5)).toEqual([]);
    expect((await page.locator('pre').first().boundingBox())?.height).toBeGreaterThan(500);
    await page.context().close();
  });

  it('leads from a name to its details, which open', async () => {
    const { page } = await visit('/everything', 'desktop', 'light');
    const detail = page.locator('details', { hasText: 'Subject: CN=kube-apiserver' });
    expect(await detail.getAttribute('open')).toBeNull();
    await page.getByRole('table', { name: 'Summary' }).getByRole('link', { name: 'pki/apiserver.crt' }).click();
    expect(await detail.getAttribute('open')).not.toBeNull();
    await page.context().close();
  });

  it('keeps the table a table for readers who cannot see it', async () => {
    const { page } = await visit('/everything', 'phone', 'light');
    const table = page.getByRole('table', { name: 'Summary' });
    const row = table.getByRole('row', { name: 'old.crt' });
    expect(await row.getByRole('rowheader').innerText()).toBe('old.crt');
    expect(await row.getByRole('cell').count()).toBe(4);
    expect(await table.getByRole('columnheader').allInnerTexts()).toHaveLength(5);
    expect(await row.getByRole('img', { name: /, 0 % of its validity$/ }).count()).toBe(1);
    await page.context().close();
  });

  it('requests nothing but its pages', () => {
    expect([...new Set(asked)].sort()).toEqual(Object.keys(pages).sort());
  });
});
