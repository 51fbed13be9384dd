// Tests src/access/timeline-routes.ts, src/access/read-identities.ts, src/store/tables/timeline-table.ts
import { afterAll, beforeAll, expect, it } from 'vitest';
import { as } from '../../http/support/call.js';
import { type Person, startService, type TestService } from '../../http/support/service.js';

let service: TestService;
beforeAll(async () => {
  service = await startService();
});
afterAll(() => service.close());

type Bar = readonly [number, number, number, number, readonly number[], string];
interface Timeline {
  readonly clusters: readonly string[];
  readonly groups: readonly string[];
  readonly items: readonly {
    readonly username: string;
    readonly blocked: boolean;
    readonly bars: readonly Bar[];
    readonly omitted: number;
    readonly cursor: string | null;
  }[];
  readonly nextCursor: string | null;
}
const read = async (query = '', person: Person = 'petra') =>
  (await service.as(person)('get', `/v1/timeline${query}`).expect(200)).body as Timeline;
const namesOf = ({ items }: Timeline) => items.map(({ username }) => username);

async function issue(username: string, groups: readonly string[] = ['team-a'], expirationSeconds = 3600) {
  const answer = await service.as('hr-system')('post', '/v1/kubeconfigs').send({ username, groups, expirationSeconds });
  return as.kubeconfig(answer).certificate;
}
const revoke = (fingerprint: string) =>
  service.as('root')('post', `/v1/certificates/${fingerprint}/revoke`).send({ reason: 'superseded' }).expect(200);

it('has each certificate that works, with indexes into the lists, and seconds', async () => {
  const [short, long] = [await issue('t1', ['team-b', 'team-a']), await issue('t1', ['team-a'], 7200)];
  const { clusters, groups, items, nextCursor } = await read('?username=t1');
  expect([clusters, nextCursor]).toEqual([['demo'], null]);
  const bars = [short, long].map(({ notBefore, notAfter, fingerprintSha256, groups: own }) => [
    ...[0, Date.parse(notBefore) / 1000, Date.parse(notAfter) / 1000, 0],
    ...[own.map((group) => groups.indexOf(group)), fingerprintSha256],
  ]);
  expect(items).toEqual([{ username: 't1', blocked: false, bars, omitted: 0, cursor: null }]);
  expect(groups.toSorted()).toEqual(['team-a', 'team-b']);
});

it('says what is superseded, and what is revoked and not refused', async () => {
  const { fingerprintSha256: first } = await issue('t2');
  await service.as('hr-system')('post', `/v1/certificates/${first}/renew`).send({}).expect(201);
  const { fingerprintSha256: revoked } = await issue('t2', ['team-a'], 7200);
  await revoke(revoked);
  const [identity] = (await read('?username=t2')).items;
  expect(identity?.bars.map(([, , , status]) => status)).toEqual([1, 0, 2]);
  await service.as('petra')('post', '/v1/identities/T2/block').send({ reason: 'keyCompromise' }).expect(200);
  const [blocked] = (await read('?username=t2')).items;
  expect(blocked?.blocked).toBe(true);
  expect(blocked?.bars.map(([, , , status]) => status)).toEqual([2, 2, 2]);
});

it('selects identities as their list does', async () => {
  await issue('t3-a', ['team-x']);
  await issue('t3-a', ['team-y'], 7200);
  await issue('t3-b', ['team-y']);
  await service.as('petra')('post', '/v1/identities/t3-nobody/block').send({ reason: 'keyCompromise' }).expect(200);
  const soon = encodeURIComponent(new Date(Date.now() + 5_400_000).toISOString());
  for (const [query, names] of [
    ['', ['t3-a', 't3-b']],
    ['&group=team-x', ['t3-a']],
    ['&group=team-y', ['t3-a', 't3-b']],
    ['&cluster=demo', ['t3-a', 't3-b']],
    ['&cluster=other', []],
    [`&notAfterBefore=${soon}`, ['t3-b']],
    ['&blocked=false', ['t3-a', 't3-b']],
    ['&blocked=true', ['t3-nobody']],
    ['&username=t3-b', ['t3-b']],
    ['&username=t1', []],
  ] as const) {
    const found = await read(`?usernamePrefix=t3${query}`);
    expect(namesOf(found), query).toEqual(names);
    const { body } = await service.as('petra')('get', `/v1/identities?usernamePrefix=t3${query}`).expect(200);
    expect(
      (body as Timeline).items.map(({ username }) => username),
      query,
    ).toEqual(names);
  }
  const [whole] = (await read('?usernamePrefix=t3&group=team-x')).items;
  expect(whole?.bars).toHaveLength(2);
  expect((await read('?usernamePrefix=t3&blocked=true')).items).toEqual([
    { username: 't3-nobody', blocked: true, bars: [], omitted: 0, cursor: null },
  ]);
});

it('finds a blocked name in another spelling than that of the block, as the list of identities does', async () => {
  const { fingerprintSha256 } = await issue('t5-jane');
  await service.as('petra')('post', '/v1/identities/T5-Jane/block').send({ reason: 'keyCompromise' }).expect(200);
  const found = (query: string) =>
    Promise.all([
      read(`?blocked=true&username=${query}`).then(namesOf),
      service
        .as('petra')('get', `/v1/identities?blocked=true&username=${query}`)
        .then(({ body }) => namesOf(body as Timeline)),
    ]);
  for (const name of ['t5-jane', 'T5-Jane', 'T5-JANE']) expect(await found(name)).toEqual([[name], [name]]);
  expect(await found('t5-jane&usernamePrefix=T')).toEqual([[], []]);
  expect(await found('t5-john')).toEqual([[], []]);
  const [item] = (await read('?blocked=true&username=t5-jane')).items;
  expect(item?.bars.map((bar) => bar[5])).toEqual([fingerprintSha256]);
});

it('never cuts an identity in two pages', async () => {
  for (const username of ['t4-a', 't4-b', 't4-b', 't4-b', 't4-c', 't4-d']) await issue(username);
  const pages: (readonly [string, number])[][] = [];
  for (let next = '?usernamePrefix=t4&limit=2'; next !== '';) {
    const answer = await service.as('audrey')('get', `/v1/timeline${next}`).expect(200);
    const { items } = answer.body as Timeline;
    pages.push(items.map(({ username, bars }) => [username, bars.length]));
    next = /^<\/v1\/timeline(.*)>; rel="next"$/.exec(answer.headers['link'] ?? '')?.[1] ?? '';
  }
  expect(pages).toEqual([
    [['t4-a', 1]],
    [['t4-b', 3]],
    [
      ['t4-c', 1],
      ['t4-d', 1],
    ],
  ]);
});

it('is for those who read identities, and refuses what is no query of it', async () => {
  for (const person of ['alice', 'bob', 'hr-system'] as const)
    await service.as(person)('get', '/v1/timeline').expect(403);
  for (const query of ['limit=0', 'limit=10001', 'residualExposure=true', 'cursor=x', 'blocked=yes'])
    await service.as('root')('get', `/v1/timeline?${query}`).expect(400);
});
