// Tests src/directory/consequences.ts, src/directory/change-user.ts, src/directory/change-group.ts,
// src/directory/confirm-user.ts, src/directory/directory-routes.ts
import { createPrivateKey, randomBytes, type KeyObject } from 'node:crypto';
import request from 'supertest';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeApiToken, type ApiTokenAsk } from '../../src/callers/api-tokens.js';
import { StoreUnavailableError } from '../../src/model/errors.js';
import { insertApiToken } from '../../src/store/tables/api-token-table.js';
import { updateDirectoryUser } from '../../src/store/tables/directory-statements.js';
import { insertSession } from '../../src/store/tables/session-table.js';
import { toldBy } from '../../src/store/writer/followed-writer.js';
import { aSession } from '../unit/store/records.js';
import { csrFor } from '../../packages/x509/test/helpers/csr.js';
import { keyProof } from '../helpers/key-proof.js';
import { temporaryDirectory } from '../helpers/temporary-directory.js';
import { as } from './support/call.js';
import { localCluster } from './support/local-cluster.js';
import { startService, type Method, type TestService } from './support/service.js';
import { aPolicy } from '../helpers/policies.js';
import { executes } from '../helpers/operations.js';

const userSchema = 'urn:ietf:params:scim:schemas:core:2.0:User';
const groupSchema = 'urn:ietf:params:scim:schemas:core:2.0:Group';
const patchSchema = 'urn:ietf:params:scim:api:messages:2.0:PatchOp';

const policies = `${[
  aPolicy('everybody', { groups: ['viewers'], collectors: ['*'] }),
  aPolicy('members', {
    groupsFromDirectory: { payments: ['team-payments', 'viewers'], oncall: ['ops-*'] },
    collectors: ['*'],
  }),
  aPolicy(
    'by-hand',
    { groups: ['manual'], collectors: ['*'], groupsFromDirectory: { payments: ['team-payments-manual'] } },
    { approval: { mode: 'manual' } },
  ),
].join('')}---
apiVersion: kubepass/v1
kind: Guardrail
metadata: { name: oncall-is-active }
spec:
  selector: { clusters: [demo] }
  match: { groups: ["ops-*"] }
  matchConditions:
    - { name: active, expression: '!directory.active || !directory.groups.exists(g, g == "oncall")' }
  message: only active people on call
`;

let service: TestService;
let token: string;
beforeAll(async () => {
  service = await startService({ policies, overrides: { housekeepingMilliseconds: 500 } });
  token = await tokenOf({ name: 'connector', roles: ['directory'] }, ['root']);
});
afterAll(() => service.close());

async function tokenOf(ask: ApiTokenAsk, createdBy: readonly string[] = []): Promise<string> {
  const made = makeApiToken(ask, createdBy, { now: service.context.clock(), random: randomBytes });
  await service.store.writer.commit({
    operations: [insertApiToken({ token: made.token, secretSha256: made.secretSha256 })],
    events: [],
  });
  return made.secret;
}

const scim = (method: Method, path: string, content?: object) => {
  const call = request(service.address)[method](`/scim/v2${path}`).set('authorization', `Bearer ${token}`);
  return content ? call.set('content-type', 'application/scim+json').send(JSON.stringify(content)) : call;
};
const idIn = (answer: { readonly text: string }) => (JSON.parse(answer.text) as { readonly id: string }).id;
const user = (userName: string, more: object = {}) => ({ schemas: [userSchema], userName, active: true, ...more });
const join = async (userName: string, more: object = {}) =>
  idIn(await scim('post', '/Users', user(userName, more)).expect(201));
const group = async (externalId: string, members: readonly string[] = []) =>
  idIn(
    await scim('post', '/Groups', {
      ...{ schemas: [groupSchema], displayName: `group ${externalId}`, externalId },
      members: members.map((value) => ({ value })),
    }).expect(201),
  );
const patch = (path: string, ...Operations: readonly object[]) =>
  scim('patch', path, { schemas: [patchSchema], Operations });

