// Tests src/requests/replay.ts, src/requests/replay-routes.ts, src/requests/replay-schemas.ts,
// src/policy/compare-decisions.ts
import { request as httpRequest } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ReplayLine } from '../../../../src/requests/replay-schemas.js';
import { policySetOf } from '../../../helpers/issuance.js';
import { seedRequests } from '../../../helpers/recorded-requests.js';
import { as } from '../../../http/support/call.js';
import { policies, startService, type TestService } from '../../../http/support/service.js';

const recorded = 5000;
const from = new Date('2026-01-01T00:00:00Z');

let service: TestService;
beforeAll(async () => {
  service = await startService();
  await seedRequests(service.store, recorded, { policySet: policySetOf(policies), from });
});
afterAll(() => service.close());

const linesOf = (text: string) =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as ReplayLine);

async function replay(body: object): Promise<readonly ReplayLine[]> {
  const call = service.as('audrey')('post', '/v1/policies/replay').set('accept', 'application/x-ndjson');
  const answer = await call.send(body).expect(200);
  expect(answer.type).toBe('application/x-ndjson');
  const lines = linesOf(answer.text);
  expect(lines[0]).toMatchObject({ type: 'begun' });
  return lines;
}

const latestEvent = async () => {
  const events = await service.as('audrey')('get', '/v1/audit-events?type=PolicyReplayed').expect(200);
  return as.events(events).items.at(-1);
};

const stricter = policies.replace('"team-*", "ops-*"', '"team-*", "ops-eu"').replace('604800', '7200');

