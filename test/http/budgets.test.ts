// Tests src/callers/spent-budgets.ts, src/http/hooks/tell-budgets.ts
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { csrFor } from '../../packages/x509/test/helpers/csr.js';
import { keyProof } from '../helpers/key-proof.js';
import { temporaryDirectory } from '../helpers/temporary-directory.js';
import { as, type Answer } from './support/call.js';
import { localCluster } from './support/local-cluster.js';
import { startService, type TestService, type TestServiceOptions } from './support/service.js';

const ask = { username: 'somebody', groups: ['team-a'] };
const denied = { username: 'somebody', groups: ['blocked'] };

/** The items of a structured list of strings with parameters, as a client reads it. */
const items = (field: string | undefined): Readonly<Record<string, Readonly<Record<string, string>>>> =>
  Object.fromEntries(
    (field ?? '').split(', ').map((item) => {
      const [name = '', ...parameters] = item.split(';');
      return [name.slice(1, -1), Object.fromEntries(parameters.map((one) => one.split('=')))];
    }),
  );

const directory = temporaryDirectory();
afterAll(() => directory.remove());

let service: TestService;
let cluster: string | undefined;
const start =
  (budgets: object, options: TestServiceOptions = {}) =>
  async () => {
    cluster ??= await localCluster(directory.path);
    const config = `${cluster}budgets: ${JSON.stringify(budgets)}\n`;
    service = await startService({ ...options, config });
  };
const stop = () => service.close();

describe('the fields of an answer', () => {
  beforeEach(start({ writes: 3, denied: 5, auditKilobytes: 50, inspectionSeconds: 7 }, { clockStands: true }));
  afterEach(stop);

  it('say what is left, as it is counted', async () => {
    const write = () => service.as('alice')('post', '/v1/certificate-requests').send(ask);
    const first = await write();
    expect(first.headers['ratelimit-policy']).toBe(
      '"writes";q=3;w=60, "denied";q=5;w=60, "auditKilobytes";q=50;w=60;qu="kilobytes"',
    );
    expect(items(first.headers['ratelimit'])).toMatchObject({
      writes: { r: '2', t: '60' },
      denied: { r: '5' },
    });
    service.advance(20);
    expect(items((await write()).headers['ratelimit'])).toMatchObject({ writes: { r: '1', t: '40' } });
    expect(items((await write()).headers['ratelimit'])).toMatchObject({ writes: { r: '0', t: '40' } });

    const refused = await write();
    expect(refused.status).toBe(429);
    expect(refused.headers['retry-after']).toBe('40');
    expect(items(refused.headers['ratelimit'])).toMatchObject({ writes: { r: '0', t: '40' } });
    const { budget, detail, type } = as.problem(refused);
    expect(type).toBe('urn:kubepass:problem:budget-exceeded');
    expect(budget).toMatchObject({ name: 'writes', limit: 3 });
    expect(detail).toBe(`the budget writes of 3 a minute is spent; wait until ${budget?.until ?? ''}`);
    expect((await service.as('alice')('get', '/v1/certificate-requests')).status).toBe(200);

    service.advance(40);
    const again = await write();
    expect(again.status).toBe(201);
    expect(items(again.headers['ratelimit'])).toMatchObject({ writes: { r: '2', t: '60' } });
  });

  it('name the budgets that the call needs, and nothing where none is needed', async () => {
    const read = await service.as('alice')('get', '/v1/whoami');
    expect(read.headers['ratelimit-policy']).toBe('"denied";q=5;w=60');
    expect(read.headers['ratelimit']).toBe('"denied";r=5');
    const inspection = await service.as('alice')('post', '/v1/inspections').send({ content: 'nothing' });
    expect(inspection.headers['ratelimit-policy']).toBe('"inspectionSeconds";q=7;w=60;qu="seconds", "denied";q=5;w=60');
    for (const path of ['/livez', '/readyz', '/openapi.json'])
      expect((await service.anonymous('get', path)).headers['ratelimit'], path).toBeUndefined();
    expect((await service.anonymous('get', '/v1/whoami')).headers['ratelimit']).toBeUndefined();
  });

  it('count the denial that they come with', async () => {
    const answer = await service.as('alice')('post', '/v1/certificate-requests').send(denied);
    expect(answer.status).toBe(403);
    expect(items(answer.headers['ratelimit'])).toMatchObject({ writes: { r: '2' }, denied: { r: '4' } });
    const forbidden = await service.as('alice')('get', '/v1/audit-events');
    expect(items(forbidden.headers['ratelimit'])).toMatchObject({ denied: { r: '3' } });
  });

  it('are of one budget for all tokens of a name', async () => {
    const tokens = await Promise.all(
      Array.from({ length: 2 }, async () => {
        const body = { name: 'Portal', roles: ['requester'] };
        return as.token(await service.as('root')('post', '/v1/api-tokens').send(body)).token;
      }),
    );
    const left = [];
    for (const token of [...tokens, ...tokens]) {
      const answer = await service.withToken(token)('post', '/v1/certificate-requests').send(ask);
      left.push([answer.status, items(answer.headers['ratelimit'])['writes']?.['r']]);
    }
    expect(left).toEqual([
      [201, '2'],
      [201, '1'],
      [201, '0'],
      [429, '0'],
    ]);
  });
});

