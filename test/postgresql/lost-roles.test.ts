// Tests src/context/standing.ts, src/directory/confirm-user.ts
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startChild, type ChildService } from '../crash/child-service.js';
import { callTo, type Call } from '../crash/ledger.js';
import { testPolicies } from '../helpers/issuance.js';
import { freshDatabase, prepareDatabases } from '../helpers/postgresql/databases.js';
import { startPostgresql, type PostgresqlServer } from '../helpers/postgresql/server.js';
import { postgresqlEnvironment } from '../helpers/service-on-postgresql.js';
import { temporaryDirectory } from '../helpers/temporary-directory.js';

const directory = temporaryDirectory();
const dataDir = join(directory.path, 'data');
let server: PostgresqlServer;
const replicas: ChildService[] = [];
const adminToken = () => readFileSync(join(dataDir, 'admin-token'), 'utf8').trim();
const to = (replica: ChildService | undefined, token = adminToken): Call => callTo(() => replica?.address ?? '', token);
let call: Call;

beforeAll(async () => {
  const policiesDir = join(directory.path, 'policies');
  mkdirSync(policiesDir);
  writeFileSync(join(policiesDir, 'test.yaml'), testPolicies);
  server = await startPostgresql({ durable: true });
  const { url } = await freshDatabase(await prepareDatabases(server));
  const environment = await postgresqlEnvironment(dataDir, url);
  for (let i = 0; i < 2; i++) replicas.push(await startChild(dataDir, policiesDir, undefined, environment));
  call = to(replicas[0]);
});
afterAll(async () => {
  for (const replica of replicas) await replica.kill();
  await server.remove();
  directory.remove();
});

async function tokenOf(name: string, role: string): Promise<string> {
  const { text } = await call('POST', '/v1/api-tokens', JSON.stringify({ name, roles: [role] }));
  return (JSON.parse(text) as { readonly token: string }).token;
}

it('a block on one replica takes the roles at the other one within a second, and its end gives them back at once', async () => {
  const secret = await tokenOf('bob', 'approver');
  const whoami = async () => {
    const { text } = await to(replicas[1], () => secret)('GET', '/v1/whoami');
    return (JSON.parse(text) as { readonly rolesLost?: string }).rolesLost;
  };
  for (let i = 0; i < 3; i++) {
    const begun = performance.now();
    expect(await whoami()).toBeUndefined();
    const once = performance.now() - begun;
    expect((await call('POST', '/v1/identities/Bob/block', '{"reason":"keyCompromise"}')).status).toBe(200);
    const answeredAt = performance.now();
    await expect.poll(whoami, { interval: 20, timeout: 20_000 }).toBe('blocked');
    // A busy machine also takes its time to ask.
    expect(performance.now() - answeredAt).toBeLessThan(1_000 + 10 * once);
    expect((await call('POST', '/v1/identities/bob/unblock', '{}')).status).toBe(200);
  }
});

it('PostgreSQL that is killed in a confirm leaves everything as before or all of it done, and the next confirm does it', async () => {
  const connector = await tokenOf('idp', 'directory');
  const scim = async (method: string, path: string, content: object) => {
    const headers = { 'content-type': 'application/scim+json' };
    const answer = await to(replicas[0], () => connector)(method, `/scim/v2${path}`, JSON.stringify(content), headers);
    expect(answer.status, answer.text).toBeLessThan(300);
    return (JSON.parse(answer.text) as { readonly id: string }).id;
  };
  const joins = (userName: string, externalId: string) =>
    scim('POST', '/Users', {
      schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'],
      ...{ userName, externalId, active: true },
    });
  const read = async (id: string, name: string) => {
    const [user, identity, events] = await Promise.all(
      [`/v1/directory-users/${id}`, `/v1/identities/${name}`, '/v1/audit-events?type=IdentityUnblocked&limit=500'].map(
        async (path) => JSON.parse((await call('GET', path)).text) as Record<string, unknown>,
      ),
    );
    const told = (events?.['items'] as { readonly details: { readonly username: string } }[]).filter(
      ({ details }) => details.username === name,
    );
    return { waits: user?.['reuse'] !== null, isBlocked: (identity?.['blocked'] ?? null) !== null, told: told.length };
  };
  const [before, done] = [
    { waits: true, isBlocked: true, told: 0 },
    { waits: false, isBlocked: false, told: 1 },
  ];
  const found = new Set<string>();
  for (let i = 0; i < 4; i++) {
    const name = `reused-${i}`;
    // A certificate that lives on, so that the wait of the successor does not end by itself.
    const issued = await call('POST', '/v1/kubeconfigs', JSON.stringify({ username: name, groups: ['team-a'] }));
    expect(issued.status).toBe(201);
    const first = await joins(name, 'one');
    await scim('PATCH', `/Users/${first}`, {
      schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
      Operations: [{ op: 'replace', path: 'active', value: false }],
    });
    const second = await joins(name, 'two');
    expect(await read(second, name)).toEqual(before);
    const confirming = call('POST', `/v1/directory-users/${second}/confirm`).catch(() => null);
    await setTimeout(i * 4);
    await server.kill();
    const answer = await confirming;
    await server.start();
    await expect.poll(async () => (await call('GET', '/readyz')).status, { timeout: 60_000 }).toBe(200);
    const after = await read(second, name);
    found.add(JSON.stringify(after));
    expect([before, done]).toContainEqual(after);
    if (answer?.status === 200) expect(after).toEqual(done);
    expect((await call('POST', `/v1/directory-users/${second}/confirm`)).status).toBe(200);
    expect(await read(second, name)).toEqual(done);
  }
  console.log(`found after a kill: ${[...found].join(', ')}`);
});
