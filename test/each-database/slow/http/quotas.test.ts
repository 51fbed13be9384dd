// Tests src/requests/decision-rounds.ts, src/store/tables/quotas.ts
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { csrFor } from '../../../../packages/x509/test/helpers/csr.js';
import { as, type Answer } from '../../../http/support/call.js';
import { startService, type Person, type TestService } from '../../../http/support/service.js';
import { aPolicy } from '../../../helpers/policies.js';

const hour = { maxExpirationSeconds: 3600 };
const policy = (name: string, quota: string, more: object = {}) =>
  aPolicy(name, { groups: [name] }, { constraints: hour, quota: { [quota]: 3 }, ...more });

const policies = [
  policy('per-username', 'livePerUsername'),
  policy('per-group', 'livePerGroup'),
  policy('per-requester', 'livePerRequester'),
  policy('per-hour', 'issuancesPerHour'),
  policy('by-hand', 'livePerUsername', { approval: { mode: 'manual' } }),
].join('');

let service: TestService;
beforeAll(async () => {
  service = await startService({ policies });
});
afterAll(() => service.close());

interface Ask {
  readonly username: string;
  readonly groups: readonly string[];
}

const withCsr = async (who: Person, ask: Ask) =>
  service
    .as(who)('post', '/v1/certificate-requests')
    .send({ csr: (await csrFor(ask.username, ask.groups)).pem });
const withGeneratedKey = (who: Person, ask: Ask) => service.as(who)('post', '/v1/kubeconfigs').send(ask);

const countOf = (answers: readonly Answer[], status: number) =>
  answers.filter((answer) => answer.status === status).length;

describe('200 requests at once against a quota of 3', () => {
  it.each<[string, Person, (i: number) => Ask]>([
    ['for one username', 'alice', () => ({ username: 'jane', groups: ['per-username'] })],
    ['for one group', 'root', (i) => ({ username: `user-${i}`, groups: ['per-group'] })],
    ['of one requester', 'carol', (i) => ({ username: `user-${i}`, groups: ['per-requester'] })],
    ['of one requester in one hour', 'hr-system', (i) => ({ username: `user-${i}`, groups: ['per-hour'] })],
  ])('let exactly 3 pass: %s', async (_what, who, ask) => {
    const answers = await Promise.all(
      Array.from({ length: 200 }, async (_, i) => (i % 2 ? withCsr(who, ask(i)) : withGeneratedKey(who, ask(i)))),
    );
    expect(countOf(answers, 201)).toBe(3);
    const denied = answers.filter(({ status }) => status === 403);
    expect(denied).toHaveLength(197);
    for (const answer of denied) {
      const { violations } = as.problem(answer) as { readonly violations?: readonly { readonly reason: string }[] };
      expect(violations?.map(({ reason }) => reason)).toEqual(expect.arrayContaining(['QuotaExceeded']));
    }

    const [group = ''] = ask(0).groups;
    const issued = as.certificates(await service.as('audrey')('get', `/v1/certificates?group=${group}`)).items;
    expect(issued).toHaveLength(3);
    // Each denied request is recorded with its violations.
    const recorded = as.requests(
      await service.as('root')('get', `/v1/certificate-requests?requester=${who}&state=denied&limit=500`),
    ).items;
    expect(recorded).toHaveLength(197);
    expect(recorded.every(({ decision }) => decision.violations.some(({ reason }) => reason === 'QuotaExceeded'))).toBe(
      true,
    );
  });

  it('lets the next one pass when one has ended, and no more', async () => {
    service.advance(3700);
    const ask = { username: 'jane', groups: ['per-username'] };
    const answers = await Promise.all(Array.from({ length: 20 }, () => withGeneratedKey('alice', ask)));
    expect(countOf(answers, 201)).toBe(3);
    expect(countOf(answers, 403)).toBe(17);
  });
});

describe('requests that people approve', () => {
  it('do not count while they wait, and pass as far as the quota goes when they are approved at once', async () => {
    const urls: string[] = [];
    for (let i = 0; i < 5; i += 1) {
      const ask = { csr: (await csrFor('petra', ['by-hand'])).pem };
      const answer = await service.as('alice')('post', '/v1/certificate-requests').send(ask).expect(201);
      urls.push(answer.headers['location'] ?? '');
    }
    const approvers: readonly Person[] = ['bob', 'carol', 'root'];
    const answers = await Promise.all(
      urls.map((url, i) => service.as(approvers[i % 3] ?? 'bob')('post', `${url}/approve`)),
    );
    expect(countOf(answers, 200)).toBe(3);
    expect(countOf(answers, 403)).toBe(2);
    for (const url of urls) await service.as('alice')('get', `${url}/certificate`);
    const states = await Promise.all(urls.map(async (url) => as.request(await service.as('root')('get', url))));
    expect(states.map(({ state }) => state).sort()).toEqual(['denied', 'denied', 'issued', 'issued', 'issued']);
    expect(states.filter(({ failure }) => failure?.reason === 'NoLongerPermitted')).toHaveLength(2);
  });

  it('count from the approval on, before the key is collected; one that is cancelled makes room', async () => {
    const ask = { username: 'paula', groups: ['by-hand'] };
    const pending = async () =>
      (await service.as('alice')('post', '/v1/certificate-requests').send(ask).expect(201)).headers['location'] ?? '';
    const urls = await Promise.all(Array.from({ length: 5 }, pending));
    const [first = '', second = '', third = '', fourth = '', fifth = ''] = urls;
    const approve = (url: string) => service.as('bob')('post', `${url}/approve`);
    for (const url of [first, second, third]) await approve(url).expect(200);
    await service.as('alice')('post', '/v1/certificate-requests').send(ask).expect(403);
    await service.as('alice')('post', `${first}/kubeconfig`).expect(200);
    await service.as('alice')('post', `${second}/cancel`).expect(200);
    await approve(fourth).expect(200);
    await approve(fifth).expect(403);
    // Approved requests keep their place in the quota.
    for (const url of [third, fourth]) await service.as('alice')('post', `${url}/kubeconfig`).expect(200);
  });
});

describe('a dry run', () => {
  it('says that the quota is used up, and counts as nothing itself', async () => {
    const evaluate = async () =>
      as.decision(
        await service
          .as('carol')('post', '/v1/policies/evaluate')
          .send({ username: 'rita', groups: ['per-username'] }),
      );
    for (let i = 0; i < 5; i += 1) expect((await evaluate()).outcome).toBe('permitted');
    const ask = { username: 'rita', groups: ['per-username'] };
    for (let i = 0; i < 3; i += 1) await withGeneratedKey('alice', ask);
    const decision = await evaluate();
    expect(decision).toMatchObject({ outcome: 'denied' });
    expect(decision.violations.map(({ reason }) => reason)).toContain('QuotaExceeded');
  });
});