describe('a spent budget', () => {
  beforeEach(
    start({
      writes: 2,
      denied: 3,
      auditKilobytes: 4,
      inspectionSeconds: 1,
      roles: { admin: { writes: 100, auditKilobytes: 100 } },
    }),
  );
  afterEach(stop);

  it('of denials ends all probing of the caller, and nobody else’s work', async () => {
    const probe = () => service.as('alice')('get', '/v1/audit-events');
    expect([(await probe()).status, (await probe()).status, (await probe()).status]).toEqual([403, 403, 403]);
    for (const [method, path] of [
      ['get', '/v1/audit-events'],
      ['get', '/v1/whoami'],
      ['post', '/v1/certificate-requests'],
      ['post', '/v1/inspections'],
    ] as const) {
      const answer = await service
        .as('alice')(method, path)
        .send(method === 'post' ? ask : undefined);
      expect(as.problem(answer).budget, path).toMatchObject({ name: 'denied', limit: 3 });
    }
    expect((await service.as('hr-system')('post', '/v1/certificate-requests').send(ask)).status).toBe(201);
  });

  it('keeps a connector of the directory from more joiners, in the form of SCIM, and never from leavers', async () => {
    const made = { name: 'connector', roles: ['directory'] };
    const { token } = as.token(await service.as('root')('post', '/v1/api-tokens').send(made));
    const core = 'urn:ietf:params:scim:schemas:core:2.0';
    const messages = 'urn:ietf:params:scim:api:messages:2.0';
    const scim = (method: 'post' | 'patch' | 'delete', path: string, body: object) =>
      service.withToken(token)(method, `/scim/v2${path}`).send(body);
    const joins = (userName: string) => scim('post', '/Users', { schemas: [`${core}:User`], userName, active: true });
    const ids = [];
    for (const name of ['jane', 'joe'])
      ids.push((JSON.parse((await joins(name).expect(201)).text) as { readonly id: string }).id);
    const [jane = '', joe = ''] = ids;
    for (const refused of [
      await joins('jim').expect(429),
      await scim('post', '/Groups', { schemas: [`${core}:Group`], displayName: 'all' }).expect(429),
    ]) {
      expect(refused.headers['content-type']).toContain('application/scim+json');
      expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
      expect(JSON.parse(refused.text)).toMatchObject({
        schemas: [`${messages}:Error`],
        status: '429',
        detail: expect.stringMatching(/^the budget writes of 2 a minute is spent; wait until /) as unknown,
      });
    }
    const search = await scim('post', '/Users/.search', { schemas: [`${messages}:SearchRequest`] }).expect(200);
    expect(search.headers['ratelimit-policy']).toBe('"denied";q=3;w=60');
    const leaves = { schemas: [`${messages}:PatchOp`], Operations: [{ op: 'replace', value: { active: false } }] };
    await scim('patch', `/Users/${jane}`, leaves).expect(200);
    await scim('delete', `/Users/${joe}`, {}).expect(204);
  });

  it('does not keep anybody from ending access', async () => {
    const issue = (name: 'petra') => service.as(name)('post', '/v1/kubeconfigs').send(ask);
    const issued = await issue('petra');
    expect(issued.status).toBe(201);
    const request = as.request(await service.as('petra')('get', issued.headers['location'] ?? ''));
    const fingerprint = request.certificate?.fingerprintSha256 ?? '';
    await issue('petra');
    expect((await issue('petra')).status).toBe(429);
    for (let i = 0; i < 4; i++) await service.as('petra')('get', '/v1/audit-events');
    expect((await service.as('petra')('get', '/v1/whoami')).status).toBe(429);

    const revoked = await service
      .as('petra')('post', `/v1/certificates/${fingerprint}/revoke`)
      .send({ reason: 'keyCompromise' });
    expect(revoked.status).toBe(200);
    expect(revoked.headers['ratelimit-policy']).toBe('"endingAccess";q=2;w=60');
    expect(
      (await service.as('petra')('post', '/v1/identities/somebody/block').send({ reason: 'affiliationChanged' }))
        .status,
    ).toBe(200);
    // These have an end too: a thief could block one name after another.
    const third = await service
      .as('petra')('post', '/v1/identities/nobody/block')
      .send({ reason: 'affiliationChanged' });
    expect(as.problem(third).budget).toMatchObject({ name: 'endingAccess', limit: 2 });
  });

  it('of audit events shortens the comments of those who end access, and refuses nothing of it', async () => {
    const long = { reason: 'superseded', comment: '😀'.repeat(1024) };
    const block = async (name: string, body = long) => {
      const answer = await service.as('petra')('post', `/v1/identities/${name}/block`).send(body);
      expect(answer.status).toBe(200);
      return (JSON.parse(answer.text) as { readonly blocked: { readonly comment: string } }).blocked.comment;
    };
    expect(await block('first')).toBe(long.comment);
    expect(as.problem(await service.as('petra')('post', '/v1/certificate-requests').send(ask)).budget?.name).toBe(
      'auditKilobytes',
    );
    const shown = `${'😀'.repeat(64)}… (shortened: the budget auditKilobytes was spent)`;
    expect(await block('second')).toBe(shown);
    service.advance(60);
    await service
      .as('petra')('post', '/v1/certificate-requests')
      .send({ ...ask, reason: '😀'.repeat(1024) });
    expect(await block('third', { reason: 'superseded', comment: 'leaves the company' })).toBe('leaves the company');
    expect(await block('fourth')).toBe(shown);
  });

  it('of audit events ends what would record more of them', async () => {
    const answers: Answer[] = [];
    for (let i = 0; i < 8; i++)
      answers.push(
        await service
          .as('root')('post', '/v1/policies/evaluate')
          .send({ ...denied, reason: 'x'.repeat(500) }),
      );
    expect(answers.map(({ status }) => status)).toEqual(Array(8).fill(200));
    for (let i = 0; i < 100; i++) {
      const answer = await service
        .as('root')('post', '/v1/policies/evaluate')
        .send({
          username: 'somebody',
          groups: Array.from({ length: 32 }, (_, k) => `${String(k)}-${'g'.repeat(60)}`),
        });
      if (answer.status === 429) {
        expect(as.problem(answer).budget).toMatchObject({ name: 'auditKilobytes', limit: 100 });
        return;
      }
    }
    throw new Error('nothing was refused');
  });

  it('writes one line into the log', async () => {
    for (let i = 0; i < 10; i++) await service.as('alice')('post', '/v1/certificate-requests').send(ask);
    const lines = service.log().split('\n');
    expect(lines.filter((line) => line.includes('a budget is spent'))).toHaveLength(1);
    // Two that were let in, and the first that was not.
    expect(lines.filter((line) => line.includes('"request answered"') && line.includes('"alice"'))).toHaveLength(3);
  });

  it('is counted for each role, and the largest counts', async () => {
    for (let i = 0; i < 5; i++)
      expect((await service.as('root')('post', '/v1/certificate-requests').send(ask)).status).toBe(201);
  });
});

