// Tests src/access/block-identity.ts, src/context/standing.ts, src/callers/authentication/callers.ts,
// src/requests/decide-request.ts
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeApiToken } from '../../src/callers/api-tokens.js';
import type { ApiToken, Role } from '../../src/model/principal.js';
import { insertApiToken, revokeApiToken } from '../../src/store/tables/api-token-table.js';
import { IdentityProvider } from '../helpers/identity-provider.js';
import { as, type Answer } from './support/call.js';
import { startOidcService } from './support/oidc-service.js';
import { policies, type Caller, type TestService } from './support/service.js';
import { aPolicy } from '../helpers/policies.js';
import { quietMoment } from '../helpers/quiet-moment.js';

const isBlocked = 'your name is blocked on every cluster, so you have no role here until somebody else unblocks it';

const byTwo = aPolicy('by-two', { groups: ['two-*'] }, { approval: { mode: 'manual', stages: [{ count: 2 }] } });

let provider: IdentityProvider;
let service: TestService;
/** How many callers were looked at and let in. */
let letIn = 0;
beforeAll(async () => {
  provider = await IdentityProvider.start({
    tls: true,
    accounts: { vic: { groups: ['approvers'] }, ada: { groups: ['admins'] } },
  });
  service = await startOidcService(provider, {
    policies: policies + byTwo,
    context: (context) => ({
      ...context,
      authenticator: {
        async authenticate(credential) {
          const authentication = await context.authenticator.authenticate(credential);
          if (authentication.outcome === 'authenticated') letIn += 1;
          return authentication;
        },
        authenticateReviewer: (token) => context.authenticator.authenticateReviewer(token),
        useProof: (principal, csr) => context.authenticator.useProof(principal, csr),
      },
    }),
    roles: [
      { groups: ['approvers'], roles: ['approver'] },
      { groups: ['admins'], roles: ['admin'] },
    ],
  });
});
afterAll(async () => {
  await service.close();
  await provider.stop();
});

async function tokenOf(name: string, roles: readonly Role[], more: Partial<ApiToken> = {}): Promise<Caller> {
  const made = makeApiToken({ name, roles }, [], { now: new Date(), random: randomBytes });
  const operation = insertApiToken({ token: { ...made.token, ...more }, secretSha256: made.secretSha256 });
  expect(await service.store.writer.commit({ operations: [operation], events: [] })).toEqual({ committed: true });
  return service.withToken(made.secret);
}
const person = async (account: string): Promise<Caller> =>
  service.withToken((await provider.signIn(account)).accessToken);
const reason = 'privilegeWithdrawn';
const block = (name: string, more: object = {}, by: Caller = service.as('petra')) =>
  by('post', `/v1/identities/${name}/block`).send({ reason, ...more });
const unblock = (name: string, by: Caller = service.as('petra')) =>
  by('post', `/v1/identities/${name}/unblock`).send({});
const detailOf = (answer: Answer) => as.problem(answer).detail;
const rolesOf = async (caller: Caller) => {
  const { roles, rolesLost } = as.whoami(await caller('get', '/v1/whoami').expect(200));
  return { roles, rolesLost };
};
const blocked = { roles: [], rolesLost: 'blocked' };

async function ask(groups = ['ops-a']) {
  const body = { username: `app-${randomBytes(4).toString('hex')}`, groups };
  const answer = await service.as('hr-system')('post', '/v1/certificate-requests').send(body).expect(201);
  return as.request(answer).id;
}
const approve = (caller: Caller, id: string) => caller('post', `/v1/certificate-requests/${id}/approve`).send({});

