// Tests src/directory/consequences.ts, src/access/leavers-tokens.ts, src/access/directory-facts.ts,
// src/context/standing.ts, src/callers/authentication/callers.ts
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join as joined } from 'node:path';
import request from 'supertest';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeApiToken } from '../../src/callers/api-tokens.js';
import type { Role } from '../../src/model/principal.js';
import { insertApiToken, revokeApiToken } from '../../src/store/tables/api-token-table.js';
import { IdentityProvider } from '../helpers/identity-provider.js';
import { temporaryDirectory } from '../helpers/temporary-directory.js';
import { as } from './support/call.js';
import { startOidcService } from './support/oidc-service.js';
import type { TestService } from './support/service.js';

const accounts = {
  vic: { groups: ['approvers'] },
  ada: { groups: ['admins'] },
  eve: { groups: ['admins'] },
  noa: { groups: ['admins'] },
  lou: { groups: ['approvers'] },
};
const roles = [
  { groups: ['approvers'], roles: ['approver'] },
  { groups: ['admins'], roles: ['admin'] },
];
const hasLeft = 'the directory says that you left, so you have no role here until it says that you are back';

const isSucceeded =
  'the directory gave your name to somebody else after this credential was issued: its new owner must sign in again';

const folder = temporaryDirectory();
let provider: IdentityProvider;
let service: TestService;
let connector: string;
beforeAll(async () => {
  provider = await IdentityProvider.start({ tls: true, accounts });
  const secretFile = joined(folder.path, 'webhook-secret');
  writeFileSync(secretFile, `whsec_${randomBytes(32).toString('base64')}\n`, { mode: 0o600 });
  const webhooks = [{ name: 'chat', url: 'https://127.0.0.1:1/', secretFile, events: ['identity.blocked'] }];
  service = await startOidcService(provider, { roles, settings: { webhooks } });
  connector = await tokenOf('connector', ['directory']);
});
afterAll(async () => {
  await service.close();
  await provider.stop();
  folder.remove();
});

async function tokenOf(name: string, held: readonly Role[], createdBy: readonly string[] = []): Promise<string> {
  const made = makeApiToken({ name, roles: held }, createdBy, { now: new Date(), random: randomBytes });
  const operation = insertApiToken({ token: made.token, secretSha256: made.secretSha256 });
  expect(await service.store.writer.commit({ operations: [operation], events: [] })).toEqual({ committed: true });
  return made.secret;
}
const scim = (method: 'post' | 'patch', path: string, content: object) => {
  const agent = request(service.address);
  const call = agent[method](`/scim/v2${path}`).set('authorization', `Bearer ${connector}`);
  return call.set('content-type', 'application/scim+json').send(JSON.stringify(content));
};
async function join(userName: string, more: object = {}): Promise<string> {
  const schemas = ['urn:ietf:params:scim:schemas:core:2.0:User'];
  const { text } = await scim('post', '/Users', { schemas, userName, active: true, ...more }).expect(201);
  return (JSON.parse(text) as { readonly id: string }).id;
}
const become = (id: string, active: boolean) =>
  scim('patch', `/Users/${id}`, {
    schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
    Operations: [{ op: 'replace', path: 'active', value: active }],
  }).expect(200);
const detailOf = ({ body }: { readonly body: unknown }) => (body as { readonly detail?: string }).detail;

describe('somebody who left, with a token of the identity provider that lives on', () => {
  it('approves nothing and reads nothing of others, until they return', async () => {
    const id = await join('Vic');
    const vic = service.withToken((await provider.signIn('vic')).accessToken);
    const waiting = as.request(
      await service
        .as('hr-system')('post', '/v1/certificate-requests')
        .send({ username: 'app-1', groups: ['ops-a'] })
        .expect(201),
    );
    await vic('get', '/v1/certificate-requests').expect(200);
    await become(id, false);
    expect(as.whoami(await vic('get', '/v1/whoami').expect(200))).toMatchObject({ name: 'vic', roles: [] });
    const approve = () => vic('post', `/v1/certificate-requests/${waiting.id}/approve`).send({});
    expect(detailOf(await approve().expect(403))).toBe(hasLeft);
    expect(detailOf(await vic('get', '/v1/clusters').expect(403))).toBe(hasLeft);
    const { body } = await vic('get', '/v1/certificate-requests').expect(200);
    expect((body as { readonly items: readonly object[] }).items).toEqual([]);
    await vic('get', `/v1/certificate-requests/${waiting.id}`).expect(404);
    await become(id, true);
    await approve().expect(200);
  });

  it('does not let themselves in again, nor others', async () => {
    const id = await join('ada');
    const ada = service.withToken((await provider.signIn('ada')).accessToken);
    await become(id, false);
    for (const name of ['ada', 'ADA', 'vic']) {
      const answer = await ada('post', `/v1/identities/${name}/unblock`).send({}).expect(403);
      expect(detailOf(answer)).toBe(hasLeft);
    }
    await ada('post', '/v1/api-tokens')
      .send({ name: 'backdoor', roles: ['admin'] })
      .expect(403);
    expect(detailOf(await ada('post', `/v1/directory-users/${id}/confirm`).expect(403))).toBe(hasLeft);
  });
});

