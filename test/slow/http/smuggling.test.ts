// Tests src/http/server/create-server.ts, src/http/server/arriving-request.ts
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  brokenChunks,
  hiddenPath,
  otherProtocols,
  plainRequests,
  refusedOctets,
  unreadBodies,
  type Octets,
} from '../../http/support/ambiguous-requests.js';
import { connectRaw } from '../../http/support/raw-client.js';
import { startService, type TestService } from '../../http/support/service.js';
import { makeTlsPair } from '../../http/support/tls-files.js';

describe.each(['HTTP', 'TLS'])('octets that two parsers could read in two ways, over %s', (protocol) => {
  let service: TestService;
  /** The routes that answered, in order. */
  const answered: (string | null)[] = [];
  beforeAll(async () => {
    const measures = {
      route: () => undefined,
      answered: (_method: string, path: string | null) => {
        answered.push(path);
      },
    };
    service = await startService({ app: { measures, ...(protocol === 'TLS' && { tls: makeTlsPair() }) } });
  });
  afterAll(() => service.close());
  beforeEach(() => {
    answered.length = 0;
  });

  const last = 'GET /livez HTTP/1.1\r\nHost: x\r\nX-Request-Id: last\r\nConnection: close\r\n\r\n';
  /** The answers, in order, until the service ends the connection, or for so long. */
  const send = async (pieces: readonly string[]) => {
    const { socket, received, ended } = await connectRaw(service.address);
    for (const piece of pieces) {
      socket.write(Buffer.from(piece, 'latin1'));
      await sleep(pieces.length > 1 ? 50 : 0);
    }
    const end = await Promise.race([ended.then(() => 'ended'), sleep(30_000, 'open')]);
    socket.destroy();
    const answers = received().split(/(?=HTTP\/1\.1 \d{3} )/);
    return { end, answers, statuses: answers.map((answer) => Number(answer.slice(9, 12))) };
  };
  const named = (list: readonly Octets[]) => list.map(({ what, octets }) => [what, octets] as const);

  it.each(named(refusedOctets))('are refused, and end the connection: %s', async (_what, octets) => {
    const { end, answers, statuses } = await send([octets + last]);
    expect({ end, statuses }).toEqual({ end: 'ended', statuses: [400] });
    expect(answers[0]).toMatch(/connection: close/i);
    expect(answers[0]).toMatch(/application\/problem\+json[\s\S]*x-request-id: [\s\S]*invalid-request/i);
    // Not one of the two requests reached anything.
    expect(answered).toEqual([]);
  });

  it.each(named(brokenChunks))('end the connection: %s', async (_what, octets) => {
    const { end, answers, statuses } = await send([octets + last]);
    expect(end).toBe('ended');
    expect(statuses.filter((status) => status < 400)).toEqual([]);
    expect(answers.join('')).not.toMatch(/x-request-id: last/i);
    expect(answered).not.toContain(hiddenPath);
  });

  it.each(named(unreadBodies))('are a body, although nobody reads it: %s', async (_what, octets) => {
    for (const pieces of [[octets + last], [...octets.split(/(?<=\r\n\r\n)(?=GET)/), last]]) {
      const { end, answers } = await send(pieces);
      expect(end).toBe('ended');
      // An answer may end the connection. The next request is never the body's.
      expect(answers.at(-1)).toMatch(/x-request-id: last|connection: close/i);
      expect(answered).not.toContain(hiddenPath);
    }
  });

  it.each(named(otherProtocols))('are answered alone where another protocol may follow: %s', async (_what, octets) => {
    const { end } = await send([octets + last]);
    expect(end).toBe('ended');
    expect(answered).not.toContain(hiddenPath);
  });

  it.each(named(plainRequests))('are plain requests: %s', async (_what, octets) => {
    const { answers } = await send([octets + last]);
    expect(answers).toHaveLength(3);
    expect(answers[2]).toMatch(/^HTTP\/1.1 200 [\s\S]*x-request-id: last/);
    expect(answered.filter((path) => path === hiddenPath)).toHaveLength(1);
  });

  it('are refused behind requests that are plain, which are answered first', async () => {
    const { statuses } = await send([
      `${last.replace('Connection: close\r\n', '')}${refusedOctets[0]?.octets ?? ''}${last}`,
    ]);
    expect(statuses).toEqual([200, 400]);
  });

  it('are refused without an end of what came before them on the connection', async () => {
    const plain = last.replace('Connection: close\r\n', '');
    const { statuses } = await send([plain + plain, `GET /livez HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n${last}`]);
    expect(statuses).toEqual([200, 200, 400]);
    expect(answered).toEqual(['/livez', '/livez']);
  });

  it.each([
    [401, (token: string) => `Authorization: Bearer ${token}\r\nAuthorization: Bearer ${token}\r\n`],
    [401, (token: string) => `Authorization: Bearer ${token}\r\nAuthorization: Bearer other\r\n`],
    [401, (token: string) => `Authorization: Bearer other\r\nAuthorization: Bearer ${token}\r\n`],
    [
      415,
      (token: string) =>
        `Authorization: Bearer ${token}\r\nContent-Type: application/json\r\nContent-Type: text/plain\r\n`,
    ],
  ] as const)('%i for two fields, because a proxy may look at either', async (status, fieldsFor) => {
    const fields = fieldsFor(service.tokenOf('alice'));
    const { statuses } = await send([
      `POST /v1/kubeconfigs HTTP/1.1\r\nHost: x\r\n${fields}Content-Length: 2\r\n\r\n{}${last}`,
    ]);
    expect(statuses).toEqual([status, 200]);
  });
});
