// Tests src/directory/lose-groups.ts, src/access/directory-facts.ts
import { randomBytes } from 'node:crypto';
import request from 'supertest';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeApiToken, type ApiTokenAsk } from '../../src/callers/api-tokens.js';
import { insertApiToken } from '../../src/store/tables/api-token-table.js';
import { toldBy } from '../../src/store/writer/followed-writer.js';
import { temporaryDirectory } from '../helpers/temporary-directory.js';
import { localCluster } from './support/local-cluster.js';
import { startService, type Method, type TestService } from './support/service.js';
import { aPolicy } from '../helpers/policies.js';
import { executes } from '../helpers/operations.js';

const userSchema = 'urn:ietf:params:scim:schemas:core:2.0:User';
const groupSchema = 'urn:ietf:params:scim:schemas:core:2.0:Group';
const patchSchema = 'urn:ietf:params:scim:api:messages:2.0:PatchOp';

const everybody = { collectors: ['*'] };
const policies = [
  aPolicy('members', { groupsFromDirectory: { payments: ['team-payments'] }, ...everybody }),
  aPolicy('only-alice', { usernames: ['alice'], groupsFromDirectory: { g1: ['team-x'] }, ...everybody }),
  aPolicy('only-bob', { usernames: ['bob'], groupsFromDirectory: { g2: ['team-x'] }, ...everybody }),
  aPolicy('own', { usernames: ['${requester.username}'], groups: ['self-team'] }),
  aPolicy('given', { groupsFromDirectory: { 'g-self': ['self-team'] }, ...everybody }),
].join('');

/** Held until it is resolved: the commits that record certificates. */
let held: Promise<unknown> | null = null;
/** How many rounds of housekeeping there were. */
let rounds = 0;
/** Done with the next request before it begins to be signed. */
let beforeBegin: (() => Promise<unknown>) | null = null;

const folder = temporaryDirectory();
let service: TestService;
let connector: string;
beforeAll(async () => {
  service = await startService({
    policies,
    config: `directory: { onLostGroup: revoke }\n${await localCluster(folder.path)}`,
    overrides: {
      housekeepingMilliseconds: 50,
      writer: (writer) => ({
        async commit(step) {
          if (executes(step, 'DELETE FROM "IdempotencyKey"')) rounds += 1;
          if (held !== null && toldBy(step, 'certificate').length > 0) await held;
          const before = beforeBegin;
          if (before !== null && executes(step, 'INSERT INTO "RequestRecord"')) {
            beforeBegin = null;
            await before();
          }
          return writer.commit(step);
        },
      }),
    },
  });
  connector = await tokenOf({ name: 'connector', roles: ['directory'] });
});
afterAll(async () => {
  await service.close();
  folder.remove();
});

async function tokenOf(ask: ApiTokenAsk): Promise<string> {
  const made = makeApiToken(ask, ['root'], { now: new Date(), random: randomBytes });
  const operation = insertApiToken({ token: made.token, secretSha256: made.secretSha256 });
  await service.store.writer.commit({ operations: [operation], events: [] });
  return made.secret;
}

const scim = (method: Method, path: string, content: object) => {
  const call = request(service.address)[method](`/scim/v2${path}`).set('authorization', `Bearer ${connector}`);
  return call.set('content-type', 'application/scim+json').send(JSON.stringify(content));
};
const idIn = ({ text }: { readonly text: string }) => (JSON.parse(text) as { readonly id: string }).id;
const join = async (userName: string) =>
  idIn(await scim('post', '/Users', { schemas: [userSchema], userName, active: true }).expect(201));
const groups = new Map<string, string>();
async function enter(externalId: string, member: string): Promise<void> {
  const known = groups.get(externalId);
  if (known !== undefined) {
    const add = { op: 'add', path: 'members', value: [{ value: member }] };
    await scim('patch', `/Groups/${known}`, { schemas: [patchSchema], Operations: [add] }).expect(204);
    return;
  }
  const content = { schemas: [groupSchema], displayName: externalId, externalId, members: [{ value: member }] };
  groups.set(externalId, idIn(await scim('post', '/Groups', content).expect(201)));
}
const leave = (externalId: string, member: string) =>
  scim('patch', `/Groups/${groups.get(externalId) ?? ''}`, {
    schemas: [patchSchema],
    Operations: [{ op: 'remove', path: 'members', value: [{ value: member }] }],
  }).expect(204);

const ask = (username: string, wanted: readonly string[], bearer = service.tokenOf('hr-system')) =>
  service.withToken(bearer)('post', '/v1/kubeconfigs').send({ username, groups: wanted });
const certificatesOf = async (username: string) => {
  const { body } = await service.as('root')('get', `/v1/certificates?username=${username}`).expect(200);
  return (body as { items: readonly { status: string; fingerprintSha256: string }[] }).items;
};
const statusesOf = async (username: string) => (await certificatesOf(username)).map(({ status }) => status);
const lostBy = async (id: string) => {
  const { body } = await service.as('petra')('get', `/v1/directory-users/${id}`).expect(200);
  return (body as { lostGroups: readonly { groups: readonly string[] }[] }).lostGroups.map((one) => one.groups);
};
const exposureOf = async (username: string) => {
  const { body } = await service.as('petra')('get', `/v1/identities/${username}`).expect(200);
  return (body as { residualExposure: readonly object[] }).residualExposure;
};
const notes = async () =>
  (await service.store.directory.losses(0n, 100)).flatMap(({ users }) => users.map(({ userName }) => userName));

