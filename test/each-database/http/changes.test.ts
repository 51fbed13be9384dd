// Tests src/log/changes.ts, src/log/change-routes.ts, src/store/tables/change-table.ts
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { changeKinds } from '../../../src/model/change.js';
import { as, type Answer } from '../../http/support/call.js';
import { type Changes, readBy, standingOf, wait } from './support/changes.js';
import { type Caller, type Person, startService, type TestService } from '../../http/support/service.js';
import { comingAs, lettingIn } from '../../http/support/ways-in.js';
import { quietMoment } from '../../helpers/quiet-moment.js';

let service: TestService;
beforeAll(async () => {
  service = await startService({ context: lettingIn });
});
afterAll(() => service.close());

interface Token {
  readonly id: string;
  readonly token: string;
}
const ask = async (caller: Caller, groups: string) =>
  as.request(await caller('post', '/v1/certificate-requests').send({ username: 'jane', groups: [groups] })).id;
const everything = Object.keys(changeKinds);

describe('a cursor', () => {
  it('says where the service stands, at once, and differs each time', async () => {
    const first = await readBy(service.as('root'));
    expect(first.changed).toEqual([]);
    expect(first.cursor).toMatch(/^[A-Za-z0-9_-]{22}$/);
    const answer = await service.as('root')('get', '/v1/changes').set('prefer', 'wait=30').expect(200);
    expect((answer.body as Changes).cursor).not.toBe(first.cursor);
    expect(answer.headers['preference-applied']).toBeUndefined();
    expect((await readBy(service.as('root'), first.cursor)).changed).toEqual([]);
  });

  it.each(['x', 'AAAAAAAAAAAAAAAAAAAAAA', 'A'.repeat(64)])(
    'that nobody knows (%s) is answered at once, with everything that the caller may read',
    async (unknown) => {
      const { changed, cursor } = await wait(service.as('root'), unknown, 30);
      expect(changed).toEqual(everything);
      expect((await readBy(service.as('root'), cursor)).changed).toEqual([]);
      const own = ['certificate-requests', 'certificates', 'policies', 'clusters', 'sessions'];
      expect((await readBy(service.as('alice'), unknown)).changed).toEqual(own);
    },
  );

  it.each(['', 'a b', 'A'.repeat(65)])('that cannot be one (%j) is refused', async (malformed) => {
    await service
      .as('root')('get', `/v1/changes?after=${encodeURIComponent(malformed)}`)
      .expect(400);
  });
});

describe('each kind', () => {
  const sinceThen = async (person: Person, act: () => PromiseLike<unknown>) => {
    const after = await standingOf(service.as(person));
    await act();
    return (await readBy(service.as(person), after)).changed;
  };

  it('is named when it has changed, to those who may read it', async () => {
    const act = async () => {
      const answer = await service
        .as('root')('post', '/v1/api-tokens')
        .send({ name: 'temp', roles: ['auditor'] });
      return as.token(answer).id;
    };
    let id = '';
    expect(await sinceThen('root', async () => (id = await act()))).toEqual(['audit-events', 'api-tokens']);
    const end = () => service.as('root')('delete', `/v1/api-tokens/${id}`).expect(204);
    expect(await sinceThen('audrey', end)).toEqual(['audit-events']);
    const block = () => service.as('petra')('post', '/v1/identities/nobody/block').send({ reason: 'keyCompromise' });
    expect(await sinceThen('petra', block)).toEqual(['identities']);
    expect(await sinceThen('root', () => service.as('root')('post', '/v1/clusters/demo/probe').expect(200))).toEqual(
      expect.arrayContaining(['clusters', 'audit-events']),
    );
    const evaluate = () =>
      service
        .as('bob')('post', '/v1/policies/evaluate')
        .send({ username: 'jane', groups: ['team-a'] })
        .expect(200);
    expect(await sinceThen('bob', evaluate)).toEqual([]);
    expect(await sinceThen('bob', () => ask(service.as('alice'), 'ops-a'))).toEqual(['certificate-requests']);
    const issue = () =>
      service
        .as('alice')('post', '/v1/kubeconfigs')
        .send({ username: 'jane', groups: ['team-a'] })
        .expect(201);
    expect(await sinceThen('audrey', issue)).toEqual([
      ...['certificate-requests', 'certificates', 'identities', 'audit-events'],
    ]);
  });

  it('names sessions where the token ends with which they began, to their bearer and to admins', async () => {
    const make = async () => {
      const spec = { name: 'two-tokens', roles: ['requester'] };
      return as.token(await service.as('root')('post', '/v1/api-tokens').send(spec).expect(201)) as Token;
    };
    const [used, other] = [await make(), await make()];
    await service.withToken(used.token)('post', '/v1/sessions').expect(201);
    const readers = [service.as('root'), service.withToken(other.token), service.as('alice')];
    const afters = await Promise.all(readers.map(standingOf));
    await service.as('root')('delete', `/v1/api-tokens/${used.id}`).expect(204);
    const changed = await Promise.all(readers.map(async (reader, i) => (await readBy(reader, afters[i])).changed));
    expect(changed).toEqual([['audit-events', 'api-tokens', 'sessions'], ['sessions'], []]);
    const end = () => service.as('root')('delete', `/v1/api-tokens/${other.id}`).expect(204);
    expect(await sinceThen('root', end)).toEqual(['audit-events', 'api-tokens']);
  });

  it('is named to nobody whom it does not concern, nor is there another sign of it', async () => {
    const strangers = [service.as('alice'), comingAs(service, 'stranger', []), comingAs(service, 'new', ['requester'])];
    const afters = await Promise.all(strangers.map(standingOf));
    const waits = strangers.map((stranger, i) => wait(stranger, afters[i]!, 1));
    await quietMoment();
    await ask(service.as('hr-system'), 'ops-a');
    await service
      .as('hr-system')('post', '/v1/kubeconfigs')
      .send({ username: 'jane', groups: ['team-a'] })
      .expect(201);
    for (const { changed, seconds } of await Promise.all(waits)) {
      expect(changed).toEqual([]);
      expect(seconds).toBeGreaterThan(0.9);
    }
  });

  it('is named to whoever asked and to whoever collects', async () => {
    const [asks, collects, approves] = [service.as('hr-system'), service.as('carol'), service.as('bob')];
    const body = { username: 'jane', groups: ['ops-a'], collector: 'carol' };
    const id = as.request(await asks('post', '/v1/certificate-requests').send(body)).id;
    const afters = await Promise.all([asks, collects].map(standingOf));
    await approves('post', `/v1/certificate-requests/${id}/approve`).send({}).expect(200);
    expect((await readBy(asks, afters[0])).changed).toEqual(['certificate-requests']);
    expect((await readBy(collects, afters[1])).changed).toEqual(['certificate-requests']);
    const fingerprint = as.certificate(await issuedBy(asks)).fingerprintSha256;
    const after = await standingOf(asks);
    await service.as('root')('post', `/v1/certificates/${fingerprint}/revoke`).send({ reason: 'superseded' });
    expect((await readBy(asks, after)).changed).toEqual(['certificate-requests', 'certificates']);
  });
});

async function issuedBy(caller: Caller): Promise<Answer> {
  const answer = await caller('post', '/v1/kubeconfigs').send({ username: 'jane', groups: ['team-a'] });
  const { fingerprintSha256 } = as.kubeconfig(answer).certificate;
  return caller('get', `/v1/certificates/${fingerprintSha256}`);
}
