// Tests src/http/server/connections.ts, src/access/answer-subject-access-review.ts
import { Agent, request } from 'node:https';
import { afterEach, expect, it } from 'vitest';
import type { ConnectionLimits } from '../../../src/http/server/connections.js';
import { as } from '../../http/support/call.js';
import { connectRaw, type RawClient } from '../../http/support/raw-client.js';
import { startService, type TestService } from '../../http/support/service.js';
import { makeTlsPair } from '../../http/support/tls-files.js';

/**
 * An API server works on so many requests at a time (`--max-requests-inflight` and `--max-mutating-requests-inflight`).
 */
const atOnce = 600;
const usual: ConnectionLimits = { max: 1_000, maxPerAddress: 250 };
const reviews = '/v1/clusters/demo/access-reviews';

let service: TestService;
const agents: Agent[] = [];
const strangers: RawClient[] = [];
afterEach(async () => {
  for (const agent of agents.splice(0)) agent.destroy();
  for (const { socket } of strangers.splice(0)) socket.destroy();
  await service.close();
});
const start = async (connections: ConnectionLimits) => {
  service = await startService({ app: { tls: makeTlsPair(), connections } });
  const made = await service
    .as('root')('post', '/v1/api-tokens')
    .send({ name: 'api-server', roles: ['reviewer'], cluster: 'demo', expiresInSeconds: null });
  return as.token(made).token;
};
const hold = async (count: number, localAddress: string) => {
  const held = await Promise.all(
    Array.from({ length: count }, () => connectRaw(service.address, { over: 'TCP', localAddress })),
  );
  strangers.push(...held);
};
/** As many calls at once as there are, each on a connection of its own; answers the statuses, or why there is none. */
const callAtOnce = (count: number, token: string, agent: Agent) =>
  Promise.all(
    Array.from(
      { length: count },
      () =>
        new Promise<number | string>((resolve) => {
          const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
          const options = { method: 'POST', headers, agent };
          const call = request(`${service.address}${reviews}`, options, (answer) => {
            answer.resume().once('end', () => resolve(answer.statusCode ?? 0));
          });
          call.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
          call.end(
            JSON.stringify({
              apiVersion: 'authorization.k8s.io/v1',
              kind: 'SubjectAccessReview',
              spec: { user: 'jane', resourceAttributes: { verb: 'get', resource: 'pods' } },
            }),
          );
        }),
    ),
  );
const newAgent = () => {
  const agent = new Agent({ keepAlive: true, rejectUnauthorized: false, maxFreeSockets: 2_000 });
  agents.push(agent);
  return agent;
};
const allOf = (count: number) => Array.from({ length: count }, () => 200);

it('600 reviews at once are answered while a stranger at the same address holds 250 connections', async () => {
  const token = await start(usual);
  await hold(250, '127.0.0.1');
  const agent = newAgent();
  expect(await callAtOnce(atOnce, token, agent)).toEqual(allOf(atOnce));
  // And again, on the connections that are open.
  expect(await callAtOnce(atOnce, token, agent)).toEqual(allOf(atOnce));
});

it('600 reviews at once are answered while strangers hold all connections, and these lose theirs', async () => {
  const token = await start(usual);
  for (let i = 1; i <= 4; i += 1) await hold(250, `127.0.0.${i}`);
  await expect.poll(() => service.connections()).toBe(1_000);
  expect(await callAtOnce(atOnce, token, newAgent())).toEqual(allOf(atOnce));
  // The reviewer’s connections count apart from now on, so there is room for others.
  await service.as('alice')('get', '/v1/whoami').expect(200);
});

it('strangers get no more connections than there are for them, and keep nobody out', async () => {
  const token = await start({ max: 50, maxPerAddress: 5, newMilliseconds: 200 });
  const agent = newAgent();
  expect(await callAtOnce(20, token, agent)).toEqual(allOf(20));
  await hold(100, '127.0.0.1');
  expect(await service.connections()).toBeLessThanOrEqual(50 + 20);
  // A caller at another address takes the place of one of them.
  const other = await connectRaw(service.address, { localAddress: '127.0.0.9' });
  strangers.push(other);
  other.socket.write('GET /livez HTTP/1.1\r\nHost: x\r\n\r\n');
  await expect.poll(() => other.received()).toContain('200 OK');
  // Connections that are not new any more are cut down to the limit of their address.
  await expect.poll(() => service.connections()).toBeLessThanOrEqual(5 + 1 + 20);
  expect(await callAtOnce(20, token, agent)).toEqual(allOf(20));
  expect(service.log()).toContain('too many connections');
});

it('a reviewer gets no more than 1,000 apart, and shares the limits of strangers beyond', async () => {
  const token = await start({ max: 100, maxPerAddress: 10, newMilliseconds: 200 });
  for (let i = 0; i < 12; i += 1) expect(await callAtOnce(90, token, newAgent())).toEqual(allOf(90));
  await expect.poll(() => service.connections()).toBeLessThanOrEqual(1_000 + 10);
});