describe('a spent budget of audit events', () => {
  beforeEach(start({ writes: 20, auditKilobytes: 4, roles: { admin: { auditKilobytes: 100 } } }));
  afterEach(stop);

  it('is spent on people, and keeps nobody in the directory who leaves', async () => {
    const made = { name: 'connector', roles: ['directory'] };
    const { token } = as.token(await service.as('root')('post', '/v1/api-tokens').send(made));
    const core = 'urn:ietf:params:scim:schemas:core:2.0';
    const scim = (method: 'post' | 'put' | 'patch' | 'delete', path: string, body: object) =>
      service.withToken(token)(method, `/scim/v2${path}`).send(body);
    const long = '😀'.repeat(120);
    const person = (userName: string) => ({
      ...{ schemas: [`${core}:User`], userName, active: true, displayName: long },
      emails: [{ value: long, type: 'work' }],
    });
    const joins = async (userName: string) => {
      const answer = await scim('post', '/Users', { ...person(userName), displayName: 'short', emails: [] });
      return (JSON.parse(answer.text) as { readonly id: string }).id;
    };
    const [jane, joe] = [await joins('jane'), await joins('joe')];
    service.advance(60);
    const jim = (JSON.parse((await scim('post', '/Users', person('jim')).expect(201)).text) as { readonly id: string })
      .id;
    // One person takes it all.
    for (const refused of [
      await scim('put', `/Users/${jim}`, person('jim-of-sales')),
      await scim('put', `/Users/${jane}`, person('jane')),
      await scim('post', '/Users', person('june')),
    ]) {
      expect(refused.status).toBe(429);
      expect(refused.headers['content-type']).toContain('application/scim+json');
      expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
      expect((JSON.parse(refused.text) as { readonly detail: string }).detail).toMatch(
        /^the budget auditKilobytes of 4 a minute is spent; wait until /,
      );
    }
    // A change that makes no difference keeps nothing.
    await scim('put', `/Users/${jim}`, person('jim')).expect(200);
    const left = await scim('put', `/Users/${jane}`, { ...person('jane'), active: false }).expect(200);
    expect(JSON.parse(left.text)).toMatchObject({ active: false, displayName: 'short' });
    expect((JSON.parse(left.text) as { readonly emails?: unknown }).emails ?? []).toEqual([]);
    await scim('delete', `/Users/${joe}`, {}).expect(204);
    service.advance(60);
    await scim('put', `/Users/${jim}`, person('jim-of-sales')).expect(200);
    const [old] = await service.store.directory.bearersOf(['jim']);
    expect(old).toMatchObject({ userName: 'jim', displayName: null, emails: [] });
    await scim('delete', `/Users/${jim}`, {}).expect(204);
    expect(await service.store.directory.user(jim)).toMatchObject({
      deletedAt: expect.any(Date) as Date,
      displayName: null,
      emails: [],
    });
  });
});

