// Tests packages/kubectl-kubepass/src/call-json.ts
import { execFile } from 'node:child_process';
import { createServer as createPlainServer, type Server } from 'node:http';
import { createServer } from 'node:https';
import { connect, createServer as createTcpServer, type AddressInfo, type Server as TcpServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { callJson } from '../../src/call-json.js';
import { issue, makeAuthority } from '../../../../test/helpers/fake-api-server/serving-certificate.js';

const listening = async (server: Server | TcpServer): Promise<number> => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
};

let authority: Awaited<ReturnType<typeof makeAuthority>>;
let [secure, plain, proxyPort] = [0, 0, 0];
/** The first line, and what proves who asks, of each ask that the proxy gets. */
let seen: string[] = [];
/** The proxy does this with an ask. */
let how: 'connects' | 'refuses' | 'is silent' | 'connects to nothing' = 'connects';
const servers: (Server | TcpServer)[] = [];

beforeAll(async () => {
  authority = await makeAuthority('kubepass-behind-a-proxy');
  const { certificatePem, privateKeyPem } = await issue(authority, { username: 'kubepass' }, 'serverAuth');
  const answer = '{"name":"alice"}';
  const overTls = createServer({ cert: certificatePem, key: privateKeyPem }, (_request, response) => {
    response.end(answer);
  });
  const open = createPlainServer((_request, response) => response.end(answer));
  const proxy = createTcpServer((near) => {
    near.on('error', () => undefined);
    near.once('data', (head: Buffer) => {
      const [first = '', ...headers] = head.toString().split('\r\n');
      seen.push([first, ...headers.filter((line) => /^proxy-authorization:/i.test(line))].join(' '));
      if (how === 'is silent') return;
      if (how === 'refuses') {
        near.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n');
        return;
      }
      near.write('HTTP/1.1 200 OK\r\n\r\n');
      if (how === 'connects to nothing') return;
      const far = connect(secure, '127.0.0.1');
      far.on('error', () => undefined);
      near.pipe(far).pipe(near);
    });
  });
  servers.push(overTls, open, proxy);
  [secure, plain, proxyPort] = (await Promise.all([overTls, open, proxy].map(listening))) as [number, number, number];
});
afterAll(() => {
  for (const server of servers) server.close();
});
beforeEach(() => {
  seen = [];
  how = 'connects';
});

const asked = { method: 'GET', trustAdvice: 'trust it', now: () => Date.now() } as const;
const call = (url: string, environment: Readonly<Record<string, string>>, timeoutMilliseconds = 5_000) =>
  callJson({ ...asked, url, certificateAuthority: authority.pem, timeoutMilliseconds, environment });

const tls = () => `https://127.0.0.1:${secure}/v1/whoami`;
const proxy = () => `http://127.0.0.1:${proxyPort}`;