describe('POST /v1/policies/replay', () => {
  it('changes nothing under the policies that decided', async () => {
    const lines = await replay({ policies: [policies] });
    expect(lines.filter(({ type }) => type !== 'progress')).toHaveLength(2);
    expect(lines.at(-1)).toMatchObject({
      type: 'summary',
      requests: recorded,
      changed: { requests: 0 },
      undecidable: { requests: 0 },
      failed: 0,
    });
    expect(lines.filter(({ type }) => type === 'progress')).toHaveLength(recorded / 1000);
  });

  it('tells of each request that would be decided otherwise, what it would be and why, and sums up', async () => {
    const lines = await replay({ policies: [stricter] });
    const changed = lines.flatMap((line) => (line.type === 'changed' ? [line] : []));
    const summary = lines.at(-1);
    if (summary?.type !== 'summary') throw new Error('there is no summary');
    expect(summary.requests).toBe(recorded);
    expect(summary.changed.requests).toBe(changed.length);
    expect(changed.length).toBeGreaterThan(1000);
    for (const change of ['permittedToDenied', 'lifetimeChanged', 'reasonsChanged', 'deniedToPermitted'] as const)
      expect(summary.changed[change]).toBe(changed.filter(({ changes }) => changes.includes(change)).length);

    // A request for team-c and ops-us, without a lifetime. Only `by-hand` permitted it, and no longer does.
    const one = changed.find(
      ({ groups, changes }) => groups.includes('ops-us') && changes.includes('permittedToDenied'),
    );
    expect(one).toMatchObject({
      cluster: 'demo',
      requester: 'hr-system',
      was: { outcome: 'permitted', approval: 'manual', policy: 'by-hand', reasons: [] },
      wouldBe: { outcome: 'denied', approval: null, policy: null, expirationSeconds: null },
    });
    expect(one?.wouldBe.reasons).toContain('GroupNotPermitted');
    expect(one?.why).toContainEqual(
      expect.objectContaining({ kind: 'policy', name: 'by-hand', was: 'permits', wouldBe: 'denies' }),
    );
    const byHand = one?.why.find(({ name }) => name === 'by-hand');
    expect(byHand?.failing[0]).toMatchObject({ check: 'allowed.groups' });
    expect(new Set(changed.map(({ id }) => id)).size).toBe(changed.length);
  });

  it('permits what was denied, where the policies are wider: denied requests are recorded too', async () => {
    const wider = policies.slice(0, policies.lastIndexOf('---')).replaceAll('"team-*"', '"*"');
    const summary = (await replay({ policies: [wider] })).at(-1);
    // One in six requests is for `blocked`. A fifth of these want a longer lifetime than the automatic policy permits.
    expect(summary).toMatchObject({ type: 'summary', changed: { permittedToDenied: 0 } });
    if (summary?.type === 'summary') expect(summary.changed.deniedToPermitted).toBeGreaterThan(500);
  });

  it('says which requests it cannot decide for want of which fact, and decides the others', async () => {
    const withQuota = policies.replace(
      'approval: { mode: auto }',
      'quota: { livePerUsername: 3 }\n  approval: { mode: auto }',
    );
    const lines = await replay({ policies: [withQuota] });
    const undecidable = lines.flatMap((line) => (line.type === 'undecidable' ? [line] : []));
    expect(undecidable.length).toBeGreaterThan(0);
    expect(undecidable.every(({ facts }) => facts.length === 1 && facts[0] === 'usage')).toBe(true);
    // The quota does not matter for requests that its policy denies anyway.
    expect(undecidable.some(({ groups }) => groups.includes('ops-eu') || groups.includes('blocked'))).toBe(false);
    expect(lines.at(-1)).toMatchObject({
      type: 'summary',
      requests: recorded,
      changed: { requests: 0 },
      undecidable: { requests: undecidable.length, usage: undecidable.length },
    });
  });

  it('reads one period, and one cluster', async () => {
    const at = (seconds: number) => new Date(from.getTime() + seconds * 1000).toISOString();
    const requests = async (body: object) => {
      const summary = (await replay({ policies: [policies], ...body })).at(-1);
      return summary?.type === 'summary' ? summary.requests : null;
    };
    expect(await requests({ after: at(100), before: at(350) })).toBe(250);
    expect(await requests({ after: at(4990) })).toBe(10);
    expect(await requests({ before: at(1) })).toBe(1);
    expect(await requests({ cluster: 'demo', after: at(4990) })).toBe(10);
    expect(await requests({ cluster: 'elsewhere' })).toBe(0);
    const backwards = await service
      .as('audrey')('post', '/v1/policies/replay')
      .send({ policies: [policies], after: at(2), before: at(1) })
      .expect(400);
    expect(as.problem(backwards).errors).toEqual([{ pointer: '/after', message: expect.any(String) as string }]);
  });

  it('is one JSON object with the same lines where the caller does not say', async () => {
    const before = new Date(from.getTime() + 500_000).toISOString();
    const lines = await replay({ policies: [stricter], before });
    const answer = await service
      .as('audrey')('post', '/v1/policies/replay')
      .send({ policies: [stricter], before })
      .expect(200);
    expect(answer.type).toBe('application/json');
    expect(answer.body).toEqual({ items: lines });
  });

  it('leaves out what kubepass asked for itself', async () => {
    const before = new Date().toISOString();
    await service.as('root')('post', '/v1/clusters/demo/probe').expect(200);
    expect((await replay({ policies: [policies], after: before })).at(-1)).toMatchObject({ requests: 0 });
  });

  it('puts on record who replayed what under which policies, and what it came to', async () => {
    const lines = await replay({ policies: [stricter] });
    const [begun, summary] = [lines[0], lines.at(-1)];
    if (begun?.type !== 'begun' || summary?.type !== 'summary') throw new Error('no replay');
    expect(await latestEvent()).toMatchObject({
      principal: 'audrey',
      details: {
        policySetDigest: begun.policySetDigest,
        complete: true,
        requests: recorded,
        changed: summary.changed,
        after: null,
        before: begun.before,
      },
    });
  });

  it('refuses policies that are not valid before anything is streamed', async () => {
    const answer = await service
      .as('audrey')('post', '/v1/policies/replay')
      .send({ policies: [policies, 'kind: Policy'] })
      .expect(422);
    expect(as.problem(answer)).toMatchObject({
      type: 'urn:kubepass:problem:unacceptable-policies',
      reason: 'Invalid',
      errors: expect.arrayContaining([
        { pointer: '/policies/1', message: expect.stringMatching(/^line 1, column 1: \/spec: /) as string },
      ]) as object[],
    });
    await service.as('audrey')('post', '/v1/policies/replay').send({ policies: [] }).expect(400);
    await service.as('audrey')('post', '/v1/policies/replay').send({}).expect(400);
  });

  it('ends with a caller who leaves, says so in the audit log, and turns others away meanwhile', async () => {
    const body = JSON.stringify({ policies: [stricter] });
    const left = httpRequest(`${service.address}/v1/policies/replay`, {
      method: 'POST',
      headers: { authorization: `Bearer ${service.tokenOf('audrey')}`, 'content-type': 'application/json' },
    });
    left.on('error', () => undefined);
    const answered = new Promise<void>((resolve) => {
      left.on('response', (response) => {
        response.once('data', () => resolve());
        response.on('error', () => undefined);
      });
    });
    left.end(body);
    await answered;
    const busy = await service
      .as('root')('post', '/v1/policies/replay')
      .send({ policies: [stricter] })
      .expect(503);
    expect(busy.headers['retry-after']).toBe('30');
    left.destroy();

    await expect
      .poll(async () => (await latestEvent())?.details, { timeout: 20_000 })
      .toMatchObject({ complete: false });
    expect((await latestEvent())?.details['requests']).toBeLessThan(recorded);
    expect((await replay({ policies: [policies] })).at(-1)).toMatchObject({ type: 'summary', requests: recorded });
  });

  it('is read to a last line that says why, where it fails midway', async () => {
    const chunk = service.store.recordedRequests.chunk.bind(service.store.recordedRequests);
    let chunks = 0;
    service.store.recordedRequests.chunk = (...range) =>
      ++chunks > 3 ? Promise.reject(new Error('disk I/O error in /secret/place')) : chunk(...range);
    try {
      const lines = await replay({ policies: [stricter] });
      expect(lines.at(-1)).toMatchObject({
        type: 'error',
        problem: { type: 'urn:kubepass:problem:internal-error', status: 500 },
      });
      expect(JSON.stringify(lines)).not.toContain('secret');
      expect(service.log()).toContain('a replay failed');
      expect(await latestEvent()).toMatchObject({ details: { complete: false, requests: 300 } });
    } finally {
      service.store.recordedRequests.chunk = chunk;
    }
  });
});
