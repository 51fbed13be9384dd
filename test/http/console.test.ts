// Tests src/http/pages/console-routes.ts, src/http/answers/prebuilt.ts
import { mkdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import type { IncomingHttpHeaders } from 'node:http';
import { join } from 'node:path';
import { brotliCompressSync, brotliDecompressSync, gunzipSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { temporaryDirectory } from '../helpers/temporary-directory.js';
import { as } from './support/call.js';
import { SigningBrowser, startSignInService, type SignInService } from './support/sign-in.js';
import { startService, type TestService } from './support/service.js';

const page = '<!doctype html><title>kubepass</title><script type="module" src="/console/assets/main-A1B2C3D4.js">';
/** More than one piece of an answer. */
const script = 'export const words = [];\n'.repeat(2_000);
const style = 'body { color: CanvasText }\n';

/** A folder as the build writes it. */
function buildIn(folder: string, document = page): void {
  mkdirSync(join(folder, 'assets'), { recursive: true });
  const files = {
    'assets/main-A1B2C3D4.js': script,
    'assets/main-E5F6A7B8.css': style,
    'index.html': document,
  };
  for (const [name, text] of Object.entries(files)) {
    writeFileSync(join(folder, name), text);
    writeFileSync(join(folder, `${name}.br`), brotliCompressSync(text));
    writeFileSync(join(folder, `${name}.gz`), gzipSync(text));
  }
  // Without compressed forms.
  writeFileSync(join(folder, 'assets', 'icon-00112233.svg'), '<svg xmlns="http://www.w3.org/2000/svg"/>');
  writeFileSync(join(folder, '.stamp'), 'secret of the build');
}

interface Served {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** As it came, also where it is compressed. */
  readonly body: Buffer;
}

/** Asks for exactly this path: no client makes another one of it. */
const ask = (
  service: Pick<TestService, 'address'>,
  path: string,
  headers: Record<string, string> = {},
  method = 'GET',
) =>
  new Promise<Served>((resolve, reject) => {
    const { hostname, port } = new URL(service.address);
    request({ hostname, port, path, method, headers }, (answer) => {
      const pieces: Buffer[] = [];
      answer.on('data', (piece: Buffer) => pieces.push(piece));
      answer.on('end', () =>
        resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: Buffer.concat(pieces) }),
      );
    })
      .on('error', reject)
      .end();
  });

const browserAccept = 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8';

const contentSecurityPolicy =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; " +
  "frame-src 'self'; frame-ancestors 'none'; base-uri 'none'; require-trusted-types-for 'script'; trusted-types 'none'";

const ofEveryFile = {
  'content-security-policy': contentSecurityPolicy,
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  vary: 'Accept-Encoding',
};

