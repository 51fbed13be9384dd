// Tests src/callers/spent-budgets.ts, src/inspections/inspection-pool.ts
import { Agent, request as httpRequest } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { csrFor } from '../../../../packages/x509/test/helpers/csr.js';
import { temporaryDirectory } from '../../../helpers/temporary-directory.js';
import { hostileUploads } from '../../../http/support/hostile-uploads.js';
import { localCluster } from '../../../http/support/local-cluster.js';
import { startService, type TestService } from '../../../http/support/service.js';

const ask = { username: 'somebody', groups: ['team-a'] };
const denied = { username: 'somebody', groups: ['blocked'] };
const budgets = {
  writes: 60,
  denied: 30,
  inspectionSeconds: 1,
  auditKilobytes: 100,
  roles: { provisioner: { writes: 1000, inspectionSeconds: 1000, auditKilobytes: 1000 } },
};

const directory = temporaryDirectory();
let service: TestService;
beforeAll(async () => {
  const config = `${await localCluster(directory.path)}budgets: ${JSON.stringify(budgets)}\n`;
  service = await startService({ config });
});
afterAll(async () => {
  await service.close();
  directory.remove();
});

it('a stolen token beside a normal load neither fills the disk nor keeps others waiting', async () => {
  // On a busy machine it takes longer until the thief has tried often enough.
  const until = performance.now() + 4_000;
  let tried = 0;
  const isOver = () => performance.now() > until && tried >= 400;
  const agent = new Agent({ keepAlive: true });
  const send = (method: string, path: string, token: string, body?: string | Buffer) =>
    new Promise<number>((resolve, reject) => {
      const call = httpRequest(new URL(path, service.address), {
        ...{ method, agent },
        headers: {
          authorization: `Bearer ${token}`,
          ...(body !== undefined && {
            'content-type': typeof body === 'string' ? 'application/json' : 'application/octet-stream',
          }),
        },
      });
      call.on('error', reject);
      call.on('response', (response) => {
        response.resume().on('end', () => {
          resolve(response.statusCode ?? 0);
        });
      });
      call.end(body);
    });

  const stolen = service.tokenOf('carol');
  const seen = new Map<string, number>();
  const bomb = await Promise.resolve(hostileUploads['a gzip bomb']?.(''));
  const attacks = [
    ['POST', '/v1/certificate-requests', JSON.stringify({ ...ask, reason: 'r'.repeat(1000) })],
    ['POST', '/v1/certificate-requests', JSON.stringify(denied)],
    ['POST', '/v1/kubeconfigs', JSON.stringify(ask)],
    ['POST', '/v1/policies/evaluate', JSON.stringify(ask)],
    ['GET', '/v1/audit-events', undefined],
    ['POST', '/v1/inspections', bomb],
    ['POST', '/v1/inspections', bomb],
    ['POST', '/v1/inspections', bomb],
  ] as const;
  const attackers = attacks.map(async ([method, path, body]) => {
    while (!isOver()) {
      const status = await send(method, path, stolen, body);
      tried += 1;
      seen.set(`${path} ${String(status)}`, (seen.get(`${path} ${String(status)}`) ?? 0) + 1);
    }
  });

  const portal = service.tokenOf('petra');
  const answers: number[] = [];
  const waited: number[] = [];
  const small = JSON.stringify({ content: (await csrFor('somebody')).pem });
  while (!isOver()) {
    for (const [path, body] of [
      ['/v1/kubeconfigs', JSON.stringify(ask)],
      ['/v1/inspections', small],
    ] as const) {
      const began = performance.now();
      answers.push(await send('POST', path, portal, body));
      waited.push(performance.now() - began);
    }
    await sleep(20);
  }
  await Promise.all(attackers);
  agent.destroy();

  expect(new Set(answers)).toEqual(new Set([200, 201]));
  expect(waited.toSorted((a, b) => a - b)[Math.floor(waited.length / 2)]).toBeLessThan(1000);
  const total = [...seen.values()].reduce((sum, count) => sum + count, 0);
  const refused = [...seen].reduce((sum, [what, count]) => sum + (what.endsWith('429') ? count : 0), 0);
  expect(refused / total).toBeGreaterThan(0.4);
  // The budgets bound the thief's records, however often the thief tries.
  const rows = await service.store.requests.list({ requester: 'carol' }, { limit: 500, cursor: null });
  expect(rows.items.length).toBeLessThanOrEqual(60);
  const events = await service.store.auditEvents.list({ principal: 'carol' }, { limit: 500, cursor: null });
  const octets = events.items.reduce((sum, { canonical }) => sum + canonical.length, 0);
  expect(octets).toBeLessThan(150_000);
  expect(
    service
      .log()
      .split('\n')
      .filter((line) => line.includes('"principal":"carol"')).length,
  ).toBeLessThan(500);
});
