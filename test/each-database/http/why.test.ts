// Tests src/requests/read-requests.ts, src/requests/decision-schemas.ts, src/policy/decide.ts
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { csrFor } from '../../../packages/x509/test/helpers/csr.js';
import { as } from '../../http/support/call.js';
import { startService, type TestService } from '../../http/support/service.js';
import { aPolicy } from '../../helpers/policies.js';

const policies =
  aPolicy('people', { groups: ['team-*'] }, { kubeconfig: { namespace: 'people', contextName: 'work' } }) +
  aPolicy(
    'operators',
    { groups: ['ops-*'] },
    { approval: { mode: 'manual', expiresAfterSeconds: 600 }, kubeconfig: { namespace: 'operations' } },
  );

let service: TestService;
beforeAll(async () => {
  service = await startService({ policies });
});
afterAll(() => service.close());

async function asked(body: object) {
  const answer = await service.as('alice')('post', '/v1/certificate-requests').send(body);
  return answer.headers['location'] ?? '';
}
const read = async (url: string) => as.request(await service.as('alice')('get', url).expect(200));

describe('GET /v1/certificate-requests/{id}', () => {
  it('says why: each guardrail and policy, each check, what it expected and what it found', async () => {
    const { decision } = await read(await asked({ username: 'jane', groups: ['team-a', 'ops-a'] }));
    expect(decision.outcome).toBe('denied');
    expect(decision.traceNote).toBeNull();
    const policy = decision.trace?.find(({ name }) => name === 'people');
    expect(policy).toMatchObject({ kind: 'policy', verdict: 'denies' });
    expect(policy?.checks.find(({ check }) => check === 'allowed.groups')).toMatchObject({
      passed: false,
      found: '"team-a", "ops-a"',
      reason: 'GroupNotPermitted',
    });
    expect(decision.trace?.some(({ kind }) => kind === 'guardrail')).toBe(true);
  });

  it('alone says so: not the answer to asking, nor the list', async () => {
    const answer = await service
      .as('alice')('post', '/v1/certificate-requests')
      .send({ username: 'jane', groups: ['ops-a'] })
      .expect(201);
    expect(as.request(answer).decision).not.toHaveProperty('trace');
    const { items } = as.requests(await service.as('alice')('get', '/v1/certificate-requests').expect(200));
    expect(items.length).toBeGreaterThan(0);
    for (const { decision } of items) expect(decision).not.toHaveProperty('trace');
  });
});

describe('what the deciding policy says besides', () => {
  const contextOf = (yaml: string) => (parse(yaml) as { contexts: object[] }).contexts;

  it('is in every kubeconfig where the request says nothing', async () => {
    const ask = { username: 'jane', groups: ['team-a'] };
    const atOnce = await service.as('alice')('post', '/v1/kubeconfigs').send(ask).expect(201);
    const collected = await service
      .as('alice')('post', `${await asked(ask)}/kubeconfig`)
      .expect(200);
    const { pem } = await csrFor('jane', ['team-a']);
    const withPath = await service
      .as('alice')('get', `${await asked({ csr: pem })}/kubeconfig`)
      .expect(200);
    for (const answer of [atOnce, collected, withPath]) {
      const { kubeconfig } = as.kubeconfig(answer);
      expect(contextOf(kubeconfig)).toEqual([
        { name: 'work', context: { cluster: 'demo', user: 'jane', namespace: 'people' } },
      ]);
      expect(parse(kubeconfig)).toMatchObject({ 'current-context': 'work' });
    }
  });

  it('gives way to the namespace that was asked for, and is of the policy that decided', async () => {
    const own = { username: 'jane', groups: ['team-a'], namespace: 'mine' };
    const mine = as.kubeconfig(await service.as('alice')('post', '/v1/kubeconfigs').send(own).expect(201));
    expect(contextOf(mine.kubeconfig)).toMatchObject([{ name: 'work', context: { namespace: 'mine' } }]);
    const url = await asked({ username: 'jane', groups: ['ops-a'] });
    await service.as('bob')('post', `${url}/approve`).expect(200);
    const other = as.kubeconfig(await service.as('alice')('post', `${url}/kubeconfig`).expect(200));
    expect(contextOf(other.kubeconfig)).toMatchObject([{ name: 'jane@demo', context: { namespace: 'operations' } }]);
  });

  it('is how long a request waits for approval', async () => {
    const url = await asked({ username: 'jane', groups: ['ops-a'] });
    const { createdAt, waitsUntil } = await read(url);
    expect(Date.parse(waitsUntil ?? '') - Date.parse(createdAt)).toBe(600_000);
    service.advance(601);
    await service.as('bob')('post', `${url}/approve`).expect(409);
  });
});
