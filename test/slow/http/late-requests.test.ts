// Tests src/http/server/create-server.ts, src/http/server/arriving-request.ts
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createServer, usualPatience } from '../../../src/http/server/create-server.js';
import { connectRaw, trickle, type RawClient } from '../../http/support/raw-client.js';
import { startService, type TestService } from '../../http/support/service.js';
import { makeTlsPair } from '../../http/support/tls-files.js';

let overHttp: TestService;
let overTls: TestService;
/** A tenth of the usual times. */
const patience = { arrivalMilliseconds: 3_000, lookMilliseconds: 100, handshakeMilliseconds: 1_000 };
beforeAll(async () => {
  overHttp = await startService({ app: { patience } });
  overTls = await startService({ app: { patience, tls: makeTlsPair() } });
});
afterAll(async () => {
  await overHttp.close();
  await overTls.close();
});

/** A busy machine is late itself. */
const slack = 5_000;

const head = (path: string, type: string, token: string) =>
  `POST ${path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\nContent-Type: ${type}\r\nContent-Length: 50000\r\n\r\n`;

/** Clients that begin and do not come to an end, each in its own way. */
const lateClients: Readonly<Record<string, (client: RawClient, token: string) => void>> = {
  'sends nothing': () => undefined,
  'sends its headers octet by octet': (client) => {
    trickle(client, `GET /livez HTTP/1.1\r\nHost: x\r\nX-Long: ${'a'.repeat(1_000)}`, 50);
  },
  'stops within its headers': ({ socket }) => {
    socket.write('GET /livez HTTP/1.1\r\nHost: x\r\n');
  },
  'sends its body octet by octet': (client, token) => {
    client.socket.write(head('/v1/certificate-requests', 'application/json', token));
    trickle(client, `{"username":"${'a'.repeat(1_000)}`, 50);
  },
  'stops within its body': ({ socket }, token) => {
    socket.write(`${head('/v1/kubeconfigs', 'application/json', token)}{"username":`);
  },
  'sends an upload octet by octet': (client, token) => {
    client.socket.write(head('/v1/inspections', 'multipart/form-data; boundary=b', token));
    const part = '--b\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\n';
    trickle(client, `${part}${'a'.repeat(1_000)}`, 50);
  },
  'stops within its second request': ({ socket }) => {
    socket.write('GET /livez HTTP/1.1\r\nHost: x\r\n\r\nGET /livez HTTP/1.1\r\n');
  },
};

it('clients usually get 30 s for a request, and 10 s for a handshake', () => {
  expect(usualPatience).toEqual({
    arrivalMilliseconds: 30_000,
    lookMilliseconds: 1_000,
    handshakeMilliseconds: 10_000,
  });
  for (const server of [createServer(() => undefined), createServer(() => undefined, makeTlsPair())])
    expect(server).toMatchObject({ headersTimeout: 29_000, requestTimeout: 29_000 });
});

it('headers and body have to arrive in time, however they come, and nothing is left behind', async () => {
  const late = await Promise.all(
    [overHttp, overTls].flatMap((service) =>
      Object.entries(lateClients).map(async ([what, begin]) => {
        const client = await connectRaw(service.address);
        begin(client, service.tokenOf('alice'));
        return { what: `${service.address} ${what}`, after: await client.ended, received: client.received() };
      }),
    ),
  );
  for (const { what, after, received } of late) {
    expect.soft(after, what).toBeGreaterThan(2_500);
    expect.soft(after, what).toBeLessThan(3_000 + slack);
    expect.soft(received, what).toMatch(/HTTP\/1.1 408 [\s\S]*urn:kubepass:problem:request-timeout/);
  }
  for (const service of [overHttp, overTls]) {
    // The clients keep their side open, and some go on.
    await expect.poll(() => service.connections(), { timeout: 15_000 }).toBe(0);
    expect(service.log()).not.toContain('"level":"error"');
  }
});

it('a TLS handshake has to end in time, however it comes, and nothing is left behind', async () => {
  // The beginning of a ClientHello: a handshake record of 512 octets (RFC 8446 5.1).
  const hello = Buffer.concat([Buffer.from('1603010200010001fc0303', 'hex'), Buffer.alloc(501)]);
  const clients = await Promise.all(Array.from({ length: 4 }, () => connectRaw(overTls.address, { over: 'TCP' })));
  const [, stopped, trickling, plain] = clients;
  stopped?.socket.write(hello.subarray(0, 20));
  if (trickling) trickle(trickling, hello, 50);
  plain?.socket.write('GET /livez HTTP/1.1\r\nHost: x\r\n\r\n');
  for (const { ended, received } of clients) {
    expect(await ended).toBeLessThan(1_000 + slack);
    expect(received()).not.toContain('HTTP');
  }
  await expect.poll(() => overTls.connections(), { timeout: 15_000 }).toBe(0);
});