describe('the console', () => {
  const directory = temporaryDirectory();
  const folder = join(directory.path, 'console');
  let service: TestService;
  beforeAll(async () => {
    writeFileSync(join(directory.path, 'package.json'), '{"name":"not-for-callers"}');
    buildIn(folder);
    service = await startService({ app: { console: folder } });
  });
  afterAll(async () => {
    await service.close();
    directory.remove();
  });

  it.each([
    '/console/',
    '/console/requests?view=waiting&cluster=dev',
    '/console/requests/01JC0000000000000000000000',
    '/console/identities/jane.doe',
    '/console/identities/system%3Anode%3A%2Fx',
    `/console/identities/${'a'.repeat(3_000)}`,
    '/console/sign-in?returnTo=/console/me',
    '/console/main.js',
    '/console/assets',
  ])('is one document at the address of every page: %s', async (path) => {
    const { status, headers, body } = await ask(service, path);
    expect([status, body.toString()]).toEqual([200, page]);
    expect(headers).toMatchObject({
      ...ofEveryFile,
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-cache',
      'content-length': String(page.length),
      etag: expect.stringMatching(/^"[\w-]{43}"$/),
    });
    expect(headers).not.toHaveProperty('content-encoding');
    expect(headers).not.toHaveProperty('set-cookie');
  });

  it('is led to from its address without a slash', async () => {
    const { status, headers } = await ask(service, '/console');
    expect([status, headers.location]).toEqual([303, '/console/']);
  });

  it.each([
    ['main-A1B2C3D4.js', 'text/javascript; charset=utf-8', script],
    ['main-E5F6A7B8.css', 'text/css; charset=utf-8', style],
  ])('has files that never change: %s', async (name, type, text) => {
    const path = `/console/assets/${name}`;
    const ofFile = { ...ofEveryFile, 'content-type': type, 'cache-control': 'public, max-age=31536000, immutable' };
    const plain = await ask(service, path);
    expect(plain.headers).toMatchObject({ ...ofFile, 'content-length': String(text.length) });
    expect([plain.status, plain.body.toString()]).toEqual([200, text]);
    const brotli = await ask(service, path, { 'accept-encoding': 'gzip, deflate, br, zstd' });
    expect(brotli.headers).toMatchObject({
      ...ofFile,
      'content-encoding': 'br',
      'content-length': String(brotli.body.length),
    });
    expect(brotliDecompressSync(brotli.body).toString()).toBe(text);
    const gzip = await ask(service, path, { 'accept-encoding': 'gzip' });
    expect(gzip.headers).toMatchObject({ ...ofFile, 'content-encoding': 'gzip' });
    expect(gunzipSync(gzip.body).toString()).toBe(text);
    // RFC 9110 8.8.3.3: each form has a tag of its own.
    expect(new Set([plain, brotli, gzip].map(({ headers }) => headers.etag)).size).toBe(3);
  });

  it('sends a file as it is where it has no other form', async () => {
    const { status, headers } = await ask(service, '/console/assets/icon-00112233.svg', { 'accept-encoding': 'br' });
    expect(status).toBe(200);
    expect(headers).toMatchObject({ ...ofEveryFile, 'content-type': 'image/svg+xml' });
    expect(headers).not.toHaveProperty('content-encoding');
  });

  it.each(['/console/', '/console/assets/main-A1B2C3D4.js'])(
    'is not sent again to a browser that has it, and HEAD has the headers alone: %s',
    async (path) => {
      const encoded = { 'accept-encoding': 'br' };
      const { headers } = await ask(service, path, encoded);
      const { etag = '', 'cache-control': caching } = headers;
      const known = await ask(service, path, { ...encoded, 'if-none-match': `"x", W/${etag}` });
      expect([known.status, known.body.length]).toEqual([304, 0]);
      expect(known.headers).toMatchObject({ ...ofEveryFile, etag, 'cache-control': caching });
      // Another form than the one that the browser has.
      expect((await ask(service, path, { 'if-none-match': etag })).status).toBe(200);
      const head = await ask(service, path, encoded, 'HEAD');
      expect([head.status, head.body.length]).toEqual([200, 0]);
      const ofOneAnswer = { date: expect.any(String), 'x-request-id': expect.any(String) };
      expect(head.headers).toEqual({ ...headers, ...ofOneAnswer });
    },
  );

  it.each([
    '/console/assets/',
    '/console/assets/main.js',
    '/console/assets/main-A1B2C3D4.js.br',
    '/console/assets/main-E5F6A7B8.css.gz',
    '/console/assets/main-A1B2C3D4.js/',
    '/console/assets//main-A1B2C3D4.js',
    '/console/assets/../.stamp',
    '/console/assets/..%2f.stamp',
    '/console/assets/../index.html',
    '/console/assets/..%2f..%2fpackage.json',
    '/console/assets/%2e%2e/%2e%2e/package.json',
    '/console/assets/..%5c..%5cpackage.json',
    '/console/assets/%2fetc%2fpasswd',
    '/console/assets//etc/passwd',
    '/console/assets/main-A1B2C3D4.js%00',
    '/console/assets/__proto__',
    '/console/assets/constructor',
  ])('answers 404 for a file that it has not: %s', async (path) => {
    const { status, headers, body } = await ask(service, path);
    expect([status, headers['content-type']]).toEqual([404, 'application/problem+json; charset=utf-8']);
    expect(JSON.parse(body.toString())).toMatchObject({ detail: 'the console has no such file' });
    expect(headers['content-security-policy']).toMatch(/^default-src 'none';base-uri/);
    expect(headers['cache-control']).toBeUndefined();
  });

  it('answers 400 for a path that is not validly encoded', async () => {
    expect((await ask(service, '/console/assets/%zz')).status).toBe(400);
  });

  it.each(['/console', '/console/requests', '/console/assets/main-A1B2C3D4.js'])(
    'is read and nothing else: %s',
    async (path) => {
      for (const method of ['POST', 'PUT', 'DELETE', 'PATCH']) {
        const { status, headers } = await ask(service, path, {}, method);
        expect([method, status, headers.allow]).toEqual([method, 405, 'GET, HEAD']);
      }
    },
  );

  it('is not in the description of the API', async () => {
    const { text } = await service.anonymous('get', '/openapi.json').expect(200);
    expect(Object.keys((JSON.parse(text) as { paths: object }).paths).join('\n')).not.toContain('console');
  });

  it.each([
    [browserAccept, 303],
    ['text/html', 303],
    ['text/html;q=0.5, application/json;q=0.4', 303],
    ['text/html;q=0.5, application/json', 200],
    ['application/json', 200],
    ['*/*', 200],
    ['', 200],
  ])('is where / leads a browser, and nobody else: %s', async (accept, status) => {
    const { headers } = await service.anonymous('get', '/').set('accept', accept).expect(status);
    expect([headers['location'], headers['vary']]).toEqual([status === 303 ? '/console/' : undefined, 'Accept']);
  });

  it('is found after it was built anew while the service runs', async () => {
    const own = join(directory.path, 'built-later');
    const other = await startService({ app: { console: own } });
    const missing = await ask(other, '/console/requests');
    expect([missing.status, missing.headers['content-type']]).toEqual([404, 'application/problem+json; charset=utf-8']);
    expect(JSON.parse(missing.body.toString())).toMatchObject({
      detail: 'the console is not built: `npm run build:console` builds it',
    });
    expect((await ask(other, '/console/assets/main-A1B2C3D4.js')).status).toBe(404);
    await other.anonymous('get', '/docs').expect(200);
    buildIn(own);
    expect((await ask(other, '/console/requests')).body.toString()).toBe(page);
    buildIn(own, `${page}2`);
    utimesSync(join(own, 'index.html'), 1, 1);
    expect((await ask(other, '/console/requests')).body.toString()).toBe(`${page}2`);
    rmSync(own, { recursive: true });
    expect((await ask(other, '/console/requests')).status).toBe(404);
    await other.close();
  });
});