describe('somebody who left, with a browser that signed in with an API token', () => {
  it('is signed out at once, and signs in no more until they return', async () => {
    const id = await join('tess');
    const secret = await tokenOf('tess', ['requester']);
    const signIn = () => service.withToken(secret)('post', '/v1/sessions');
    const [cookie = ''] = (await signIn().expect(201)).headers['set-cookie'] as unknown as readonly string[];
    const whoami = () => service.anonymous('get', '/v1/whoami').set('cookie', cookie.split(';')[0] ?? '');
    await whoami().expect(200);
    await become(id, false);
    await whoami().expect(401);
    // Their token was revoked, too.
    await signIn().expect(401);
    await become(id, true);
    await whoami().expect(401);
  });
});

describe('somebody whose name was given to another person', () => {
  it('does not speak for that person with the token that they still have', async () => {
    const first = await join('lou', { externalId: 'one' });
    const before = service.withToken((await provider.signIn('lou')).accessToken);
    await before('get', '/v1/certificate-requests').expect(200);
    await become(first, false);
    const second = await join('Lou', { externalId: 'two' });
    const refused = () => before('get', '/v1/clusters').expect(403);
    expect(detailOf(await refused())).toBe(isSucceeded);
    expect(as.whoami(await before('get', '/v1/whoami').expect(200))).toMatchObject({ name: 'lou', roles: [] });
    await service.as('root')('post', `/v1/directory-users/${second}/confirm`).expect(200);
    expect(detailOf(await refused())).toBe(isSucceeded);
    // Tokens tell the second in which they were issued.
    const answer = async () => {
      const after = service.withToken((await provider.signIn('lou')).accessToken);
      return (await after('get', '/v1/clusters')).status;
    };
    await expect.poll(answer).toBe(200);
    expect(detailOf(await refused())).toBe(isSucceeded);
  });
});

describe('the consequences of a leaving', () => {
  it('list the certificates that somebody collects, and those that they asked for in another spelling', async () => {
    const id = await join('Noa');
    const noa = await tokenOf('Noa', ['requester']);
    const collected = as.request(
      await service
        .as('hr-system')('post', '/v1/certificate-requests')
        .send({ username: 'svc-collected', groups: ['team-a'], collector: 'Noa' })
        .expect(201),
    );
    await service.withToken(noa)('post', `/v1/certificate-requests/${collected.id}/kubeconfig`).expect(200);
    const spelled = service.withToken((await provider.signIn('noa')).accessToken);
    await spelled('post', '/v1/kubeconfigs')
      .send({ username: 'svc-spelled', groups: ['team-a'] })
      .expect(201);
    // Their own, in any spelling, are no certificates of others.
    await spelled('post', '/v1/kubeconfigs')
      .send({ username: 'noa', groups: ['team-a'] })
      .expect(201);
    await become(id, false);
    const { body } = await service.as('petra')('get', `/v1/directory-users/${id}`).expect(200);
    const { consequences } = body as {
      readonly consequences: { readonly requestedForOthers: readonly { readonly username: string }[] };
    };
    const usernames = consequences.requestedForOthers.map(({ username }) => username);
    expect(usernames.sort()).toEqual(['svc-collected', 'svc-spelled']);
    const { items } = await service.store.webhookDeliveries.list({ webhook: 'chat' }, { limit: 50, cursor: null });
    const told = items.map(({ payload }) => payload).find((payload) => payload.includes(id)) ?? '';
    for (const username of usernames) expect(told).toContain(`"username":"${username}"`);
  });
});