describe.each([
  ['an API token', (name: string) => tokenOf(name, ['approver', 'admin']), 'tom'],
  ['a token of the identity provider', person, 'vic'],
] as const)('somebody with %s whose name is blocked on every cluster', (_, comes, name) => {
  it('has no role from the next call on, by whichever spelling of the name, until it is unblocked', async () => {
    const caller = await comes(name);
    const before = await rolesOf(caller);
    expect(before.rolesLost).toBeUndefined();
    expect(before.roles).not.toEqual([]);
    const id = await ask();
    await block(name.toUpperCase()).expect(200);
    expect(await rolesOf(caller)).toEqual(blocked);
    expect(detailOf(await approve(caller, id).expect(403))).toBe(isBlocked);
    expect(detailOf(await caller('get', '/v1/clusters').expect(403))).toBe(isBlocked);
    const awaiting = await caller('get', '/v1/certificate-requests?awaiting=me').expect(200);
    expect(as.requests(awaiting).items).toEqual([]);
    await unblock(name).expect(200);
    expect(await rolesOf(caller)).toEqual(before);
    await approve(caller, id).expect(200);
  });
});

describe('a call that somebody keeps open while they are blocked', () => {
  const { hostname, port } = { hostname: '127.0.0.1', port: () => Number(new URL(service.address).port) };
  /** Sends the headers of a call, and answers the whole answer once `rest` has sent the body. */
  async function open(token: string, path: string, body: object) {
    const text = JSON.stringify(body);
    const socket = connect(port(), hostname);
    let answer = '';
    socket.on('data', (chunk: Buffer) => (answer += chunk.toString('utf8')));
    const ended = once(socket, 'close');
    const headers = `authorization: Bearer ${token}\r\ncontent-type: application/json\r\ncontent-length: ${text.length}`;
    socket.write(`POST ${path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n${headers}\r\n\r\n${text.slice(0, 1)}`);
    return async () => {
      socket.write(text.slice(1));
      await ended;
      return Number(answer.split(' ')[1]);
    };
  }

  it('does nothing once the rest of it comes: they approve nothing, make no token and unblock nobody', async () => {
    const made = makeApiToken({ name: 'slow', roles: ['approver', 'admin'] }, [], {
      now: new Date(),
      random: randomBytes,
    });
    const operation = insertApiToken({ token: made.token, secretSha256: made.secretSha256 });
    expect(await service.store.writer.commit({ operations: [operation], events: [] })).toEqual({ committed: true });
    expect((await service.withToken(made.secret)('get', '/v1/whoami')).status).toBe(200);
    await block('max').expect(200);
    const before = letIn;
    const id = await ask();
    const calls = [
      await open(made.secret, `/v1/certificate-requests/${id}/approve`, { comment: 'x' }),
      await open(made.secret, '/v1/api-tokens', { name: 'backdoor', roles: ['admin'] }),
      await open(made.secret, '/v1/identities/max/unblock', { comment: 'x' }),
    ];
    await expect.poll(() => letIn).toBe(before + 4);
    // Callers who send the rest at once are believed.
    await quietMoment(150);
    await block('slow').expect(200);
    expect(await Promise.all(calls.map((rest) => rest()))).toEqual([403, 403, 403]);
    await unblock('slow').expect(200);
    await unblock('max').expect(200);
  });
});

describe('an admin whose name is blocked', () => {
  it('unblocks nobody, blocks nobody and makes no token', async () => {
    const [ada, tea] = [await person('ada'), await tokenOf('tea', ['admin'])];
    for (const [admin, name] of [
      [ada, 'ada'],
      [tea, 'tea'],
    ] as const) {
      await block('max').expect(200);
      await block(name).expect(200);
      for (const other of ['max', name]) expect(detailOf(await unblock(other, admin).expect(403))).toBe(isBlocked);
      expect(detailOf(await block('root', {}, admin).expect(403))).toBe(isBlocked);
      await admin('post', '/v1/api-tokens')
        .send({ name: 'backdoor', roles: ['admin'] })
        .expect(403);
      await unblock(name).expect(200);
      await unblock('max', admin).expect(200);
    }
  });
});

