// Tests src/http/pages/documentation-routes.ts, src/http/pages/folded-problems.ts
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ApiClient } from '../../scripts/quickstart/api-client.js';
import { ServiceProcess } from '../../scripts/quickstart/service-process.js';
import { freePort } from '../helpers/free-ports.js';
import { chromiumPath, launchChromium, screenshots } from './chromium.js';
import { authorize, tryOut } from './swagger-page.js';

describe.skipIf(chromiumPath === undefined)('Swagger UI in chromium', () => {
  let folder: string;
  let service: ServiceProcess;
  let client: ApiClient;
  let browser: Browser;
  /** One that has the token, and one without it, because a page takes seconds to open. */
  let page: Page;
  let anonymous: Page;
  /** Whatever the first one asked elsewhere, and of which the browser complained. */
  const outside: string[] = [];
  const complaints: string[] = [];

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
    const token = (await readFile(join(folder, 'admin-token'), 'utf8')).trim();
    browser = await launchChromium();
    const open = () => browser.newPage({ viewport: { width: 1280, height: 1600 } });
    [page, anonymous] = [await open(), await open()];
    page.on('request', (request) => {
      const { protocol, origin } = new URL(request.url());
      if (origin !== client.origin && protocol !== 'data:' && protocol !== 'blob:') outside.push(request.url());
    });
    page.on('console', (message) => {
      if (message.type() === 'error' || message.text().includes('Content Security Policy'))
        complaints.push(message.text());
    });
    page.on('pageerror', (error) => complaints.push(String(error)));
    await page.goto(`${client.origin}/docs`);
    await authorize(page, token);
    await anonymous.goto(`${client.origin}/docs`);
  });

  afterAll(async () => {
    await browser.close();
    await service.stop();
    await rm(folder, { recursive: true, force: true });
  });

  it('obtains a kubeconfig by "Try it out", and connects only to the service', async () => {
    const reply = await tryOut(page, 'post', '/v1/kubeconfigs', {
      username: 'jane',
      groups: ['viewers'],
      expirationSeconds: 3600,
    });
    await page.screenshot({ path: join(screenshots, 'kubeconfig.png') });

    expect(reply.status).toBe('201');
    expect(reply.body).toContain('kind: Config');
    expect(reply.body).toContain('client-key-data:');
    expect(outside).toEqual([]);
    expect(complaints).toEqual([]);
  });

  it('has no bar for other descriptions, and folds the models', async () => {
    await anonymous.locator('.opblock').first().waitFor();
    await anonymous.screenshot({ path: join(screenshots, 'swagger-ui.png') });
    expect(await anonymous.locator('.topbar').count()).toBe(0);
    expect(await anonymous.getByText('Explore').count()).toBe(0);
    expect(await anonymous.locator('section.models').count()).toBe(1);
    expect(await anonymous.locator('section.models.is-open').count()).toBe(0);
    expect(await anonymous.getByRole('link', { name: 'Idempotency' }).count()).toBe(1);
    await anonymous.screenshot({ path: join(screenshots, 'swagger-ui-all.png'), fullPage: true });
  });

  it.each([
    ['post', '/v1/kubeconfigs'],
    ['get', '/v1/certificates/{fingerprintSha256}'],
  ])('shows an operation on two screens, and a problem once somebody presses it: %s %s', async (method, path) => {
    const operation = anonymous.locator(`.opblock-${method}`, { has: anonymous.locator(`[data-path="${path}"]`) });
    await operation.locator('.opblock-summary').click();
    const problems = operation.locator('.responses-table tr.response[data-code="default"]');
    await problems.waitFor();
    await expect.poll(() => operation.boundingBox().then((box) => box?.height ?? Infinity)).toBeLessThan(2_000);
    expect(await problems.locator('.model-example').isVisible()).toBe(false);
    await problems.locator('.response-col_status').click();
    expect(await problems.locator('.model-example').isVisible()).toBe(true);
  });

  it.each([
    ['get', '/v1/certificates'],
    ['get', '/v1/certificate-requests'],
    ['get', '/v1/certificate-requests/{id}/kubeconfig'],
    ['get', '/v1/clusters/{name}/certificate-authority'],
    ['get', '/v1/audit-events'],
    ['post', '/v1/clusters/{name}/probe'],
    ['post', '/v1/certificate-requests/{id}/approve'],
    ['post', '/v1/certificate-requests'],
  ])('sends nothing that was not filled in: %s %s', async (method, path) => {
    const sent = page.waitForRequest((request) => request.url().includes('/v1/'));
    const reply = await tryOut(page, method, path, null);
    const request = await sent;
    expect(new URL(request.url()).search).toBe('');
    expect(request.headers()).not.toHaveProperty('idempotency-key');
    expect(request.headers()).not.toHaveProperty('prefer');
    if (method === 'post' && path !== '/v1/certificate-requests') expect(request.postData() ?? '{}').toBe('{}');
    expect(reply.status).not.toBe('400');
    await page.screenshot({ path: join(screenshots, `${path.slice(4).replaceAll(/\W+/g, '-')}.png`) });
  });

  it('makes up neither a file nor a password for an inspection', async () => {
    const sent = page.waitForRequest((request) => request.url().endsWith('/v1/inspections'));
    await tryOut(page, 'post', '/v1/inspections', null);
    const parts = ((await sent).postData() ?? '')
      .split(/--+WebKitFormBoundary\w+(?:--)?\r\n/)
      .filter((part) => part !== '');
    for (const part of parts) expect(part.split('\r\n\r\n')[1]?.trim()).toBe('');
    await page.screenshot({ path: join(screenshots, 'inspections.png') });
  });

  it('shows a refusal as a problem', async () => {
    const reply = await tryOut(page, 'post', '/v1/kubeconfigs', { username: 'jane', groups: ['system:masters'] });
    await page.screenshot({ path: join(screenshots, 'refusal.png') });

    expect(reply.status).toBe('403');
    expect(reply.body).toContain('urn:kubepass:problem:policy-denied');
    expect(reply.body).toContain('system:masters');
  });
});
