// Tests src/start/api-tokens.ts, src/callers/admin-tokens.ts, src/callers/break-glass.ts,
// src/callers/routes/api-token-routes.ts
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { apiTokenWriter } from '../../../src/start/api-tokens.js';
import { makeTokenOnHost } from '../../../src/callers/admin-tokens.js';
import { makeApiToken } from '../../../src/callers/api-tokens.js';
import { insertApiToken, revokeApiToken } from '../../../src/store/tables/api-token-table.js';
import { aPolicy } from '../../helpers/policies.js';
import { temporaryDirectory } from '../../helpers/temporary-directory.js';
import { as } from '../../http/support/call.js';
import { localCluster } from '../../http/support/local-cluster.js';
import { policies, startService, type Caller, type TestService } from '../../http/support/service.js';
import { comingAs, lettingIn } from '../../http/support/ways-in.js';

/** Nothing listens there: the service starts all the same. */
const config = `
callers:
  oidc: [{ name: corp, issuer: http://127.0.0.1:9, audiences: [kubepass] }]
  apiTokens: { admins: false }
roles: [{ groups: [platform-admins], roles: [admin] }]
`;

const directory = temporaryDirectory();
let service: TestService;
let settings: string;
/** An admin who comes by OIDC. */
let root: Caller;
beforeAll(async () => {
  settings = `${await localCluster(directory.path)}${config}`;
  const stages = [{ approvers: { groups: ['team-leads'] } }];
  const byGroup = aPolicy('by-group', { groups: ['rota'] }, { approval: { mode: 'manual', stages } });
  service = await startService({
    config: settings,
    policies: policies + byGroup,
    context: lettingIn,
    overrides: { breakGlassMilliseconds: 300 },
  });
  root = comingAs(service, 'rita', ['admin']);
});
afterAll(async () => {
  await service.close();
  directory.remove();
});

const eventsOf = async (type: string) =>
  as.events(await root('get', `/v1/audit-events?type=${type}`).expect(200)).items;

describe('where no token is an admin', () => {
  it('starts without a token for an admin', async () => {
    expect(service.adminToken).toBe('');
    const { items } = as.tokens(await root('get', '/v1/api-tokens?limit=500').expect(200));
    expect(items.map(({ name }) => name)).not.toContain('admin');
  });

  it('warns of no policy that groups approve', async () => {
    const { items, warnings } = as.policies(await root('get', '/v1/policies').expect(200));
    expect(items.map(({ name }) => name)).toContain('by-group');
    expect(warnings.filter((warning) => warning.includes('API token'))).toEqual([]);
  });

  it.each([[['admin']], [['approver']], [['requester', 'approver']], [['admin', 'auditor']]])(
    'makes no token with the roles %j',
    async (roles) => {
      const answer = await root('post', '/v1/api-tokens').send({ name: 'x', roles }).expect(400);
      expect(as.problem(answer).errors).toEqual([
        {
          pointer: '/roles',
          message: 'tokens are neither admin nor approver here: roles in the configuration gives these roles to people',
        },
      ]);
    },
  );

  it('makes tokens with every other role', async () => {
    for (const role of ['requester', 'auditor', 'provisioner'])
      await root('post', '/v1/api-tokens')
        .send({ name: 'x', roles: [role] })
        .expect(201);
    const reviewer = { name: 'api-server', roles: ['reviewer'], cluster: 'demo', expiresInSeconds: null };
    const { token } = as.token(await root('post', '/v1/api-tokens').send(reviewer).expect(201));
    const me = await service.withToken(token)('get', '/v1/whoami').expect(200);
    expect(as.whoami(me)).toMatchObject({ roles: ['reviewer'], cluster: 'demo' });
  });

  it('takes these roles from the tokens that have them, and lets them in all the same', async () => {
    const rolesOf = async (who: 'root' | 'bob' | 'carol' | 'audrey') =>
      as.whoami(await service.as(who)('get', '/v1/whoami').expect(200)).roles;
    expect([await rolesOf('root'), await rolesOf('bob')]).toEqual([[], []]);
    expect([await rolesOf('carol'), await rolesOf('audrey')]).toEqual([['requester'], ['auditor']]);
    await service.as('root')('get', '/v1/api-tokens').expect(403);
    await service.as('root')('get', '/v1/audit-events').expect(403);
    await service.as('root')('get', '/v1/policies').expect(403);
    expect(as.problem(await service.as('root')('post', '/v1/sessions').expect(403)).detail).toContain('no role here');
    const begun = await service.as('carol')('post', '/v1/sessions').expect(201);
    const [cookie = ''] = begun.headers['set-cookie'] as unknown as readonly string[];
    const me = await service
      .anonymous('get', '/v1/whoami')
      .set('cookie', cookie.split(';')[0] ?? '')
      .expect(200);
    expect(as.whoami(me)).toMatchObject({ name: 'carol', roles: ['requester'], method: 'session' });

    const body = { username: 'somebody', groups: ['ops-eu'] };
    const asked = await service.as('alice')('post', '/v1/certificate-requests').send(body).expect(201);
    const url = asked.headers['location'] ?? '';
    for (const who of ['root', 'bob', 'carol'] as const)
      for (const decision of ['approve', 'deny']) {
        const answer = await service.as(who)('post', `${url}/${decision}`);
        expect([403, 404]).toContain(answer.status);
      }
    await comingAs(service, 'anna', ['approver'])('post', `${url}/approve`).expect(200);
  });
});