describe('an API token of somebody who left', () => {
  it('goes on as the last admin’s, and a person who comes in by the same name has no role', async () => {
    const others = (await service.store.apiTokens.list({ limit: 100, cursor: null })).items.filter(({ roles: held }) =>
      held.includes('admin'),
    );
    const last = await tokenOf('eve', ['admin'], ['vic']);
    for (const { id } of others)
      await service.store.writer.commit({ operations: [revokeApiToken({ id, at: new Date() })], events: [] });
    const id = await join('eve');
    await become(id, false);
    await service.withToken(last)('get', '/v1/audit-events?limit=1').expect(200);
    const eve = service.withToken((await provider.signIn('eve')).accessToken);
    await eve('get', '/v1/audit-events?limit=1').expect(403);
    // Nobody lets themselves in, by whichever credential.
    const answer = await service.withToken(last)('post', '/v1/identities/Eve/unblock').send({}).expect(403);
    expect(detailOf(answer)).toBe('nobody unblocks themselves: somebody else must do it');
    await service.withToken(last)('post', '/v1/identities/vic/unblock').send({}).expect(403);
    await service.withToken(last)('post', '/v1/identities/ada/unblock').send({}).expect(200);
    const confirm = await service.withToken(last)('post', `/v1/directory-users/${id}/confirm`).expect(403);
    expect(detailOf(confirm)).toBe('nobody confirms themselves: somebody else must do it');
    // As soon as somebody else is admin, they are the last one no longer.
    const operator = await tokenOf('operator', ['admin']);
    const noLonger = await service.withToken(last)('get', '/v1/audit-events?limit=1').expect(403);
    expect(detailOf(noLonger)).toBe(hasLeft);
    await service.withToken(operator)('post', '/v1/identities/eve/unblock').send({}).expect(200);
  });
});

describe('an API token of somebody who left, where those are not revoked', () => {
  let own: TestService;
  beforeAll(async () => {
    own = await startOidcService(provider, { roles, settings: { directory: { revokeTokens: false } } });
  });
  afterAll(() => own.close());

  const whoami = async (token: string) => as.whoami(await own.withToken(token)('get', '/v1/whoami').expect(200));
  const make = async (name: string, held: readonly Role[]) =>
    as.token(await own.as('root')('post', '/v1/api-tokens').send({ name, roles: held }).expect(201)).token;
  const say = async (method: 'post' | 'patch', path: string, content: object, bearer: string) => {
    const call = request(own.address)[method](`/scim/v2${path}`).set('authorization', `Bearer ${bearer}`);
    const { text } = await call.set('content-type', 'application/scim+json').send(JSON.stringify(content));
    return (JSON.parse(text) as { readonly id: string }).id;
  };
  const patch = (active: boolean) => ({
    schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
    Operations: [{ op: 'replace', path: 'active', value: active }],
  });
  const user = (userName: string, externalId: string) => ({
    schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'],
    ...{ userName, externalId, active: true },
  });

  it('has no role until they are back, also where an admin unblocks the name, and none once the name is another’s', async () => {
    const bearer = await make('idp', ['directory']);
    const token = await make('gus', ['approver']);
    const first = await say('post', '/Users', user('Gus', 'one'), bearer);
    expect(await whoami(token)).toMatchObject({ roles: ['approver'] });
    await say('patch', `/Users/${first}`, patch(false), bearer);
    expect(await whoami(token)).toMatchObject({ roles: [], rolesLost: 'left' });
    expect(detailOf(await own.withToken(token)('get', '/v1/clusters').expect(403))).toBe(hasLeft);
    await own.as('root')('post', '/v1/identities/gus/unblock').send({}).expect(200);
    expect(await whoami(token)).toMatchObject({ roles: [], rolesLost: 'left' });
    await say('patch', `/Users/${first}`, patch(true), bearer);
    expect(await whoami(token)).toMatchObject({ roles: ['approver'] });

    await say('patch', `/Users/${first}`, patch(false), bearer);
    const second = await say('post', '/Users', user('gus', 'two'), bearer);
    expect(await whoami(token)).toMatchObject({ roles: [], rolesLost: 'succeeded' });
    await own.as('root')('post', `/v1/directory-users/${second}/confirm`).expect(200);
    expect(await whoami(token)).toMatchObject({ roles: [], rolesLost: 'succeeded' });
    expect(await whoami(await make('gus', ['approver']))).toMatchObject({ roles: ['approver'] });
  });

  it('of the last admin goes on, until somebody else is admin', async () => {
    const bearer = await make('idp-2', ['directory']);
    const last = await make('liv', ['admin']);
    const admins = await own.store.apiTokens.liveAdmins(new Date());
    for (const { id, name } of admins)
      if (name !== 'liv')
        await own.store.writer.commit({ operations: [revokeApiToken({ id, at: new Date() })], events: [] });
    const id = await say('post', '/Users', user('liv', 'three'), bearer);
    await say('patch', `/Users/${id}`, patch(false), bearer);
    expect(await whoami(last)).toMatchObject({ roles: ['admin'] });
    const made = await own
      .withToken(last)('post', '/v1/api-tokens')
      .send({ name: 'next', roles: ['admin'] });
    // Nobody who left makes a token, so the operator must.
    expect(made.status).toBe(403);
  });
});
