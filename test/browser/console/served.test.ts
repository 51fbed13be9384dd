// Tests src/http/pages/console-routes.ts, scripts/build-console.mjs
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { chromiumPath } from '../chromium.js';
import { useConsole } from './support.js';

const built = fileURLToPath(new URL('../../../dist/console/', import.meta.url));
const sizes = (names: readonly string[]) =>
  names.reduce((sum, name) => sum + readFileSync(join(built, 'assets', `${name}.gz`)).length, 0);

const policy =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; " +
  "frame-src 'self'; frame-ancestors 'none'; base-uri 'none'; require-trusted-types-for 'script'; trusted-types 'none'";

describe.skipIf(chromiumPath === undefined)('the files of the console', () => {
  const opened = useConsole();

  it('are one document for every address, and scripts and styles that never change', async () => {
    const page = await opened.visit('root', '/console/audit');
    const documents = await Promise.all(
      ['/console/', '/console/requests/x?y=z', '/console/no/such/page', '/console/identities/%2E%2E%2Fx'].map((path) =>
        page.request.get(path),
      ),
    );
    const text = await readFile(join(built, 'index.html'), 'utf8');
    for (const answer of documents) {
      expect(await answer.text()).toBe(text);
      expect(answer.headers()).toMatchObject({
        'content-security-policy': policy,
        'cache-control': 'no-cache',
        'cross-origin-opener-policy': 'same-origin',
        'referrer-policy': 'no-referrer',
        'content-encoding': 'br',
      });
    }
    const named = [...text.matchAll(/"(\/console\/assets\/[^"]+)"/g)].map(([, path = '']) => path);
    expect(named.length).toBeGreaterThan(3);
    for (const path of named) {
      const answer = await page.request.get(path);
      expect(answer.headers()['cache-control']).toContain('immutable');
      if (!path.endsWith('.svg')) expect(answer.headers()['content-encoding']).toBe('br');
    }
    const licences = await (await page.request.get(named.find((path) => path.includes('/licences-')) ?? '')).text();
    for (const name of ['preact', '@preact/signals', 'preact-iso', 'openapi-fetch'])
      expect(licences).toMatch(new RegExp(`^${name} [0-9.]+\n\n(?:The )?MIT License`, 'm'));
    expect((await page.request.get('/console/assets/main-00000000.js')).status()).toBe(404);
    // Nothing stands in the document itself, neither script nor style.
    expect(text).not.toMatch(/<style|\sstyle=|\son\w+=|<script(?![^>]* src=)/);
  });

  it('are small, and the first page brings what it shows and nothing else', async () => {
    const brought = new Set<string>();
    const page = await opened.visit('bob', '/console/livez', {});
    page.on('request', (request) => {
      if (request.url().includes('/console/assets/')) brought.add(basename(request.url()));
    });
    await page.goto('/console/');
    await page.getByText('Nothing needs you now').waitFor();
    const all = readdirSync(join(built, 'assets'));
    const ending = (names: readonly string[], end: string) => names.filter((name) => name.endsWith(end));
    const first = [...brought];
    expect(ending(first, '.js').length).toBeGreaterThan(2);
    expect(sizes(ending(first, '.js'))).toBeLessThanOrEqual(60_000);
    expect(sizes(ending(all, '.js'))).toBeLessThanOrEqual(120_000);
    expect(ending(all, '.css')).toHaveLength(1);
    expect(sizes(ending(all, '.css'))).toBeLessThanOrEqual(12_000);
  });

  it('make markup of no text: assigning innerHTML throws', async () => {
    const page = await opened.visit('bob', '/console/requests', { tolerates: /TrustedHTML/ });
    const thrown = page.evaluate(`(() => {
      try { document.body.innerHTML = '<b>x</b>'; return 'nothing'; } catch (error) { return error.name; }
    })()`);
    expect(await thrown).toBe('TypeError');
  });

  it('have an address that is malformed, too', async () => {
    const page = await opened.visit('audrey', '/console/audit');
    const answer = await page.request.get('/console/identities/%E0%A4%A');
    expect(answer.status()).toBe(400);
    await page.evaluate(
      "history.pushState(null, '', '/console/identities/%E0%A4%A'); dispatchEvent(new PopStateEvent('popstate'))",
    );
    await page.getByRole('heading', { level: 1, name: 'No such page' }).waitFor();
    await page.getByRole('link', { name: 'Start over' }).click();
    await page.getByRole('heading', { level: 1, name: 'Home' }).waitFor();
  });
});