describe('a call by https', () => {
  it.each(['HTTPS_PROXY', 'https_proxy'])(
    'goes through the proxy that %s names, which cannot read it',
    async (name) => {
      expect(await call(tls(), { [name]: proxy() })).toMatchObject({ status: 200, json: { name: 'alice' } });
      expect(seen).toEqual([`CONNECT 127.0.0.1:${secure} HTTP/1.1`]);
    },
  );

  it('signs in at the proxy, whose address may be without a scheme', async () => {
    expect((await call(tls(), { HTTPS_PROXY: `ann:p%40ss@127.0.0.1:${proxyPort}` })).status).toBe(200);
    const login = Buffer.from('ann:p@ss').toString('base64');
    expect(seen.map((line) => line.toLowerCase())).toEqual([
      `connect 127.0.0.1:${secure} http/1.1 proxy-authorization: basic ${login.toLowerCase()}`,
    ]);
  });

  it.each(['*', '127.0.0.1', '10.0.0.0/8, 127.0.0.0/8', 'example.com 127.0.0.1:PORT'])(
    'goes past the proxy where NO_PROXY is %s',
    async (list) => {
      const noProxy = list.replace('PORT', String(secure));
      expect((await call(tls(), { HTTPS_PROXY: proxy(), NO_PROXY: noProxy })).status).toBe(200);
      expect(seen).toEqual([]);
    },
  );

  it.each([
    ['kubepass.example', 'example', false],
    ['kubepass.example', '.example', false],
    ['kubepass.example', '*.example', false],
    ['kubepass.example', 'KUBEPASS.example', false],
    ['kubepass.example', '.kubepass.example', true],
    ['kubepass.example', 'pass.example', true],
    ['kubepass.example', 'kubepass.example:8443', true],
    ['kubepass.example', '', true],
    ['127.0.0.1', '127.0.0.1:1', true],
    ['127.0.0.1', '10.0.0.0/8', true],
    ['127.0.0.1', '127.0.0.0/40', true],
    ['[::1]', '::1', false],
    ['[::1]', '[::1]:443', false],
    ['[::1]', 'fe80::/10', true],
  ])('to %s with NO_PROXY %j goes through the proxy: %s', async (host, noProxy, goes) => {
    how = 'refuses';
    await call(`https://${host}/`, { HTTPS_PROXY: proxy(), NO_PROXY: noProxy }, 3_000).catch(() => undefined);
    expect(seen).toHaveLength(goes ? 1 : 0);
  });

  it('trusts no server behind the proxy that it would not trust without', async () => {
    const other = { ...asked, url: tls(), certificateAuthority: null, timeoutMilliseconds: 5_000 } as const;
    await expect(callJson({ ...other, environment: { HTTPS_PROXY: proxy() } })).rejects.toThrow(
      /certificate is of a CA that Node\.js does not trust .*: trust it$/,
    );
  });

  it.each([
    ['refuses', 30_000, 'answers 407'],
    ['is silent', 500, 'no answer within 0.5 s'],
    ['connects to nothing', 500, 'no answer within 0.5 s'],
  ] as const)('fails in time where the proxy %s', async (what, milliseconds, message) => {
    how = what;
    await expect(call(tls(), { HTTPS_PROXY: proxy() }, milliseconds)).rejects.toMatchObject({
      name: 'UnavailableError',
      message: expect.stringContaining(message) as string,
    });
  });

  it.each(['socks5://127.0.0.1:1', 'ftp://x', '::'])('says that it cannot use the proxy %s', async (text) => {
    await expect(call(tls(), { HTTPS_PROXY: text })).rejects.toMatchObject({
      name: 'UnavailableError',
      message: expect.stringContaining('HTTPS_PROXY is no URL') as string,
    });
  });
});

it('sends a call by plain http, which is for this machine alone, to no proxy', async () => {
  const environment = { HTTPS_PROXY: proxy(), HTTP_PROXY: proxy(), http_proxy: proxy() };
  expect((await call(`http://127.0.0.1:${plain}/`, environment)).status).toBe(200);
  expect(seen).toEqual([]);
});

it.each(['connects', 'is silent', 'connects to nothing'] as const)(
  'lets the process end after a call through a proxy that %s',
  async (what) => {
    how = what;
    const module = fileURLToPath(new URL('../../src/call-json.ts', import.meta.url));
    const script = `const { callJson } = await import(${JSON.stringify(module)});
      const asked = JSON.parse(process.argv[1]);
      await callJson({ ...asked, trustAdvice: '', now: Date.now, environment: process.env }).then(({ status }) => console.log(status), () => console.log('none'));`;
    const asked = JSON.stringify({
      ...{ method: 'GET', url: tls(), certificateAuthority: authority.pem, timeoutMilliseconds: 2_000 },
    });
    const output = await new Promise<string>((resolve, reject) => {
      execFile(
        process.execPath,
        ['--import', 'tsx', '--input-type=module', '--eval', script, asked],
        { env: { ...process.env, HTTPS_PROXY: proxy() }, timeout: 30_000 },
        (error, stdout) => {
          if (error === null) resolve(stdout);
          else reject(new Error(error.message));
        },
      );
    });
    expect(output.trim()).toBe(what === 'connects' ? '200' : 'none');
  },
);