describe('a thief with one token of a name', () => {
  beforeEach(start({ writes: 3, denied: 2 }));
  afterEach(stop);

  it('does not keep the person from finding and ending it, whatever the thief spends', async () => {
    const [stolen, kept] = await Promise.all(
      [0, 1].map(async () =>
        as.token(
          await service
            .as('root')('post', '/v1/api-tokens')
            .send({ name: 'ops', roles: ['admin'] }),
        ),
      ),
    );
    const thief = service.withToken(stolen?.token ?? '');
    const person = service.withToken(kept?.token ?? '');
    const block = () => thief('post', '/v1/identities/nobody/block').send({ reason: 'superseded' });
    for (let i = 0; i < 3; i++) expect((await block()).status).toBe(200);
    expect(as.problem(await block()).budget?.name).toBe('endingAccess');
    for (let i = 0; i < 2; i++) expect((await thief('post', '/v1/certificate-requests').send(denied)).status).toBe(403);
    expect(as.problem(await thief('get', '/v1/whoami')).budget?.name).toBe('denied');

    expect((await person('get', '/v1/api-tokens')).status).toBe(200);
    expect((await person('delete', `/v1/api-tokens/${stolen?.id ?? ''}`)).status).toBe(204);
    expect((await thief('get', '/v1/whoami')).status).toBe(401);
  });
});

