// Tests packages/inspect/src/report/report-html.ts, src/inspections/inspection-routes.ts
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Response } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ApiClient } from '../../scripts/quickstart/api-client.js';
import { ServiceProcess } from '../../scripts/quickstart/service-process.js';
import { freePort } from '../helpers/free-ports.js';
import { chromiumPath, launchChromium, screenshots } from './chromium.js';

const fixture = (name: string): Promise<string> =>
  readFile(new URL(`../../packages/x509/test/fixtures/openssl-3.5/${name}`, import.meta.url), 'utf8');

describe.skipIf(chromiumPath === undefined)('the answer of POST /v1/inspections in chromium', () => {
  let folder: string;
  let service: ServiceProcess;
  let client: ApiClient;
  let browser: Browser;
  let token: string;

  beforeAll(async () => {
    await mkdir(screenshots, { recursive: true });
    folder = await mkdtemp(join(tmpdir(), 'kubepass-browser-'));
    const port = await freePort();
    service = new ServiceProcess(
      { KUBEPASS_DATA_DIR: folder, KUBEPASS_HOST: '127.0.0.1', KUBEPASS_PORT: String(port) },
      join(folder, 'service.log'),
    );
    client = await ApiClient.of({ host: '127.0.0.1', tls: null }, port);
    await service.untilReady(client);
    token = (await readFile(join(folder, 'admin-token'), 'utf8')).trim();
    browser = await launchChromium();
  });

  afterAll(async () => {
    await browser.close();
    await service.stop();
    await rm(folder, { recursive: true, force: true });
  });

  it.each([
    ['one certificate', ['k8s-apiserver.crt.pem']],
    ['several, by a worker', ['k8s-ca.crt.pem', 'k8s-admin.crt.pem', 'rsa-k8s.csr.pem']],
  ])('is a page that looks right under its own policy: %s', async (_, names) => {
    const content = (await Promise.all(names.map(fixture))).join('\n');
    const page = await browser.newPage({ viewport: { width: 1280, height: 900 }, colorScheme: 'light' });
    const complaints: string[] = [];
    const asked: string[] = [];
    page.on('console', (message) => complaints.push(message.text()));
    page.on('pageerror', (error) => complaints.push(String(error)));
    page.on('request', (request) => asked.push(request.url()));
    // A browser opens pages with GET; this server returns the service's answer to the upload.
    await page.route('**/v1/inspections', (route) =>
      route.continue({
        method: 'POST',
        headers: { authorization: `Bearer ${token}`, accept: 'text/html', 'content-type': 'application/json' },
        postData: JSON.stringify({ content }),
      }),
    );
    // A busy machine may need more than the two seconds of a worker. Then the answer is 422, and a reader tries again.
    const open = async (): Promise<Response> => {
      complaints.length = 0;
      asked.length = 0;
      const answer = await page.goto(`${client.origin}/v1/inspections`);
      if (answer?.status() === 422) return open();
      return answer!;
    };
    const response = await open();
    await page.screenshot({ path: join(screenshots, `inspection-service-${names.length}.png`), fullPage: true });

    expect(response.status()).toBe(200);
    const headers = response.headers();
    expect(headers['content-security-policy']).toMatch(/^default-src 'none'; style-src 'sha256-[^ ]+';/);
    expect(headers['cache-control']).toBe('no-store');
    expect(await page.locator('details').count()).toBe(names.length);
    expect(await page.evaluate('getComputedStyle(document.body).backgroundColor')).toBe('rgb(246, 247, 249)');
    expect(await page.locator('pre').first().textContent()).toBe(await fixture(names[0]!.replace('.pem', '.txt')));
    expect(complaints).toEqual([]);
    expect(asked).toEqual([`${client.origin}/v1/inspections`]);
    await page.close();
  });
});