describe('a report for a frame of the console', () => {
  let opened: SignInService;
  let without: SignInService;
  beforeAll(async () => {
    const accounts = { jane: { groups: ['staff'] } };
    [opened, without] = await Promise.all([
      startSignInService({ accounts }),
      startSignInService({ accounts, more: 'console: false' }),
    ]);
  });
  afterAll(() => Promise.all([opened.close(), without.close()]));

  const text = '-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n';
  /** As a browser sends a form of the console, whose policy of referrers makes its origin opaque. */
  const byBrowser = (
    { service }: SignInService,
    cookie: string,
    headers: Readonly<Record<string, string>> = { 'sec-fetch-site': 'same-origin', origin: 'null' },
  ) => {
    const call = service.anonymous('post', '/v1/inspections');
    const all = { cookie, accept: browserAccept, 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'iframe', ...headers };
    for (const [name, value] of Object.entries(all)) call.set(name, value);
    return call;
  };
  const byForm = (...given: Parameters<typeof byBrowser>) =>
    byBrowser(...given).attach('file', Buffer.from(text), 'key.pem');
  const cookiesOf = async (where: SignInService) => {
    const browser = new SigningBrowser(where);
    await browser.signIn('jane');
    return browser.cookies;
  };

  it('is sent to the form of the page, which may frame it', async () => {
    const { headers, text: report } = await byForm(opened, await cookiesOf(opened)).expect(200);
    expect(report).toContain('key.pem');
    expect(headers).toMatchObject({
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-store',
      'content-security-policy': expect.stringMatching(
        /^default-src 'none'; style-src 'sha256-[\w+/=]+'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'$/,
      ),
      'x-frame-options': 'SAMEORIGIN',
      'x-content-type-options': 'nosniff',
    });
    expect(headers).not.toHaveProperty('origin-agent-cluster');
  });

  it('is a problem in the frame where there is none', async () => {
    const answer = await byBrowser(opened, await cookiesOf(opened))
      .set('content-type', 'multipart/form-data; boundary=x')
      .send('no part')
      .expect(400);
    const { headers } = answer;
    expect(as.problem(answer).detail).toBe('the body is not valid multipart/form-data');
    expect(headers['x-frame-options']).toBe('SAMEORIGIN');
    expect(headers['content-security-policy']).toMatch(/^default-src 'none'.*frame-ancestors 'self'$/);
  });

  it('may be framed as a page alone, and by nobody where there is no console', async () => {
    const jsonAnswer = await byForm(opened, await cookiesOf(opened))
      .set('accept', 'application/json')
      .expect(200);
    expect(jsonAnswer.headers['x-frame-options']).toBe('DENY');
    expect(jsonAnswer.headers['content-security-policy']).toMatch(/;frame-ancestors 'none'$/);
    const page = await byForm(without, await cookiesOf(without)).expect(200);
    expect(page.headers['x-frame-options']).toBe('DENY');
    expect(page.headers['content-security-policy']).toMatch(/; frame-ancestors 'none'$/);
  });

  it.each([
    ['a page of another site', { 'sec-fetch-site': 'cross-site', origin: 'null' }],
    ['a page of a neighbour', { 'sec-fetch-site': 'same-site', origin: 'null' }],
    ['the address bar', { 'sec-fetch-site': 'none', origin: 'null' }],
    ['a browser that does not say where the form stands', { origin: 'null' }],
  ])('is refused to %s', async (_, headers) => {
    const answer = await byForm(opened, await cookiesOf(opened), headers).expect(403);
    expect(as.problem(answer).detail).toMatch(/must come from a page of kubepass$/);
  });

  it('comes after a sign-in, which leads to the console', async () => {
    expect((await new SigningBrowser(opened).signIn('jane')).headers.location).toBe('/console/');
    expect((await new SigningBrowser(without).signIn('jane')).headers.location).toBe('/docs');
  });

  it('is not there with console: false, as nothing of the console is', async () => {
    for (const path of ['/console', '/console/', '/console/requests', '/console/assets/main-A1B2C3D4.js']) {
      const { body } = await without.service.anonymous('get', path).expect(404);
      expect(body).toMatchObject({ detail: 'there is no such path' });
      await without.service.anonymous('post', path).expect(404);
    }
    const led = await without.service.anonymous('get', '/').set('accept', browserAccept).expect(302);
    expect([led.headers['location'], led.headers['vary']]).toEqual(['/docs', 'Accept']);
    await without.service.anonymous('get', '/docs').expect(200);
  });
});
