// Tests bench/load/load.ts, bench/load/http-connection.ts
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { requestOctets, type Target } from '../../../bench/load/http-connection.js';
import { measureThroughput, sendEach, type Load } from '../../../bench/load/load.js';

describe('the load generator', () => {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url ?? '');
    response.writeHead(request.url === '/refused' ? 503 : 200).end('an answer');
  });
  let target: Target;
  const loadOf = (...paths: readonly string[]): Load => ({
    target,
    connections: 3,
    requests: paths.map((path) => requestOctets(target, 'GET', path, {}, '')),
    expectedStatus: 200,
  });

  beforeAll(async () => {
    await once(server.listen(0, '127.0.0.1'), 'listening');
    target = { host: '127.0.0.1', port: (server.address() as AddressInfo).port, ca: null };
  });
  beforeEach(() => {
    asked.length = 0;
  });
  afterAll(() => server.close());

  it('sends each request once', async () => {
    const paths = Array.from({ length: 20 }, (_, i) => `/${i}`);
    await sendEach(loadOf(...paths));
    expect(asked.toSorted()).toEqual(paths.toSorted());
  });

  it('counts the answers between the two readings of the meter', async () => {
    const { answered, before, after, perSecond } = await measureThroughput(loadOf('/'), 0.05, () => asked.length);
    expect([before, after]).toEqual([0, answered]);
    expect(answered).toBeGreaterThanOrEqual(3);
    expect(perSecond).toBeLessThanOrEqual(answered / 0.05);
  });

  it('ends with the first answer that has another status', async () => {
    await expect(sendEach(loadOf('/', '/refused'))).rejects.toThrow('answered with 503, not 200');
  });
});