describe('somebody who is blocked, whose token would be the last admin’s', () => {
  it('goes on with none of its other roles either: there are admins beside tokens', async () => {
    const own = await startService({ config: settings, context: lettingIn });
    const made = makeApiToken({ name: 'tom', roles: ['admin', 'provisioner'] }, [], {
      ...{ now: new Date(), random: randomBytes },
    });
    const operations = [
      insertApiToken({ token: made.token, secretSha256: made.secretSha256 }),
      ...(await own.store.apiTokens.liveAdmins(new Date())).map(({ id }) => revokeApiToken({ id, at: new Date() })),
    ];
    expect(await own.store.writer.commit({ operations, events: [] })).toEqual({ committed: true });
    const tom = own.withToken(made.secret);
    expect(as.whoami(await tom('get', '/v1/whoami').expect(200)).roles).toEqual(['provisioner']);
    const admin = comingAs(own, 'rita', ['admin']);
    await admin('post', '/v1/identities/tom/block').send({ reason: 'privilegeWithdrawn' }).expect(200);
    expect(as.whoami(await tom('get', '/v1/whoami').expect(200))).toMatchObject({ roles: [], rolesLost: 'blocked' });
    await own.close();
  });
});

describe('a break-glass token', () => {
  async function makeOne() {
    let secret = '';
    const token = await makeTokenOnHost(
      {
        writer: apiTokenWriter(service.store.writer),
        keepSecret: async (made) => {
          secret = made;
        },
        now: new Date(),
        random: randomBytes,
      },
      true,
    );
    return { token, call: service.withToken(secret), secret };
  }

  it('is an admin for an hour, which the list of tokens and the audit log show', async () => {
    const { token, call, secret } = await makeOne();
    const me = as.whoami(await call('get', '/v1/whoami').expect(200));
    expect(me).toMatchObject({ name: 'break-glass', roles: ['admin'], createdBy: [], credentialId: token.id });
    expect(Date.parse(me.expiresAt ?? '') - token.createdAt.getTime()).toBe(3_600_000);
    const { items } = as.tokens(await call('get', '/v1/api-tokens?limit=500').expect(200));
    expect(items.filter(({ breakGlass }) => breakGlass).map(({ id }) => id)).toEqual([token.id]);
    expect(await eventsOf('BreakGlassTokenMade')).toMatchObject([
      { principal: null, details: { tokenId: token.id, name: 'break-glass', roles: ['admin'] } },
    ]);
    expect(service.log()).not.toContain(secret);
    service.advance(3_600);
    await call('get', '/v1/whoami').expect(401);
    service.advance(-3_600);
  });

  it('is told of in the audit log and in warnings, again and again while it is used, with the number of uses', async () => {
    const { token, call } = await makeOne();
    const usesTold = async () =>
      (await eventsOf('BreakGlassTokenUsed'))
        .filter(({ details }) => details['tokenId'] === token.id)
        .map(({ details }) => details['uses'] as number);
    for (let i = 0; i < 5; i += 1) await call('get', '/v1/whoami').expect(200);
    await expect.poll(async () => (await usesTold()).reduce((sum, uses) => sum + uses, 0)).toBe(5);
    expect((await usesTold())[0]).toBe(1);
    const lines = service.log().split('\n');
    const warnings = lines.filter((line) => line.includes('a break-glass token is used') && line.includes(token.id));
    expect(warnings[0]).toContain('"level":"warn"');
    expect(warnings).toHaveLength((await usesTold()).length);
  });

  it('has sessions that are admins as long as it is, and whose uses are told as its own', async () => {
    const { token, call, secret } = await makeOne();
    const begun = await call('post', '/v1/sessions').expect(201);
    expect(begun.body).toMatchObject({ tokenId: token.id, expiresAt: token.expiresAt?.toISOString() });
    const [cookie = ''] = begun.headers['set-cookie'] as unknown as readonly string[];
    const browser: Caller = (method, url) =>
      service
        .anonymous(method, url)
        .set('cookie', cookie.split(';')[0] ?? '')
        .set('sec-fetch-site', 'same-origin');
    for (let i = 0; i < 3; i += 1)
      expect(as.whoami(await browser('get', '/v1/whoami').expect(200)).roles).toEqual(['admin']);
    const uses = async () =>
      (await eventsOf('BreakGlassTokenUsed'))
        .filter(({ details }) => details['tokenId'] === token.id)
        .reduce((sum, { details }) => sum + (details['uses'] as number), 0);
    await expect.poll(uses).toBe(4);
    expect(service.log()).not.toContain(secret);
    await root('delete', `/v1/api-tokens/${token.id}`).expect(204);
    await browser('get', '/v1/whoami').expect(401);
  });

  it('makes no token that stays an admin, and ends when it is revoked', async () => {
    const { token, call } = await makeOne();
    await call('post', '/v1/api-tokens')
      .send({ name: 'x', roles: ['admin'] })
      .expect(400);
    await root('delete', `/v1/api-tokens/${token.id}`).expect(204);
    await call('get', '/v1/whoami').expect(401);
  });

  it('is made although somebody took its name in other letters', async () => {
    const answer = await root('post', '/v1/api-tokens').send({ name: 'Break-Glass', roles: ['requester'] });
    expect([answer.status, as.problem(answer).errors?.[0]?.pointer]).toEqual([400, '/name']);
    // As by an earlier version, which did not know the name.
    const other = await startService({ config: settings, context: lettingIn });
    const ask = { name: 'BREAK-GLASS', roles: ['requester'] } as const;
    const { token, secretSha256 } = makeApiToken(ask, [], { now: new Date(), random: randomBytes });
    await other.store.writer.commit({ operations: [insertApiToken({ token, secretSha256 })], events: [] });
    const made = await makeTokenOnHost(
      {
        writer: apiTokenWriter(other.store.writer),
        keepSecret: () => Promise.resolve(),
        now: new Date(),
        random: randomBytes,
      },
      true,
    );
    expect(made.name).toMatch(/^break-glass-[0-9a-f]{16}$/);
    await other.close();
  });
});
