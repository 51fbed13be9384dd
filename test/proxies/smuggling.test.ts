// Tests src/http/server/create-server.ts, src/http/server/arriving-request.ts
import { randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  brokenChunks,
  hiddenPath,
  otherProtocols,
  plainRequests,
  refusedOctets,
  unreadBodies,
} from '../http/support/ambiguous-requests.js';
import { connectRaw } from '../http/support/raw-client.js';
import { startService, type TestService } from '../http/support/service.js';
import { makeTlsPair } from '../http/support/tls-files.js';
import { temporaryDirectory } from '../helpers/temporary-directory.js';
import { proxyNames, startProxy, type Proxy } from './proxy.js';

const directory = temporaryDirectory();
const pair = makeTlsPair();
const certificateFile = join(directory.path, 'tls.crt');
writeFileSync(certificateFile, pair.cert);
afterAll(() => {
  directory.remove();
});

const every = [...refusedOctets, ...brokenChunks, ...unreadBodies, ...otherProtocols, ...plainRequests];

describe.each(
  proxyNames.flatMap(
    (name) =>
      [
        [name, 'HTTP'],
        [name, 'TLS'],
      ] as const,
  ),
)('behind %s, over %s', (name, protocol) => {
  let service: TestService;
  let proxy: Proxy;
  const answered: (string | null)[] = [];
  beforeAll(async () => {
    const measures = {
      route: () => undefined,
      answered: (_method: string, path: string | null) => {
        answered.push(path);
      },
    };
    service = await startService({ app: { measures, ...(protocol === 'TLS' && { tls: pair }) } });
    proxy = await startProxy(name, service.address, hiddenPath, certificateFile);
  });
  afterAll(async () => {
    await proxy.stop();
    await service.close();
  });

  /** Another client, on the connection to the service that the one before used. */
  const callsOfOthers = async () => {
    for (let i = 0; i < 3; i++) {
      const id = randomUUID();
      const answer = await fetch(`${proxy.address}/v1/whoami`, {
        headers: { authorization: `Bearer ${service.tokenOf('bob')}`, 'x-request-id': id },
        signal: AbortSignal.timeout(60_000),
      });
      const text = await answer.text();
      expect({ status: answer.status, id: answer.headers.get('x-request-id'), text }).toEqual({
        status: 200,
        id,
        text: expect.stringContaining('"name":"bob"') as unknown,
      });
    }
  };

  it('shares one connection', async () => {
    await callsOfOthers();
    await callsOfOthers();
    expect(await service.connections()).toBe(1);
    // These tests see a request that comes past the proxy.
    await service.anonymous('get', hiddenPath).expect(401);
    expect(answered.splice(0)).toContain(hiddenPath);
  });

  it.each(every.map(({ what, octets }) => [what, octets] as const))(
    'others get their own answers, and nothing hidden arrives: %s',
    async (_what, octets) => {
      // At once; and with the hidden request after the answer to the first one.
      for (const pieces of [[octets], octets.split(new RegExp(`(?=GET ${hiddenPath})`))]) {
        const { socket, ended } = await connectRaw(proxy.address);
        for (const piece of pieces) {
          socket.write(Buffer.from(piece, 'latin1'));
          await Promise.race([ended, sleep(50)]);
        }
        const others = callsOfOthers();
        socket.write('GET /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
        await Promise.race([ended, sleep(50)]);
        socket.destroy();
        await others;
        await callsOfOthers();
      }
      expect(answered).not.toContain(hiddenPath);
    },
  );
});
