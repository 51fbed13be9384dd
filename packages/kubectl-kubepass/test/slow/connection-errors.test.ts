// Tests packages/kubectl-kubepass/src/connection-errors.ts, packages/kubectl-kubepass/src/call-json.ts
import { createServer as createPlainServer, type Server } from 'node:http';
import { createServer } from 'node:https';
import { createServer as createTcpServer, type AddressInfo, type Server as TcpServer } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { callJson } from '../../src/call-json.js';
import { whyNoConnection } from '../../src/connection-errors.js';
import { issue, makeAuthority } from '../../../../test/helpers/fake-api-server/serving-certificate.js';

const servers: (Server | TcpServer)[] = [];
let ca = '';
const ports = { tls: 0, plain: 0, silent: 0, ending: 0, closed: 0 };

async function listening(server: Server | TcpServer): Promise<number> {
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

beforeAll(async () => {
  const authority = await makeAuthority('kubepass-of-connection-errors');
  ca = authority.pem;
  const { certificatePem, privateKeyPem } = await issue(authority, { username: 'kubepass' }, 'serverAuth');
  ports.tls = await listening(createServer({ cert: certificatePem, key: privateKeyPem }, (_, answer) => answer.end()));
  ports.plain = await listening(createPlainServer((_, answer) => answer.end()));
  ports.silent = await listening(createTcpServer());
  ports.ending = await listening(createTcpServer((socket) => socket.destroy()));
  const gone = createTcpServer();
  ports.closed = await listening(gone);
  gone.close();
});
afterAll(() => {
  for (const server of servers) server.close();
});

const call = (url: string, certificateAuthority: string | null, environment = {}) =>
  callJson({
    ...{ method: 'GET', url, certificateAuthority, environment, timeoutMilliseconds: 1_000 },
    ...{ trustAdvice: 'name the CA', now: () => Date.now() },
  });

describe('a call that gets no connection says the address, the cause and what helps', () => {
  const cases: readonly (readonly [string, () => Promise<unknown>, RegExp])[] = [
    [
      'an unknown CA',
      () => call(`https://127.0.0.1:${ports.tls}`, null),
      /^https:\/\/127\.0\.0\.1:\d+ cannot be reached: its certificate is of a CA that Node\.js does not trust \(UNABLE_.*\): name the CA$/,
    ],
    [
      'another CA than the one that is named',
      async () => call(`https://127.0.0.1:${ports.tls}`, (await makeAuthority('another')).pem),
      /its certificate is not of the CA that you have named \(.*\)\. If the CA was replaced, name the CA$/,
    ],
    [
      'another name',
      () => call(`https://localhost:${ports.tls}`, ca),
      /its certificate is for another name: IP Address:127\.0\.0\.1, and not localhost\. Use a name that it has$/,
    ],
    [
      'a closed port, for a name with several addresses too',
      () => call(`https://localhost:${ports.closed}`, null),
      /^https:\/\/localhost:\d+ cannot be reached: the connection is refused: nothing listens on port \d+ there\. Check/,
    ],
    [
      'no such host',
      () => call('https://kubepass.invalid', null),
      /^https:\/\/kubepass\.invalid cannot be reached: there is no host kubepass\.invalid \(E\w+\): check the name/,
    ],
    [
      'silence',
      () => call(`https://127.0.0.1:${ports.silent}`, null),
      /no answer within 1 s: check the network, a proxy/,
    ],
    [
      'plain HTTP where TLS is expected',
      () => call(`https://127.0.0.1:${ports.plain}`, null),
      /something that does not speak TLS answers on port \d+\. Check the port$/,
    ],
    [
      'TLS where plain HTTP is expected',
      () => call(`http://127.0.0.1:${ports.tls}`, null),
      /\. If it speaks TLS, write https$/,
    ],
    [
      'a connection that is ended',
      () => call(`https://127.0.0.1:${ports.ending}`, null),
      /the connection was ended \(ECONNRESET\), by the server or by something on the way\. Check the address and the port$/,
    ],
    [
      'a proxy that is not there',
      () => call('https://kubepass.example', null, { HTTPS_PROXY: `http://127.0.0.1:${ports.closed}` }),
      /the proxy 127\.0\.0\.1:\d+ cannot be reached: .*ECONNREFUSED.*\. Check HTTPS_PROXY, or set NO_PROXY$/,
    ],
  ];
  it.each(cases)('%s', async (_name, asked, message) => {
    const error: unknown = await asked().then(
      () => null,
      (refused: unknown) => refused,
    );
    expect(error).toMatchObject({ name: 'UnavailableError', message: expect.stringMatching(message) as string });
  });

  it.each([
    ['CERT_HAS_EXPIRED', /its certificate has expired: .*unless the clock here is wrong: .* it is 2026-01-02T/],
    ['CERT_NOT_YET_VALID', /not valid yet, or the clock here is wrong: .*2026-01-02T/],
    ['EHOSTUNREACH', /no way to that host \(EHOSTUNREACH\): check the network, and the VPN/],
    ['ETIMEDOUT', /no answer \(ETIMEDOUT\)/],
    ['HPE_INVALID_CONSTANT', /does not speak HTTP answers on port 443/],
    ['SOMETHING_ELSE', /^of its own$/],
  ])('%s', (code, message) => {
    const error = Object.assign(new Error('of its own'), { code });
    const place = new URL('https://kubepass.example');
    const attempted = { place, isPinned: false, trustAdvice: 'name the CA', now: Date.parse('2026-01-02T00:00:00Z') };
    expect(whyNoConnection(error, attempted)).toMatch(message);
  });
});
