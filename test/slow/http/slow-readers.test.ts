// Tests src/http/server/connections.ts, src/http/answers/exports.ts, src/http/answers/responses.ts
import { setImmediate, setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RecordedRequest, Replayed } from '../../../src/model/replay.js';
import type { ExposedIdentity } from '../../../src/model/identity.js';
import type { RouteContext } from '../../../src/start/route-context.js';
import { connectRaw } from '../../http/support/raw-client.js';
import { policies, startService, type TestService } from '../../http/support/service.js';
import { makeTlsPair } from '../../http/support/tls-files.js';
import { quietMoment } from '../../helpers/quiet-moment.js';
import { withMethods, withReaders } from '../../helpers/other-methods.js';

const stalledMilliseconds = 2_000;
/** The replays that are open now. */
let open = 0;
const exposed: ExposedIdentity = {
  username: 'jane',
  clusters: [],
  blocked: null,
  leftAt: null,
  residualExposure: [
    {
      cluster: 'demo',
      fingerprintSha256: '0'.repeat(64),
      notAfter: new Date(),
      enforcement: 'none',
      continues: ['all'],
    },
  ],
  omitted: false,
};
/** How many pages were read. */
let pages = 0;
/** A page full of the item, behind which there are more. */
const endlessPage = <T>(items: readonly T[]) => {
  pages += 1;
  return { items: Array.from({ length: 100 }).flatMap(() => items), nextCursor: 'more' };
};
/** Whether nothing is read any more. */
const isQuiet = async () => {
  const before = pages;
  await quietMoment(500);
  return open === 0 && pages === before;
};

/** A page of such texts has 100 KB, because what arrives before a reader stops takes memory of this process, too. */
const text = 'a'.repeat(999);
const link = { seq: 0, canonical: text, previousHash: '', hash: '' };

/** Nothing is decided again, and the answer is a long one. */
const failedReplay = ({ id, cluster, groups, requester, decision: { decidedAt } }: RecordedRequest): Replayed => ({
  kind: 'failed',
  request: { id, cluster, groups, username: text, requester: requester.name, decidedAt },
});

/** Every source of a stream goes on for as long as somebody reads. */
const endless = (context: RouteContext): RouteContext => {
  const withCertificates = withReaders(context, 'certificates', {
    list: async (filter, page) => {
      const { items } = await context.store.certificates.list(filter, { ...page, limit: 1, cursor: null });
      return endlessPage(items);
    },
  });
  const withIdentities = withReaders(withCertificates, 'identities', {
    listAmong: (() => Promise.resolve(endlessPage([exposed]))) as never,
  });
  const withAuditEvents = withReaders(withIdentities, 'auditEvents', {
    head: () => Promise.resolve({ seq: Number.MAX_SAFE_INTEGER, hash: '' }),
    links: async (after) => {
      await setImmediate();
      return endlessPage([link]).items.map((one, i) => ({ ...one, seq: after + 1 + i }));
    },
  });
  return {
    ...withReaders(withAuditEvents, 'recordedRequests', {
      chunk: async (range) => endlessPage(await context.store.recordedRequests.chunk(range, null, 1)).items,
    }),
    drafts: withMethods(context.drafts, {
      replay: async (draft) => {
        const session = await context.drafts.replay(draft);
        open += 1;
        return withMethods(session, {
          replay: (batch) => Promise.resolve(batch.map(failedReplay)),
          close: async () => {
            await session.close();
            open -= 1;
          },
        });
      },
    }),
  };
};

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;
/** Octets that the process holds. Garbage does not count, because the process has that of other tests, too. */
function heldOctets(): number {
  collectGarbage();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/** Each route that streams, with its media types. */
const streams: readonly (readonly [string, string, string, object?])[] = [
  ['GET', '/v1/certificates', 'text/csv'],
  ['GET', '/v1/certificates', 'application/x-ndjson'],
  ['GET', '/v1/audit-events', 'application/x-ndjson'],
  ['GET', '/v1/audit-events?hashes=true', 'application/x-ndjson'],
  ['POST', '/v1/policies/replay', 'application/x-ndjson', { policies: [policies] }],
  ['GET', '/v1/identities?residualExposure=true', 'text/csv'],
];

describe.each(['HTTP', 'TLS'])('a reader over %s', (protocol) => {
  let service: TestService;
  beforeAll(async () => {
    const tls = protocol === 'TLS' ? { tls: makeTlsPair() } : {};
    const connections = { max: 100, maxPerAddress: 100, stalledMilliseconds };
    service = await startService({ context: endless, app: { connections, ...tls } });
    const wanted = { username: 'jane', groups: ['team-a'], cluster: 'demo' };
    await service.as('root')('post', '/v1/kubeconfigs').send(wanted).expect(201);
  });
  afterAll(() => service.close());

  const begin = async ([method, path, type, body]: (typeof streams)[number]) => {
    const client = await connectRaw(service.address);
    const text = body === undefined ? '' : JSON.stringify(body);
    client.socket.write(
      `${method} ${path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${service.tokenOf('root')}\r\nAccept: ${type}\r\n` +
        `${text && `Content-Type: application/json\r\nContent-Length: ${text.length}\r\n`}\r\n${text}`,
    );
    await expect.poll(client.received).toMatch(/^HTTP\/1.1 200 /);
    return client;
  };

  it('of every stream that stops is cut off, its source ends, and memory does not grow', async () => {
    const before = heldOctets();
    const clients = await Promise.all(streams.map(begin));
    for (const { socket } of clients) socket.pause();
    let most = 0;
    while ((await service.connections()) > 0) {
      most = Math.max(most, heldOctets() - before);
      await sleep(500);
    }
    await expect.poll(isQuiet).toBe(true);
    expect(most).toBeLessThan(streams.length * 16 * 1024 * 1024);
    for (const { socket } of clients) socket.destroy();
  });

  it('of every stream that goes on slowly is not', async () => {
    const clients = await Promise.all(streams.slice(0, 4).map(begin));
    for (const { socket } of clients) socket.pause();
    const until = performance.now() + 4 * stalledMilliseconds;
    while (performance.now() < until) {
      await sleep(200);
      for (const { socket } of clients) socket.resume();
      await sleep(1);
      for (const { socket } of clients) socket.pause();
    }
    expect(await service.connections()).toBe(clients.length);
    for (const { socket } of clients) socket.destroy();
    await expect.poll(isQuiet).toBe(true);
  });

  it('is tried with every route that streams', async () => {
    const { paths } = (await service.anonymous('get', '/openapi.json')).body as {
      paths: Record<string, Record<string, { responses: Record<string, { content?: object }> }>>;
    };
    const streaming = Object.entries(paths).flatMap(([path, methods]) =>
      Object.entries(methods).flatMap(([method, { responses }]) =>
        Object.keys(responses['200']?.content ?? {})
          .filter((type) => /ndjson|csv/.test(type))
          .map((type) => `${method.toUpperCase()} ${path} ${type}`),
      ),
    );
    const tried = streams.map(([method, path, type]) => `${method} ${path.split('?')[0] ?? ''} ${type}`);
    expect(new Set(tried)).toEqual(new Set(streaming));
  });
});
