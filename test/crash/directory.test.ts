// Tests src/directory/consequences.ts, src/directory/change-user.ts, src/directory/change-group.ts
import { randomInt } from 'node:crypto';
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { verifyChain } from '../../src/audit/hash-chain.js';
import { noName } from '../../src/model/directory.js';
import type { Principal } from '../../src/model/principal.js';
import { openPostgresqlStore } from '../../src/store/postgresql/open-postgresql-store.js';
import { openSqliteStore } from '../../src/store/sqlite/open-sqlite-store.js';
import type { Store } from '../../src/store/store.js';
import { composeOn } from '../helpers/composed-service.js';
import { isDoneBeforeKill } from '../helpers/killed-child.js';
import { freshDatabase, prepareDatabases, type DatabaseSource } from '../helpers/postgresql/databases.js';
import { startPostgresql, type PostgresqlServer } from '../helpers/postgresql/server.js';
import { postgresqlEnvironment } from '../helpers/service-on-postgresql.js';
import { temporaryDirectory } from '../helpers/temporary-directory.js';
import { onPostgresql } from '../helpers/test-store.js';
import { connector } from './directory-connector.js';
import { createGroup } from '../../src/directory/change-group.js';
import { createUser } from '../../src/directory/change-user.js';
import { createKubeconfig } from '../../src/requests/collect-kubeconfig.js';
import { createRequest } from '../../src/requests/create-request.js';

const kills = Number(process.env['KUBEPASS_CRASH_ROUNDS'] ?? (onPostgresql ? 2 : 4));
/** More than end in one commit. */
const certificatesOfLeaver = 210;
/** More than lose their certificates in the commit of the change. */
const moving = 120;

const directory = temporaryDirectory();
const dataDir = join(directory.path, 'data');
const root: Principal = { ...connector, name: 'root', roles: ['admin'] };
const leavers = ['patched', 'deleted', 'replaced'] as const;
const movers = Array.from({ length: moving }, (_, i) => `mover-${i}`);

let server: PostgresqlServer | undefined;
let source: DatabaseSource | undefined;
let template = '';
let environment: Readonly<Record<string, string>>;
const ids = new Map<string, string>();
let token = '';
beforeAll(async () => {
  if (onPostgresql) {
    server = await startPostgresql({ durable: true });
    source = await prepareDatabases(server);
  }
  const policiesDir = join(directory.path, 'policies');
  mkdirSync(policiesDir);
  const allowed = '{ usernames: ["*"], groupsFromDirectory: { payments: [payments] }, collectors: ["*"] }';
  writeFileSync(
    join(policiesDir, 'directory.yaml'),
    `{ apiVersion: kubepass/v1, kind: Policy, metadata: { name: members }, spec: { selector: { clusters: [demo] }, allowed: ${allowed}, approval: { mode: auto } } }\n`,
  );
  template = source ? (await freshDatabase(source)).url : join(directory.path, 'template.db');
  environment = {
    ...(await postgresqlEnvironment(dataDir, urlOf(template), 'directory: { onLostGroup: revoke }\n')),
    KUBEPASS_DATA_DIR: dataDir,
    KUBEPASS_POLICIES_DIR: policiesDir,
    KUBEPASS_BUDGETS: 'off',
  };
  const { context, close } = await composeOn(directory.path, environment);
  const issue = async (username: string, groups: readonly string[]) => {
    const outcome = await createKubeconfig(context, root, { username, groups }, { idempotency: null });
    expect(outcome).toMatchObject({ ok: true, value: { kind: 'collected' } });
  };
  for (const userName of [...leavers, ...movers]) {
    const attributes = { userName, externalId: userName, active: true, displayName: null, name: noName, emails: [] };
    const made = await createUser(context, connector, attributes);
    if (made.ok) ids.set(userName, made.value.id);
  }
  const group = await createGroup(
    context,
    connector,
    { displayName: 'payments', externalId: 'payments' },
    movers.map((name) => ids.get(name) ?? ''),
  );
  if (group.ok) ids.set('payments', group.value.id);
  const made = await context.apiTokens.create(root, { name: connector.name, roles: ['directory'] });
  if (made.ok) token = made.value.secret;
  for (const username of leavers) {
    await Promise.all(Array.from({ length: certificatesOfLeaver }, () => issue(username, ['team-a'])));
    const waits = { username, groups: ['ops-a'] };
    expect(await createRequest(context, root, waits, { waitSeconds: 0, idempotency: null })).toMatchObject({
      ok: true,
    });
    expect(await context.apiTokens.create(root, { name: username, roles: ['requester'] })).toMatchObject({ ok: true });
  }
  await Promise.all(movers.map((username) => issue(username, ['payments'])));
  await close();
});
afterAll(async () => {
  await server?.remove();
  directory.remove();
});