describe('a group that somebody lost', () => {
  it('is lost although another person’s policy gives it to a directory group that they are still in', async () => {
    const bob = await join('bob');
    await enter('g1', bob);
    await enter('g2', bob);
    await ask('bob', ['team-x']).expect(201);
    expect(await lostBy(bob)).toEqual([]);
    await leave('g2', bob);
    await ask('bob', ['team-x']).expect(403);
    expect(await statusesOf('bob')).toEqual(['revoked']);
  });

  it('is not lost by somebody to whom a policy gives it when they ask for themselves', async () => {
    const ann = await join('ann');
    const own = await tokenOf({ name: 'ann', roles: ['requester'] });
    await enter('g-self', ann);
    await ask('ann', ['self-team'], own).expect(201);
    await leave('g-self', ann);
    await ask('ann', ['self-team'], own).expect(201);
    expect(await lostBy(ann)).toEqual([]);
    expect(await statusesOf('ann')).toEqual(['valid', 'valid']);
    // Somebody else gets it for them by the directory alone.
    await enter('g-self', ann);
    await ask('ann', ['self-team']).expect(201);
    await leave('g-self', ann);
    await ask('ann', ['self-team']).expect(403);
    expect((await statusesOf('ann')).toSorted()).toEqual(['revoked', 'valid', 'valid']);
  });
});

describe('a certificate that is being signed when its bearer loses its group', () => {
  it('is revoked once it is recorded', async () => {
    const cleo = await join('cleo');
    await enter('payments', cleo);
    const { promise, resolve: record } = Promise.withResolvers<undefined>();
    held = promise;
    const asked = ask('cleo', ['team-payments']).then(({ status }) => status);
    const unfinished = async () => (await service.store.requests.unfinished()).map(({ username }) => username);
    await expect.poll(unfinished).toEqual(['cleo']);
    await leave('payments', cleo);
    // The note outlives the rounds of housekeeping, as it would outlive the process.
    const before = rounds;
    await expect.poll(() => rounds).toBeGreaterThan(before + 3);
    expect(await notes()).toContain('cleo');
    record(undefined);
    held = null;
    expect(await asked).toBe(201);
    await expect.poll(() => statusesOf('cleo')).toEqual(['revoked']);
    await expect.poll(notes).not.toContain('cleo');
  });

  it('is revoked with its record where the request was judged before the loss, and recorded after all was done', async () => {
    const dora = await join('dora');
    await enter('payments', dora);
    beforeBegin = async () => {
      await leave('payments', dora);
      await expect.poll(notes).not.toContain('dora');
    };
    await ask('dora', ['team-payments']).expect(201);
    expect(await statusesOf('dora')).toEqual(['revoked']);
    const [certificate] = await certificatesOf('dora');
    const { body } = await service
      .as('audrey')('get', '/v1/audit-events?type=CertificateRevoked&limit=500')
      .expect(200);
    expect((body as { items: readonly object[] }).items).toContainEqual(
      expect.objectContaining({ principal: 'kubepass', fingerprintSha256: certificate?.fingerprintSha256 }),
    );
    // Nobody else is touched by that.
    const eve = await join('eve');
    await enter('payments', eve);
    await ask('eve', ['team-payments']).expect(201);
    expect(await statusesOf('eve')).toEqual(['valid']);
  });
});

it('is residual exposure of the identity, and of the person in the directory', async () => {
  const listing = await startService({ policies });
  const revoking = service;
  try {
    service = listing;
    groups.clear();
    connector = await tokenOf({ name: 'connector', roles: ['directory'] });
    const finn = await join('finn');
    await enter('payments', finn);
    await ask('finn', ['team-payments']).expect(201);
    expect(await exposureOf('finn')).toEqual([]);
    await leave('payments', finn);
    const [certificate] = await certificatesOf('finn');
    const exposed = [
      {
        ...{ cluster: 'demo', fingerprintSha256: certificate?.fingerprintSha256, enforcement: 'none' },
        ...{ notAfter: expect.any(String) as string, continues: [expect.stringContaining('not revoked')] },
      },
    ];
    expect(await exposureOf('finn')).toEqual(exposed);
    const { body } = await service.as('petra')('get', `/v1/directory-users/${finn}`).expect(200);
    expect(body).toMatchObject({
      consequences: { residualExposure: exposed },
      lostGroups: [{ groups: ['team-payments'] }],
    });
    await enter('payments', finn);
    expect(await exposureOf('finn')).toEqual([]);
    // Each certificate is listed once where the name is blocked, too.
    await leave('payments', finn);
    await service.as('petra')('post', '/v1/identities/finn/block').send({ reason: 'keyCompromise' }).expect(200);
    expect(await exposureOf('finn')).toHaveLength(1);
  } finally {
    service = revoking;
    await listing.close();
  }
});