interface Issued {
  readonly id: string;
  readonly certificate: { readonly fingerprintSha256: string } | null;
}
async function issue(username: string, groups: readonly string[] = ['viewers'], bearer = service.tokenOf('hr-system')) {
  const ask = service.withToken(bearer)('post', '/v1/kubeconfigs').send({ username, groups });
  const { headers } = await ask.expect(201);
  const found = await service.as('root')('get', String(headers['location'])).expect(200);
  return found.body as Issued;
}
interface HeldKey {
  readonly fingerprint: string;
  readonly key: KeyObject;
  readonly username: string;
}
/** A certificate for a CSR of the caller's. */
async function keyOf(username: string, bearer: string): Promise<HeldKey> {
  const { pem, keyPair } = await csrFor(username, ['viewers']);
  const call = service.withToken(bearer)('post', '/v1/certificate-requests').set('prefer', 'wait=20');
  const { body } = await call.send({ csr: pem }).expect(201);
  const { certificate } = body as Issued;
  return { fingerprint: certificate?.fingerprintSha256 ?? '', key: keyPair.privateKey, username };
}
/** A certificate that another principal asked for, with the key that the collector got. */
async function collected(username: string, collector: string, bearer: string): Promise<HeldKey> {
  const ask = { username, groups: ['viewers'], collector };
  const { body } = await service.as('hr-system')('post', '/v1/certificate-requests').send(ask).expect(201);
  const path = `/v1/certificate-requests/${(body as Issued).id}`;
  const { text } = await service.withToken(bearer)('post', `${path}/kubeconfig`).expect(200);
  const pem = Buffer.from(/client-key-data: "?([A-Za-z0-9+/=]+)/.exec(text)?.[1] ?? '', 'base64').toString();
  const found = (await service.as('root')('get', path).expect(200)).body as Issued;
  return { fingerprint: found.certificate?.fingerprintSha256 ?? '', key: createPrivateKey(pem), username };
}
async function renewByKey({ fingerprint, key, username }: HeldKey) {
  const { pem: csr } = await csrFor(username, ['viewers']);
  const proof = await keyProof({ fingerprint, key, address: service.address, csr, now: service.context.clock() });
  return service
    .anonymous('post', `/v1/certificates/${fingerprint}/renew`)
    .set('authorization', `KubepassProof ${proof}`)
    .set('prefer', 'wait=20')
    .send({ csr });
}
const denied = async (username: string, groups: readonly string[] = ['viewers'], bearer?: string) => {
  const as = bearer === undefined ? service.as('hr-system') : service.withToken(bearer);
  const { body } = await as('post', '/v1/certificate-requests').send({ username, groups }).expect(403);
  return (body as { violations: readonly { reason: string }[] }).violations.map(({ reason }) => reason);
};
const events = async (type: string) => {
  const { body } = await service.as('audrey')('get', `/v1/audit-events?type=${type}&limit=500`).expect(200);
  return (body as { items: readonly { details: Record<string, unknown> }[] }).items.map(({ details }) => details);
};
interface Details {
  readonly active: boolean;
  readonly reuse: object | null;
  readonly lostGroups: readonly { readonly groups: readonly string[]; readonly fingerprintSha256: string }[];
  readonly consequences: Readonly<Record<string, readonly unknown[]>>;
}
const details = async (id: string) =>
  (await service.as('petra')('get', `/v1/directory-users/${id}`).expect(200)).body as Details;
const stateOf = async (id: string) =>
  ((await service.as('root')('get', `/v1/certificate-requests/${id}`).expect(200)).body as { state: string }).state;
const statusOf = async (fingerprint: string) => {
  const call = service.as('root')('get', `/v1/certificates/${fingerprint}`).set('accept', 'application/json');
  return ((await call.expect(200)).body as { status: string }).status;
};

describe('somebody who leaves', () => {
  it.each([
    ['a PATCH', (id: string) => patch(`/Users/${id}`, { op: 'Replace', path: 'active', value: 'False' }).expect(200)],
    ['a PUT', (id: string) => scim('put', `/Users/${id}`, user('leaver@corp.example', { active: false })).expect(200)],
    ['a DELETE', (id: string) => scim('delete', `/Users/${id}`).expect(204)],
  ])('loses all access by %s', async (how, leave) => {
    const username = how === 'a PUT' ? 'leaver@corp.example' : `leaver-${how.slice(2).toLowerCase()}@corp.example`;
    const id = await join(username, { externalId: username });
    const own = await tokenOf({ name: username, roles: ['requester'] });
    const made = await tokenOf({ name: `system-of-${username}`, roles: ['requester'] }, [username]);
    const { certificate } = await issue(username);
    const other = await issue(`other-${username}`, ['viewers'], own);
    const { body: waiting } = await service
      .as('hr-system')('post', '/v1/certificate-requests')
      .send({ username, groups: ['manual'] })
      .expect(201);
    const now = new Date();
    const session = aSession({
      name: username,
      createdAt: now,
      usedAt: now,
      expiresAt: new Date(now.getTime() + 60_000),
    });
    const signsIn = insertSession({ session, secretSha256: session.id });
    expect(await service.store.writer.commit({ operations: [signsIn], events: [] })).toEqual({ committed: true });

    await leave(id);

    expect((await service.store.sessions.find(session.id))?.endedAt).toBeInstanceOf(Date);

    expect(await statusOf(certificate?.fingerprintSha256 ?? '')).toBe('revoked');
    expect(await stateOf((waiting as Issued).id)).toBe('cancelled');
    await service.withToken(own)('get', '/v1/whoami').expect(401);
    await service.withToken(made)('get', '/v1/whoami').expect(200);
    expect(await denied(username)).toEqual(expect.arrayContaining(['DirectoryUserInactive', 'IdentityBlocked']));
    expect(await denied(username.toUpperCase())).toContain('DirectoryUserInactive');
    const found = await details(id);
    expect(found.active).toBe(false);
    expect(found.consequences).toMatchObject({
      cancelledRequests: [(waiting as Issued).id],
      revokedTokens: [expect.any(String)],
      keptTokens: [],
      tokensMade: [{ name: `system-of-${username}` }],
      requestedForOthers: [{ fingerprintSha256: other.certificate?.fingerprintSha256 }],
      residualExposure: [{ fingerprintSha256: certificate?.fingerprintSha256, enforcement: 'none' }],
    });
    expect(await events('DirectoryUserDeactivated')).toContainEqual(
      expect.objectContaining({ userId: id, revokedCertificates: 1, cancelledRequests: 1 }),
    );
  });

  it('asks for nothing and collects nothing either', async () => {
    const id = await join('asker');
    const bearer = await tokenOf({ name: 'asker-2', roles: ['requester'] });
    const other = await join('asker-2');
    await patch(`/Users/${id}`, { op: 'replace', value: { active: false } }).expect(200);
    const ask = { username: 'x', groups: ['viewers'], collector: 'asker' };
    const { body } = await service.as('hr-system')('post', '/v1/certificate-requests').send(ask).expect(403);
    expect((body as { violations: readonly { reason: string }[] }).violations.map(({ reason }) => reason)).toContain(
      'DirectoryUserInactive',
    );
    await patch(`/Users/${other}`, { op: 'replace', value: { active: false } }).expect(200);
    await service.withToken(bearer)('get', '/v1/whoami').expect(401);
  });

  it('is recorded once, however often the provider repeats it', async () => {
    const id = await join('repeated');
    for (let i = 0; i < 3; i++)
      await patch(`/Users/${id}`, { op: 'replace', path: 'active', value: false }).expect(200);
    expect((await events('DirectoryUserDeactivated')).filter(({ userId }) => userId === id)).toHaveLength(1);
  });

  it('does not take the last admin along, nor the connector', async () => {
    const admins = ['admin', 'root'];
    for (const name of admins) {
      const id = await join(name);
      await patch(`/Users/${id}`, { op: 'replace', path: 'active', value: false }).expect(200);
    }
    const { body } = await service.as('root')('get', '/v1/whoami').expect(200);
    expect(body).toMatchObject({ name: 'root', roles: ['admin'] });
    await scim('get', '/Users').expect(200);
    for (const name of admins) {
      const { Resources } = JSON.parse(
        (await scim('get', `/Users?filter=${encodeURIComponent(`userName eq "${name}"`)}`).expect(200)).text,
      ) as { Resources: readonly { id: string }[] };
      await patch(`/Users/${Resources[0]?.id ?? ''}`, { op: 'replace', path: 'active', value: true }).expect(200);
    }
  });
});

describe('somebody who returns', () => {
  it('may ask again, and nothing is revived', async () => {
    const id = await join('back', { externalId: 'back' });
    const { certificate } = await issue('back');
    await patch(`/Users/${id}`, { op: 'replace', path: 'active', value: false }).expect(200);
    await patch(`/Users/${id}`, { op: 'replace', path: 'active', value: true }).expect(200);
    await issue('back');
    expect(await statusOf(certificate?.fingerprintSha256 ?? '')).toBe('revoked');
    expect(await events('IdentityUnblocked')).toContainEqual(expect.objectContaining({ username: 'back' }));
  });

  it('is the same person when Okta POSTs them again', async () => {
    const id = await join('okta-back', { externalId: '00u1' });
    await scim('put', `/Users/${id}`, user('okta-back', { externalId: '00u1', active: false })).expect(200);
    expect(await join('okta-back', { externalId: '00u1' })).toBe(id);
    await issue('okta-back');
  });

  it('stays blocked by whoever else blocked them', async () => {
    const id = await join('bad');
    await service.as('petra')('post', '/v1/identities/bad/block').send({ reason: 'keyCompromise' }).expect(200);
    await patch(`/Users/${id}`, { op: 'replace', path: 'active', value: false }).expect(200);
    await patch(`/Users/${id}`, { op: 'replace', path: 'active', value: true }).expect(200);
    expect(await denied('bad')).toEqual(['IdentityBlocked']);
  });
});

describe('somebody who returns while others blocked them too', () => {
  const blockedOf = async (name: string) =>
    ((await service.as('petra')('get', `/v1/identities/${name}`).expect(200)).body as { blocked: object | null })
      .blocked;
  const block = (name: string, body: object) =>
    service
      .as('petra')('post', `/v1/identities/${name}/block`)
      .send({ reason: 'privilegeWithdrawn', ...body })
      .expect(200);
  const become = (id: string, active: boolean) =>
    patch(`/Users/${id}`, { op: 'replace', path: 'active', value: active }).expect(200);

  it('is blocked as long as they said, and no longer', async () => {
    const id = await join('for-a-while');
    const until = new Date(service.context.clock().getTime() + 30_000).toISOString();
    await block('for-a-while', { until });
    await become(id, false);
    expect(await blockedOf('for-a-while')).toMatchObject({ until: null, blockedBy: 'connector' });
    await become(id, true);
    expect(await blockedOf('for-a-while')).toMatchObject({ until, blockedBy: 'petra', reason: 'privilegeWithdrawn' });
    expect(await denied('for-a-while')).toEqual(['IdentityBlocked']);
    await become(id, false);
    service.advance(31);
    expect(await denied('for-a-while')).toContain('IdentityBlocked');
    await become(id, true);
    await issue('for-a-while');
    expect(await blockedOf('for-a-while')).toBeNull();
  });

  it('is blocked where they said, whether it was before they left or after', async () => {
    for (const first of ['block', 'leave']) {
      const name = `somewhere-${first}`;
      const id = await join(name);
      if (first === 'block') await block(name, { clusters: ['demo'], comment: 'looks odd' });
      await become(id, false);
      if (first === 'leave') {
        await block(name, { clusters: ['demo'], comment: 'looks odd' });
        // Asked for once more, it changes nothing.
        await block(name, { clusters: ['demo'], comment: 'looks odd' });
      }
      expect(await blockedOf(name)).toMatchObject({ clusters: null });
      await become(id, true);
      expect(await blockedOf(name)).toMatchObject({ clusters: ['demo'], comment: 'looks odd', blockedBy: 'petra' });
      expect((await events('IdentityBlocked')).filter(({ username }) => username === name)).toHaveLength(2);
      await service.as('petra')('post', `/v1/identities/${name}/unblock`).send({}).expect(200);
      await issue(name);
    }
  });

  it('is not blocked any more where somebody unblocked them while they were away', async () => {
    const id = await join('let-in');
    await block('let-in', {});
    await become(id, false);
    await service.as('petra')('post', '/v1/identities/let-in/unblock').send({}).expect(200);
    expect(await denied('let-in')).toEqual(['DirectoryUserInactive']);
    await become(id, true);
    await issue('let-in');
  });
});

describe('a name that was somebody else’s', () => {
  it('gets nothing until an admin confirms it', async () => {
    const first = await join('reused', { externalId: 'one' });
    await issue('reused');
    await patch(`/Users/${first}`, { op: 'replace', path: 'active', value: false }).expect(200);
    const second = await join('reused', { externalId: 'two' });
    expect(second).not.toBe(first);
    expect(await denied('reused')).toContain('UsernameReused');
    expect((await details(second)).reuse).toMatchObject({ predecessor: first });
    await service.as('petra')('post', `/v1/directory-users/${second}/confirm`).expect(403);
    await service.as('root')('post', `/v1/directory-users/${second}/confirm`).expect(200);
    await issue('reused');
    expect((await details(second)).reuse).toBeNull();
  });

  it.each(['asked for', 'collects'])(
    'is not spoken for by a key of another username that the earlier one %s',
    async (how) => {
      const name = how === 'collects' ? 'Kim-Collects' : 'Kim-Asks';
      const svc = `svc-of-${name}`;
      const first = await join(name, { externalId: 'one' });
      const bearer = await tokenOf({ name, roles: ['requester'] });
      const held = how === 'collects' ? await collected(svc, name, bearer) : await keyOf(svc, bearer);
      // The configuration gives a collector no role here, so the door is open, and no more.
      expect((await renewByKey(held)).status).toBe(how === 'collects' ? 403 : 201);
      await patch(`/Users/${first}`, { op: 'replace', path: 'active', value: false }).expect(200);
      expect((await renewByKey(held)).status).toBe(403);
      // In another spelling it is the same name.
      const second = await join(name.toLowerCase(), { externalId: 'two' });
      expect((await details(second)).reuse).toMatchObject({ predecessor: first });
      expect((await renewByKey(held)).status).toBe(401);
      await service.as('root')('post', `/v1/directory-users/${second}/confirm`).expect(200);
      expect((await renewByKey(held)).status).toBe(401);
      const successors = await tokenOf({ name, roles: ['requester'] });
      expect((await renewByKey(await keyOf(`${svc}-2`, successors))).status).toBe(201);
      // Nothing of it is the successor's either once they return.
      await patch(`/Users/${second}`, { op: 'replace', path: 'active', value: false }).expect(200);
      await patch(`/Users/${second}`, { op: 'replace', path: 'active', value: true }).expect(200);
      expect((await renewByKey(held)).status).toBe(401);
    },
  );

  it('is free for somebody who was confirmed while they were away, once they return', async () => {
    const first = await join('away', { externalId: 'one' });
    await issue('away');
    await patch(`/Users/${first}`, { op: 'replace', path: 'active', value: false }).expect(200);
    const second = await join('away', { externalId: 'two', active: false });
    await service.as('root')('post', `/v1/directory-users/${second}/confirm`).expect(200);
    expect(await denied('away')).toEqual(expect.arrayContaining(['DirectoryUserInactive', 'IdentityBlocked']));
    await patch(`/Users/${second}`, { op: 'replace', path: 'active', value: true }).expect(200);
    await issue('away');
  });

  it('is free for the third person, too, when the second one left before the wait was over', async () => {
    const off = (id: string) => patch(`/Users/${id}`, { op: 'replace', path: 'active', value: false }).expect(200);
    const first = await join('thrice', { externalId: 'one' });
    await issue('thrice');
    await off(first);
    const second = await join('thrice', { externalId: 'two' });
    await off(second);
    const third = await join('thrice', { externalId: 'three' });
    expect((await details(third)).reuse).toMatchObject({ predecessor: second });
    await service.as('root')('post', `/v1/directory-users/${third}/confirm`).expect(200);
    await issue('thrice');
  });

  it('is nobody else’s any more once the predecessor has no certificate', async () => {
    const first = await join('unused', { externalId: 'one' });
    await patch(`/Users/${first}`, { op: 'replace', path: 'active', value: false }).expect(200);
    await join('unused', { externalId: 'two' });
    await issue('unused');
  });

  it.each([
    [
      'at once',
      (id: string, more: object) => patch(`/Users/${id}`, { op: 'replace', value: { active: true, ...more } }),
    ],
    [
      'in two calls',
      async (id: string, more: object) => {
        await patch(`/Users/${id}`, { op: 'replace', value: more }).expect(200);
        return patch(`/Users/${id}`, { op: 'replace', path: 'active', value: true });
      },
    ],
    [
      'by a PUT',
      (id: string, more: { readonly externalId: string }) => scim('put', `/Users/${id}`, user('linked-by-a-PUT', more)),
    ],
  ])('gets nothing when the entry is linked to somebody else %s', async (how, link) => {
    const username = `linked-${how.replaceAll(' ', '-')}`;
    const id = await join(username, { externalId: 'one' });
    await issue(username);
    await patch(`/Users/${id}`, { op: 'replace', path: 'active', value: false }).expect(200);
    const { status } = await link(id, { externalId: 'two' });
    expect(status).toBe(200);
    expect(await denied(username)).toEqual(expect.arrayContaining(['UsernameReused', 'IdentityBlocked']));
    await service.as('root')('post', `/v1/directory-users/${id}/confirm`).expect(200);
    await issue(username);
  });

  it('is taken from an attribute anew when the provider repeats what it said', async () => {
    const id = await join('derived');
    const stored = await service.store.directory.user(id);
    if (stored === null) throw new Error('the user is there');
    // As another configuration had it.
    const other = { ...stored, username: 'derived@corp.example', version: stored.version + 1 };
    const operations = [updateDirectoryUser({ user: other, version: stored.version })];
    expect(await service.store.writer.commit({ operations, events: [] })).toEqual({ committed: true });
    await scim('put', `/Users/${id}`, user('derived')).expect(200);
    expect((await service.store.directory.user(id))?.username).toBe('derived');
    expect(await denied('derived@corp.example')).toContain('DirectoryUserInactive');
    await issue('derived');
  });

  it('is taken from whoever is there when their entry is linked to somebody else', async () => {
    const id = await join('swapped');
    const ask = { username: 'swapped', groups: ['manual'] };
    const { body: waiting } = await service.as('hr-system')('post', '/v1/certificate-requests').send(ask).expect(201);
    const own = await tokenOf({ name: 'swapped', roles: ['requester'] });
    const { certificate } = await issue('swapped');
    // Somebody who had none before stays the same.
    await patch(`/Users/${id}`, { op: 'add', path: 'externalId', value: 'one' }).expect(200);
    expect(await statusOf(certificate?.fingerprintSha256 ?? '')).toBe('valid');
    await patch(`/Users/${id}`, { op: 'replace', path: 'externalId', value: 'two' }).expect(200);
    expect(await statusOf(certificate?.fingerprintSha256 ?? '')).toBe('revoked');
    expect(await stateOf((waiting as Issued).id)).toBe('cancelled');
    await service.withToken(own)('get', '/v1/whoami').expect(401);
    expect(await denied('swapped')).toContain('UsernameReused');
    const { reuse } = (await details(id)) as unknown as { reuse: { predecessor: string } };
    expect(await details(reuse.predecessor)).toMatchObject({
      active: false,
      consequences: { cancelledRequests: [(waiting as Issued).id], revokedTokens: [expect.any(String)] },
    });
    await service.as('root')('post', `/v1/directory-users/${id}/confirm`).expect(200);
    await issue('swapped');
  });

  const rename = (id: string, userName: string, more: object = {}) =>
    patch(`/Users/${id}`, { op: 'replace', value: { userName, ...more } }).expect(200);
  const off = (id: string) => patch(`/Users/${id}`, { op: 'replace', path: 'active', value: false }).expect(200);
  const on = (id: string) => patch(`/Users/${id}`, { op: 'replace', path: 'active', value: true }).expect(200);

  it.each([
    ['', [] as const],
    [' by way of a third name', ['third'] as const],
  ])('is their own again when the same entry takes it back%s, with no externalId', async (how, others) => {
    const [own, other] = [`own${others.length}`, `other${others.length}`];
    const id = await join(own);
    const { certificate } = await issue(own);
    for (const name of [other, ...others]) await rename(id, name);
    await issue(others[0] ?? other);
    await rename(id, own);
    expect((await details(id)).reuse).toBeNull();
    await issue(own);
    expect(await statusOf(certificate?.fingerprintSha256 ?? '')).toBe('revoked');
    for (const name of [other, ...others]) expect(await denied(name)).toContain('DirectoryUserInactive');
  });

  it('is their own again when they take it back while they are away, and return', async () => {
    const id = await join('own-away');
    await issue('own-away');
    await off(id);
    await rename(id, 'other-away');
    await rename(id, 'own-away');
    expect(await denied('own-away')).toContain('DirectoryUserInactive');
    await on(id);
    await issue('own-away');
  });

  it('is taken back without the wait for its predecessor ending', async () => {
    const first = await join('own-waiting');
    await issue('own-waiting');
    await off(first);
    const second = await join('own-waiting');
    await rename(second, 'other-waiting');
    await rename(second, 'own-waiting');
    expect(await denied('own-waiting')).toContain('UsernameReused');
    expect((await details(second)).reuse).toMatchObject({ predecessor: first });
  });

  it.each([
    ['leaves', (id: string) => off(id)],
    ['is deleted', (id: string) => scim('delete', `/Users/${id}`).expect(204)],
    ['takes another name', (id: string) => rename(id, 'lent-elsewhere')],
  ])('is somebody else’s where another one had it in between, and %s', async (how, leave) => {
    const name = `lent-${how.replaceAll(' ', '-')}`;
    const id = await join(name);
    await issue(name);
    await rename(id, `${name}-other`);
    const between = await join(name);
    await service.as('root')('post', `/v1/directory-users/${between}/confirm`).expect(200);
    await issue(name);
    await leave(between);
    await rename(id, name);
    expect(await denied(name)).toContain('UsernameReused');
  });

  it.each([
    ['then', [{ externalId: 'y' }]],
    ['then, and back', [{ externalId: 'y' }, { externalId: null }]],
    ['then, to another one and back', [{ externalId: 'y' }, { externalId: 'z' }, { externalId: null }]],
    ['with the name', []],
  ])('is somebody else’s where the entry’s externalId changes %s', async (how, changes) => {
    const name = `given-${how.replaceAll(/[ ,]+/g, '-')}`;
    const id = await join(name);
    await issue(name);
    await rename(id, `${name}-other`);
    for (const value of changes) await patch(`/Users/${id}`, { op: 'replace', value }).expect(200);
    await rename(id, name, changes.length === 0 ? { externalId: 'y' } : {});
    expect(await denied(name)).toContain('UsernameReused');
  });

  it('stays without access after a rename, and after a deletion', async () => {
    const id = await join('maiden', { externalId: 'm' });
    const { certificate } = await issue('maiden');
    await patch(`/Users/${id}`, { op: 'replace', path: 'userName', value: 'married' }).expect(200);
    expect(await statusOf(certificate?.fingerprintSha256 ?? '')).toBe('revoked');
    expect(await denied('maiden')).toContain('DirectoryUserInactive');
    await issue('married');
    await join('maiden', { externalId: 'somebody-else' });
    expect(await denied('maiden')).toContain('UsernameReused');
  });
});

describe('groups by membership', () => {
  it('are given to members, and lost with the membership', async () => {
    const id = await join('mover');
    const payments = await group('payments', [id]);
    const { certificate } = await issue('mover', ['team-payments']);
    const { body: waiting } = await service
      .as('hr-system')('post', '/v1/certificate-requests')
      .send({ username: 'mover', groups: ['team-payments-manual'] })
      .expect(201);
    expect(await denied('stranger', ['team-payments'])).toContain('GroupNotPermitted');

    await patch(`/Groups/${payments}`, { op: 'remove', path: 'members', value: [{ value: id }] }).expect(204);

    expect(await denied('mover', ['team-payments'])).toContain('GroupNotPermitted');
    expect(await stateOf((waiting as Issued).id)).toBe('denied');
    expect(await details(id)).toMatchObject({
      lostGroups: [{ fingerprintSha256: certificate?.fingerprintSha256, groups: ['team-payments'] }],
      consequences: { residualExposure: [{ fingerprintSha256: certificate?.fingerprintSha256 }] },
    });
    const exposed = service.as('audrey')('get', '/v1/identities?residualExposure=true&usernamePrefix=mover');
    const { fingerprintSha256 } = certificate ?? {};
    expect((await exposed.expect(200)).body).toMatchObject({
      items: [{ username: 'mover', leftAt: null, blocked: null, residualExposure: [{ fingerprintSha256 }] }],
    });
    expect(await events('DirectoryMembershipChanged')).toContainEqual(
      expect.objectContaining({ groupId: payments, removed: ['mover'] }),
    );
  });

  it('are seen by expressions', async () => {
    const id = await join('oncall-jane');
    await group('oncall', [id]);
    await issue('oncall-jane', ['ops-eu']);
    expect(await denied('stranger', ['ops-eu'])).toContain('DeniedByGuardrail');
  });

  it('are tried out before they happen', async () => {
    const ask = { username: 'joiner', groups: ['team-payments'] };
    const evaluate = async (body: object) =>
      (await service.as('audrey')('post', '/v1/policies/evaluate').send(body).expect(200)).body as { outcome: string };
    expect(await evaluate(ask)).toMatchObject({ outcome: 'denied' });
    expect(await evaluate({ ...ask, directory: { groups: ['payments'] } })).toMatchObject({
      outcome: 'permitted',
      directory: { state: 'active', groups: ['payments'] },
    });
    expect(await evaluate({ ...ask, groups: ['viewers'], directory: { active: false } })).toMatchObject({
      outcome: 'denied',
      violations: [{ reason: 'DirectoryUserInactive' }],
    });
    const replay = await service
      .as('audrey')('post', '/v1/policies/replay')
      .send({ policies: [policies], directory: [{ username: 'mover', active: false }] })
      .expect(200);
    expect(replay.text).toContain('permittedToDenied');
  });
});

it('is free again once the time of the predecessor’s certificates is over', async () => {
  const first = await join('lapsing', { externalId: 'one' });
  await issue('lapsing');
  await patch(`/Users/${first}`, { op: 'replace', path: 'active', value: false }).expect(200);
  await join('lapsing', { externalId: 'two' });
  expect(await denied('lapsing')).toContain('UsernameReused');
  service.advance(86_400 + 600);
  expect(await denied('lapsing')).not.toContain('UsernameReused');
  // The predecessor's block ends by itself, in a round of housekeeping.
  await expect.poll(() => denied('lapsing').catch(() => 'permitted')).toBe('permitted');
});

describe('with other settings', () => {
  let other: TestService;
  let connector: string;
  const ids = new Map<string, string>();
  const send = (method: Method, path: string, content: object = {}) => {
    const agent = request(other.address);
    const call = agent[method](`/scim/v2${path}`).set('authorization', `Bearer ${connector}`);
    return call.set('content-type', 'application/scim+json').send(JSON.stringify(content));
  };
  const leave = (id: string) =>
    send('patch', `/Users/${id}`, {
      schemas: [patchSchema],
      Operations: [{ op: 'replace', path: 'active', value: false }],
    });
  const made = async (maker: string, body: object) =>
    as.token(await other.withToken(maker)('post', '/v1/api-tokens').send(body).expect(201)).token;
  const folder = temporaryDirectory();
  beforeAll(async () => {
    const cluster = (await localCluster(folder.path)).replace(
      '- name: demo',
      '- name: demo\n    nameAlphabet: unicode',
    );
    const config = `${cluster}directory: { cancelRequests: false, revokeTokensMade: true, required: [demo] }\n`;
    // Its rounds would settle what the tests want to see before that.
    other = await startService({ policies, config, overrides: { housekeepingMilliseconds: 3_600_000 } });
    connector = await made(other.tokenOf('root'), { name: 'connector', roles: ['directory'] });
    for (const userName of ['ann', 'ben', 'cleo', 'requester'])
      ids.set(userName, idIn(await send('post', '/Users', user(userName)).expect(201)));
  });
  afterAll(async () => {
    await other.close();
    folder.remove();
  });

  it('refuses on a cluster that requires it whoever is not there, and an approval of somebody who left', async () => {
    const ask = (username: string) =>
      other
        .as('hr-system')('post', '/v1/certificate-requests')
        .send({ username, groups: ['manual'] });
    const { body } = await ask('stranger').expect(403);
    expect((body as { violations: readonly { reason: string }[] }).violations).toContainEqual(
      expect.objectContaining({ reason: 'DirectoryUserInactive' }),
    );
    const waiting = as.request(await ask('ann').expect(201));
    await leave(ids.get('ann') ?? '').expect(200);
    const read = async () =>
      as.request(await other.as('root')('get', `/v1/certificate-requests/${waiting.id}`).expect(200));
    expect((await read()).state).toBe('pending');
    await other.as('bob')('post', `/v1/certificate-requests/${waiting.id}/approve`).send({});
    expect(await read()).toMatchObject({ state: 'denied', certificate: null });
  });

  it('blocks a leaver whose name only a cluster with Unicode names takes', async () => {
    const id = idIn(await send('post', '/Users', user('jürgen')).expect(201));
    const ask = () =>
      other
        .as('hr-system')('post', '/v1/kubeconfigs')
        .send({ username: 'jürgen', groups: ['viewers'] });
    await ask().expect(201);
    await leave(id).expect(200);
    const call = other.as('root')('get', `/v1/identities/${encodeURIComponent('jürgen')}`);
    expect((await call.expect(200)).body).toMatchObject({
      blocked: { reason: 'cessationOfOperation' },
      certificates: [],
      residualExposure: [{}],
    });
    await ask().expect(403);
  });

  /** Somebody leaves a request that waits, and a second person gets the name. `more`: of the request. */
  const succeeded = async (name: string, more: object) => {
    const ask = (groups: readonly string[], others: object = {}) =>
      other
        .as('hr-system')('post', '/v1/certificate-requests')
        .send({ username: name, groups, ...others });
    const first = idIn(await send('post', '/Users', user(name, { externalId: 'one' })).expect(201));
    const waiting = as.request(await ask(['manual'], more).expect(201));
    await leave(first).expect(200);
    const second = idIn(await send('post', '/Users', user(name, { externalId: 'two' })).expect(201));
    return { ask, waiting, second };
  };

  it.each([
    ['for the one who had it', 'waiter', {}],
    ['that the one who had it collects', 'fetcher', { username: 'ben', collector: 'Fetcher' }],
  ])('gives a name to nobody else while a request waits %s', async (_, name, more) => {
    const { ask, waiting } = await succeeded(name, more);
    const reasons = async () =>
      ((await ask(['viewers']).expect(403)).body as { violations: readonly { reason: string }[] }).violations.map(
        ({ reason }) => reason,
      );
    expect(await reasons()).toContain('UsernameReused');
    await other.as('bob')('post', `/v1/certificate-requests/${waiting.id}/approve`).send({});
    expect(await reasons()).not.toContain('UsernameReused');
  });

  it.each([
    ['for themselves', 'handed-1', {}],
    ['for another name', 'handed-2', { username: 'ben', collector: 'Handed-2' }],
  ])('denies what waits %s of the one who had a name, also when an admin has given it on', async (_, name, more) => {
    const { ask, waiting, second } = await succeeded(name, more);
    await other.as('root')('post', `/v1/directory-users/${second}/confirm`).expect(200);
    const approved = await other
      .as('bob')('post', `/v1/certificate-requests/${waiting.id}/approve`)
      .send({})
      .expect(403);
    expect(approved.body).toMatchObject({ violations: [{ reason: 'UsernameReused' }] });
    const { body } = await other.as('root')('get', `/v1/certificate-requests/${waiting.id}`).expect(200);
    expect(body).toMatchObject({ state: 'denied', certificate: null });
    await ask(['viewers']).expect(201);
  });

  it('revokes the tokens that a leaver made, but not the connector, and never the last admin', async () => {
    const ben = await made(other.tokenOf('root'), { name: 'ben', roles: ['admin'] });
    const system = await made(ben, { name: 'pipeline', roles: ['requester'] });
    const second = await made(ben, { name: 'second-connector', roles: ['directory'] });
    await leave(ids.get('ben') ?? '').expect(200);
    for (const token of [ben, system]) await other.withToken(token)('get', '/v1/whoami').expect(401);
    await other.withToken(second)('get', '/v1/whoami').expect(200);
    await send('get', '/Users').expect(200);
    // All admins leave at once.
    const { body } = await other.as('root')('get', '/v1/api-tokens?limit=100').expect(200);
    const admins = (body as { items: readonly { name: string; roles: readonly string[] }[] }).items
      .filter(({ roles }) => roles.includes('admin'))
      .map(({ name }) => name);
    const leavers = await Promise.all(
      [...new Set(admins)]
        .filter((name) => name !== 'ben')
        .map(async (name) => idIn(await send('post', '/Users', user(name)).expect(201))),
    );
    expect(leavers.length).toBeGreaterThan(1);
    await Promise.all(leavers.map((id) => leave(id).expect(200)));
    const now = new Date();
    const live = (await other.store.apiTokens.liveAdmins(now)).length;
    expect(live).toBe(1);
  });
});

describe('a list of leavers', () => {
  interface Left {
    readonly directoryName: string;
    readonly active: boolean;
    readonly inactiveSince: string | null;
    readonly deletedAt: string | null;
    readonly residualExposure?: readonly { readonly fingerprintSha256: string }[];
  }
  interface Listed<T> {
    readonly items: readonly T[];
    readonly nextCursor: string | null;
  }
  const read = async <T>(url: string) => (await service.as('audrey')('get', url).expect(200)).body as Listed<T>;
  const left = (query: string) => read<Left>(`/v1/directory-users?${query}`);
  const issued = new Map<string, string>();
  beforeAll(async () => {
    for (const name of ['gone-a', 'gone-b', 'gone-c', 'here-d']) {
      const id = await join(name, { externalId: name });
      issued.set(name, (await issue(name)).certificate?.fingerprintSha256 ?? '');
      if (name === 'gone-c') await patch(`/Users/${id}`, { op: 'replace', value: { active: false } }).expect(200);
      else if (name !== 'here-d') await scim('delete', `/Users/${id}`).expect(204);
    }
  });

  it('has who was deleted, the last one first, when, and what still works', async () => {
    const first = await left('deleted=true&limit=2');
    expect(first.items.map(({ directoryName }) => directoryName)).toEqual(['gone-b', 'gone-a']);
    const [last] = first.items;
    expect(last).toMatchObject({
      active: false,
      deletedAt: expect.stringMatching(/Z$/) as string,
      residualExposure: [{ cluster: 'demo', fingerprintSha256: issued.get('gone-b'), enforcement: 'none' }],
    });
    expect(first.nextCursor).not.toBeNull();
    const rest = await left(`deleted=true&limit=500&cursor=${first.nextCursor ?? ''}`);
    expect(rest.nextCursor).toBeNull();
    const all = [...first.items, ...rest.items];
    expect(all.every(({ deletedAt, active }) => deletedAt !== null && !active)).toBe(true);
    expect(all.map(({ deletedAt }) => deletedAt)).toEqual(
      all
        .map(({ deletedAt }) => deletedAt)
        .sort()
        .reverse(),
    );
  });

  it('is filtered, and lists those who left and were not deleted by `active=false`', async () => {
    const names = async (query: string) => (await left(query)).items.map(({ directoryName }) => directoryName);
    expect(await names('deleted=true&directoryName=GONE-A')).toEqual(['gone-a']);
    expect(await names('deleted=true&username=gone-a&active=false')).toEqual(['gone-a']);
    expect(await names('deleted=true&username=gone-a&active=true')).toEqual([]);
    expect(await names('deleted=true&directoryName=gone-c')).toEqual([]);
    expect(await names('deleted=false&directoryName=gone-a')).toEqual([]);
    const { items } = await left('active=false&directoryName=gone-c');
    expect(items).toMatchObject([{ deletedAt: null, residualExposure: [{ fingerprintSha256: issued.get('gone-c') }] }]);
    expect((await left('directoryName=here-d')).items[0]).not.toHaveProperty('residualExposure');
    await service.as('audrey')('get', '/v1/directory-users?deleted=yes').expect(400);
  });

  it('goes with the list of identities, which says since when somebody is not here', async () => {
    const exposed = await read<{
      readonly username: string;
      readonly leftAt: string | null;
      readonly blocked: object | null;
    }>('/v1/identities?residualExposure=true&limit=500');
    const byName = new Map(exposed.items.map((one) => [one.username, one]));
    for (const name of ['gone-a', 'gone-b', 'gone-c'])
      expect(byName.get(name)).toMatchObject({
        leftAt: expect.stringMatching(/Z$/) as string,
        blocked: { reason: 'cessationOfOperation' },
      });
    expect(byName.has('here-d')).toBe(false);
  });
});

it('lists people with what is wrong with their names', async () => {
  const id = await join('No Name!');
  const { body } = await service.as('audrey')('get', '/v1/directory-users?directoryName=no%20name!').expect(200);
  expect(body).toMatchObject({
    items: [{ id, directoryName: 'No Name!', username: null, whyNoUsername: expect.stringContaining('U+0020') }],
  });
  await service.as('hr-system')('get', '/v1/directory-users').expect(403);
  await service.as('petra')('get', '/v1/directory-users/nobody').expect(404);
});

it('leaves no token alive that is made while its owner leaves, whether the process dies or not', async () => {
  const folder = temporaryDirectory();
  const secrets: string[] = [];
  /** Whether nobody gets so far as to revoke these tokens: neither the call nor the rounds beside it. */
  let dies = false;
  const tokenFor = (ask: ApiTokenAsk, createdBy: readonly string[]) => {
    const made = makeApiToken(ask, createdBy, { now: new Date(), random: randomBytes });
    secrets.push(made.secret);
    return insertApiToken({ token: made.token, secretSha256: made.secretSha256 });
  };
  const other = await startService({
    policies,
    config: `${await localCluster(folder.path)}directory: { revokeTokensMade: true }\n`,
    overrides: {
      housekeepingMilliseconds: 500,
      writer: (writer) => ({
        async commit(step) {
          const [user] = executes(step, 'UPDATE "DirectoryUser"') ? toldBy(step, 'directoryUser') : [];
          if (user !== undefined) {
            // The tokens were looked up, and the block is not committed yet.
            const { userName: name } = user;
            const operations = [
              tokenFor({ name, roles: ['requester'] }, ['root']),
              tokenFor({ name: `made-by-${name}`, roles: ['requester'] }, [name]),
            ];
            for (const one of operations)
              expect(await writer.commit({ operations: [one], events: [] })).toEqual({ committed: true });
            return writer.commit(step);
          }
          if (dies && toldBy(step, 'leaversToken').length > 0) throw new StoreUnavailableError('the process died');
          return writer.commit(step);
        },
      }),
    },
  });
  try {
    await other.store.writer.commit({
      operations: [tokenFor({ name: 'connector', roles: ['directory'] }, [])],
      events: [],
    });
    const [connector = ''] = secrets.splice(0);
    const send = (method: Method, path: string, content: object) => {
      const agent = request(other.address);
      const call = agent[method](`/scim/v2${path}`).set('authorization', `Bearer ${connector}`);
      return call.set('content-type', 'application/scim+json').send(JSON.stringify(content));
    };
    const leaves = { schemas: [patchSchema], Operations: [{ op: 'replace', path: 'active', value: false }] };
    const alive = async () => {
      const answers = await Promise.all(secrets.map((one) => other.withToken(one)('get', '/v1/whoami')));
      return answers.filter(({ status }) => status === 200).length;
    };
    const one = idIn(await send('post', '/Users', user('races')).expect(201));
    await send('patch', `/Users/${one}`, leaves).expect(200);
    expect(secrets).toHaveLength(2);
    expect(await alive()).toBe(0);

    dies = true;
    const two = idIn(await send('post', '/Users', user('races-on')).expect(201));
    await send('patch', `/Users/${two}`, leaves).expect(503);
    dies = false;
    await expect.poll(alive).toBe(0);
    expect(secrets).toHaveLength(4);
  } finally {
    await other.close();
    folder.remove();
  }
});

it('takes all or nothing, and a repeated call does it', async () => {
  let fails = false;
  const other = await startService({
    policies,
    overrides: {
      writer: (writer) => ({
        commit: (step) =>
          fails && executes(step, 'UPDATE "DirectoryUser"')
            ? Promise.reject(new StoreUnavailableError('the process died'))
            : writer.commit(step),
      }),
    },
  });
  try {
    const made = makeApiToken({ name: 'connector', roles: ['directory'] }, [], {
      now: new Date(),
      random: randomBytes,
    });
    await other.store.writer.commit({
      operations: [insertApiToken({ token: made.token, secretSha256: made.secretSha256 })],
      events: [],
    });
    const send = (method: Method, path: string, content: object) => {
      const agent = request(other.address);
      const call = agent[method](`/scim/v2${path}`).set('authorization', `Bearer ${made.secret}`);
      return call.set('content-type', 'application/scim+json').send(JSON.stringify(content));
    };
    const id = idIn(await send('post', '/Users', user('half')).expect(201));
    const ask = other
      .as('hr-system')('post', '/v1/kubeconfigs')
      .send({ username: 'half', groups: ['viewers'] });
    await ask.expect(201);
    const leaves = { schemas: [patchSchema], Operations: [{ op: 'replace', path: 'active', value: false }] };
    const identity = async () => (await other.as('root')('get', '/v1/identities/half').expect(200)).body as object;

    fails = true;
    await send('patch', `/Users/${id}`, leaves).expect(503);
    expect(await identity()).toMatchObject({ blocked: null, certificates: [{ status: 'valid' }] });
    fails = false;
    await send('patch', `/Users/${id}`, leaves).expect(200);
    expect(await identity()).toMatchObject({ blocked: { reason: 'cessationOfOperation' }, certificates: [] });
  } finally {
    await other.close();
  }
});