describe('a block', () => {
  it('that names each configured cluster is one on every cluster, and ends at its time', async () => {
    const tim = await tokenOf('tim', ['auditor']);
    const until = new Date(service.context.clock().getTime() + 3_600_000).toISOString();
    await block('tim', { clusters: ['demo'], until }).expect(200);
    expect(await rolesOf(tim)).toEqual(blocked);
    service.advance(3_601);
    expect(await rolesOf(tim)).toEqual({ roles: ['auditor'] });
  });

  it('takes nothing from a machine that has the name: the API server of a cluster, or the connector of a directory', async () => {
    const connector = await tokenOf('corp-idp', ['directory']);
    const reviewer = await tokenOf('demo-api', ['reviewer'], { cluster: 'demo' });
    for (const name of ['corp-idp', 'demo-api']) await block(name).expect(200);
    expect(await rolesOf(connector)).toEqual({ roles: ['directory'] });
    expect(await rolesOf(reviewer)).toEqual({ roles: ['reviewer'] });
  });

  it('takes nothing from a break-glass token', async () => {
    const recovering = await tokenOf('break-glass', ['admin'], { breakGlass: true });
    await block('break-glass').expect(200);
    expect(await rolesOf(recovering)).toEqual({ roles: ['admin'] });
  });

  it('leaves one admin among those who are blocked, where nobody else is one', async () => {
    const others = (await service.store.apiTokens.list({ limit: 500, cursor: null })).items;
    const [short, long] = [
      await tokenOf('una', ['admin', 'requester'], {
        createdBy: ['tea'],
        expiresAt: new Date(Date.now() + 86_400_000),
      }),
      await tokenOf('uri', ['admin', 'requester'], { createdBy: ['tea'] }),
    ];
    await block('una').expect(200);
    expect(await rolesOf(short)).toEqual(blocked);
    for (const { id, roles } of others)
      if (roles.includes('admin'))
        await service.store.writer.commit({ operations: [revokeApiToken({ id, at: new Date() })], events: [] });
    await block('uri').expect(200);
    expect(await rolesOf(long)).toEqual({ roles: ['admin', 'requester'] });
    expect(await rolesOf(short)).toEqual(blocked);
    // Nobody lets themselves in.
    await unblock('uri', long).expect(403);
    await unblock('una', long).expect(200);
    expect(await rolesOf(long)).toEqual(blocked);
    await unblock('uri', short).expect(200);
  });
});

describe('an approval of somebody who is blocked afterwards', () => {
  it('does not count while they are, neither in lists nor at the last approval', async () => {
    const [bob, vic] = [service.as('bob'), await person('vic')];
    const zoe = await tokenOf('zoe', ['approver']);
    const id = await ask(['two-a']);
    await approve(bob, id).expect(200);
    await block('bob').expect(200);
    const read = async () => as.request(await zoe('get', `/v1/certificate-requests/${id}`).expect(200));
    expect(await read()).toMatchObject({ state: 'pending', awaiting: [{ stage: 0, needed: 2 }] });
    await approve(zoe, id).expect(200);
    expect(await read()).toMatchObject({ state: 'pending', awaiting: [{ stage: 0, needed: 1 }] });
    const awaiting = as.requests(await vic('get', '/v1/certificate-requests?awaiting=me').expect(200));
    expect(awaiting.items.map((item) => item.id)).toContain(id);
    await approve(vic, id).expect(200);
    expect((await read()).state).not.toBe('pending');
    await unblock('bob').expect(200);
  });

  it('counts again once they are unblocked, and their name counts once', async () => {
    const [bob, zac] = [service.as('bob'), await tokenOf('zac', ['approver'])];
    const id = await ask(['two-a']);
    await approve(bob, id).expect(200);
    await block('bob').expect(200);
    await unblock('bob').expect(200);
    await approve(bob, id).expect(403);
    await approve(zac, id).expect(200);
    expect(as.request(await zac('get', `/v1/certificate-requests/${id}`).expect(200)).state).not.toBe('pending');
  });
});