const urlOf = (database: string) => (onPostgresql ? database : `file:${database}`);

async function copyOfTemplate(name: string): Promise<string> {
  if (source) return (await freshDatabase({ ...source, template: new URL(template).pathname.slice(1) })).url;
  const file = join(directory.path, `${name}.db`);
  copyFileSync(template, file);
  return file;
}

const open = (database: string): Promise<Store> =>
  onPostgresql ? openPostgresqlStore({ url: database, readConnections: 3 }) : openSqliteStore({ file: database });

const isTold = (database: string, milliseconds: number | null) =>
  isDoneBeforeKill(
    new URL('./directory-child.ts', import.meta.url),
    [...[...leavers, 'payments'].map((name) => ids.get(name) ?? ''), token],
    milliseconds,
    { ...environment, DATABASE_URL: urlOf(database) },
  );

/** The database’s view of somebody who leaves. */
async function leavingOf(store: Store, userName: string) {
  const now = new Date();
  const live = { revoked: false, clusters: null, now, limit: 1_000 };
  const page = { limit: 500, cursor: null };
  const user = await store.directory.user(ids.get(userName) ?? '');
  const pending = await store.requests.list({ state: 'pending', username: userName }, page);
  const told = await store.auditEvents.list({ type: 'DirectoryUserDeactivated' }, page);
  return {
    isHere: user?.active === true && user.deletedAt === null,
    isBlocked: (await store.identityBlocks.find([userName])).length > 0,
    tokens: (await store.apiTokens.liveOf([userName], now)).length,
    waiting: pending.items.length,
    certificates: (await store.certificates.unexpiredOf(userName, live)).length,
    events: told.items.filter(({ details }) => (details as { readonly userName: string }).userName === userName).length,
  };
}

const untouched = {
  isHere: true,
  isBlocked: false,
  tokens: 1,
  waiting: 1,
  certificates: certificatesOfLeaver,
  events: 0,
};
const gone = { isHere: false, isBlocked: true, tokens: 0, waiting: 0, certificates: 0, events: 1 };

/** The movers whose certificates go on, and those on whom the database has a note. */
async function movesOf(store: Store) {
  const live = { revoked: false, clusters: null, now: new Date(), limit: 10 };
  const goesOn = await Promise.all(
    movers.map(async (name) => ((await store.certificates.unexpiredOf(name, live)).length > 0 ? [name] : [])),
  );
  return {
    members: (await store.directory.members(ids.get('payments') ?? '', 1_000)).length,
    goesOn: goesOn.flat(),
    noted: (await store.directory.losses(0n, 1_000)).flatMap(({ users }) => users.map(({ userName }) => userName)),
  };
}

it(`takes all or nothing of leavers and movers, and finishes it, after ${kills} times kill -9`, async () => {
  let killed = 0;
  let longest = 1_500;
  const seen = new Set<string>();
  for (let count = 0; killed < kills; count++) {
    const database = await copyOfTemplate(String(count));
    for (;;) {
      // After the last kill the work goes on to its end, however long a slow machine needs for it.
      const ended = await isTold(database, killed < kills ? randomInt(Math.ceil(longest)) : null);
      const store = await open(database);
      expect(await verifyChain(store.auditEvents)).toMatchObject({ valid: true });
      for (const name of leavers) {
        const found = await leavingOf(store, name);
        seen.add(`${name} ${found.isHere ? 'is here' : `has ${found.certificates > 0 ? 'some' : 'no'} certificates`}`);
        if (ended) expect(found).toEqual(gone);
        else if (found.isHere) expect(found).toEqual(untouched);
        // The commit ends the first two hundred; the others follow, in this process or the next one.
        else
          expect({ ...found, certificates: found.certificates <= certificatesOfLeaver - 200 }).toEqual({
            ...{ ...gone, certificates: true },
          });
      }
      const { members, goesOn, noted } = await movesOf(store);
      seen.add(`${members} members, ${goesOn.length > 0 ? 'some' : 'no'} certificates`);
      if (members > 0) expect({ members, goesOn, noted }).toEqual({ members: moving, goesOn: movers, noted: [] });
      else {
        expect(goesOn.length).toBeLessThanOrEqual(moving - 50);
        expect(noted).toEqual(expect.arrayContaining(goesOn));
      }
      if (ended) expect({ members, goesOn, noted }).toEqual({ members: 0, goesOn: [], noted: [] });
      await store.close();
      if (ended) break;
      killed++;
      longest *= 1.1;
    }
  }
  console.log(`after a kill: ${[...seen].sort().join('; ')}`);
});