describe('a cluster that asks about access', () => {
  beforeEach(start({ writes: 1, denied: 1 }));
  afterEach(stop);

  it('is never answered 429', async () => {
    const body = { apiVersion: 'authorization.k8s.io/v1', kind: 'SubjectAccessReview', spec: { user: 'jane' } };
    for (let i = 0; i < 20; i++) {
      const answer = await service.as('root')('post', '/v1/clusters/demo/access-reviews').send(body);
      expect(answer.status).toBe(200);
      expect(answer.headers['ratelimit']).toBeUndefined();
    }
    for (let i = 0; i < 5; i++)
      expect((await service.as('alice')('post', '/v1/clusters/demo/access-reviews').send(body)).status).toBe(403);
  });
});

describe('a renewal by a proof of possession', () => {
  beforeEach(start({ writes: 2, denied: 5, auditKilobytes: 50, inspectionSeconds: 7 }));
  afterEach(stop);

  async function certificateOf(username: string) {
    const { pem, keyPair } = await csrFor(username, ['team-a']);
    const answer = await service
      .as('alice')('post', '/v1/certificate-requests')
      .set('prefer', 'wait=20')
      .send({ csr: pem })
      .expect(201);
    const fingerprint = as.request(answer).certificate?.fingerprintSha256 ?? '';
    return async () => {
      const { pem: csr } = await csrFor(username, ['team-a']);
      const now = service.context.clock();
      const proof = await keyProof({ fingerprint, key: keyPair.privateKey, address: service.address, csr, now });
      return service
        .anonymous('post', `/v1/certificates/${fingerprint}/renew`)
        .set('authorization', `KubepassProof ${proof}`)
        .send({ csr });
    };
  }

  it('is a write of the username of the certificate, and not of whoever asked for it', async () => {
    const renewJane = await certificateOf('jane');
    service.advance(60);
    for (const left of ['1', '0']) {
      const answer = await renewJane();
      expect(answer.status).toBe(201);
      const { writes, auditKilobytes } = items(answer.headers['ratelimit']);
      expect(writes).toMatchObject({ r: left });
      expect(Number(auditKilobytes?.['r'])).toBeLessThan(50);
    }
    const refused = await renewJane();
    expect(refused.status).toBe(429);
    expect(as.problem(refused).type).toBe('urn:kubepass:problem:budget-exceeded');
    // The budgets of alice are whole, and so are the budgets of another name.
    const renewJohn = await certificateOf('john');
    expect(items((await renewJohn()).headers['ratelimit'])).toMatchObject({ writes: { r: '1' } });
    const asked = await service.as('alice')('post', '/v1/certificate-requests').send(ask);
    expect(asked.status).toBe(201);
    expect(items(asked.headers['ratelimit'])).toMatchObject({ writes: { r: '0' } });
  });

  it('leaves a principal alone whose name a certificate has', async () => {
    const renew = await certificateOf('carol');
    service.advance(60);
    for (let i = 0; i < 2; i += 1) expect((await renew()).status).toBe(201);
    expect((await renew()).status).toBe(429);
    expect((await service.as('carol')('post', '/v1/certificate-requests').send(ask)).status).toBe(201);
  });
});
