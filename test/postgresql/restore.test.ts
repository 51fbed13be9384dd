// Tests src/backup/restore-database.ts, src/backup/verify-database.ts, docs/backup.md
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, inject, it } from 'vitest';
import { blockIdentity } from '../../src/access/block-identity.js';
import { revokeCertificate } from '../../src/access/revoke-certificate.js';
import type { Composition } from '../../src/start/compose.js';
import { restoreDatabase } from '../../src/backup/restore-database.js';
import { verifyConfigured } from '../../src/backup/verify-database.js';
import { loadConfig } from '../../src/config/config.js';
import { readEnvironment } from '../../src/config/env.js';
import type { AuditEventType } from '../../src/model/audit-event.js';
import { composeOn, issued } from '../helpers/composed-service.js';
import { postgresqlBinaries } from '../helpers/postgresql/binaries.js';
import { freshDatabase, query, type TestDatabase } from '../helpers/postgresql/databases.js';
import { admin } from '../helpers/principals.js';
import { runVerb } from '../helpers/run-program.js';
import { postgresqlEnvironment } from '../helpers/service-on-postgresql.js';
import { temporaryDirectory } from '../helpers/temporary-directory.js';
import { verifyAuditLog } from '../../src/log/read-audit-events.js';

let directory: ReturnType<typeof temporaryDirectory>;
let database: TestDatabase;
let target: TestDatabase;
let service: Composition | null = null;
beforeEach(async () => {
  directory = temporaryDirectory();
  database = await freshDatabase(inject('databases'));
  target = await freshDatabase({ ...inject('databases'), template: 'template0' });
  await replaceAsDocumented(target);
});
afterEach(async () => {
  await stopped();
  await database.drop();
  await target.drop();
  await query(inject('databases').adminUrl, (client) => client.query(`DROP DATABASE ${nameOf(target)}_before_restore`));
  directory.remove();
});

const nameOf = ({ url }: TestDatabase): string => new URL(url).pathname.slice(1);

/** Sets the database aside and makes an empty one, by the statements in `docs/backup.md`. */
async function replaceAsDocumented(of: TestDatabase): Promise<void> {
  const [, documented = ''] = /<<'END'\n(ALTER DATABASE [^]*?)END\n/.exec(readFileSync('docs/backup.md', 'utf8')) ?? [];
  const [before = '', after = ''] = documented
    .replaceAll(/DATABASE kubepass\b/g, `DATABASE ${nameOf(of)}`)
    .replace('kubepass_before_restore', `${nameOf(of)}_before_restore`)
    .split('\\connect kubepass\n');
  expect(after).toContain('REVOKE ALL');
  const { adminUrl } = inject('databases');
  await query(adminUrl, async (client) => {
    for (const statement of before.trim().split('\n')) await client.query(statement);
  });
  const inside = new URL(adminUrl);
  inside.pathname = nameOf(of);
  await query(inside.href, (client) => client.query(after));
}

const home = (name: string) => join(directory.path, name);

async function environmentOf(name: string, url: string) {
  const dataDir = join(home(name), 'data');
  return {
    KUBEPASS_DATA_DIR: dataDir,
    KUBEPASS_POLICIES_DIR: join(home(name), 'policies'),
    ...(await postgresqlEnvironment(dataDir, url)),
  };
}

async function started(name: string, url: string): Promise<Composition> {
  mkdirSync(home(name), { recursive: true });
  service = await composeOn(home(name), await environmentOf(name, url));
  await service.begin();
  return service;
}

async function stopped(): Promise<void> {
  await service?.close();
  service = null;
}

/** A tool of PostgreSQL, as an operator calls it. */
async function tool(name: string, ...args: readonly string[]): Promise<void> {
  const child = spawn(join(postgresqlBinaries() ?? '', name), args, { stdio: ['ignore', 'inherit', 'inherit'] });
  const [code] = (await once(child, 'close')) as [number];
  expect(code, name).toBe(0);
}

it('pg_dump under load and pg_restore elsewhere lose nothing of what the dump has, and are told of', async () => {
  const dump = join(directory.path, 'kubepass.dump');
  const first = await started('one', database.url);
  let loading = true;
  const given: string[] = [];
  const load = Array.from({ length: 8 }, async () => {
    while (loading) given.push((await issued(first, 'jane')).serialNumber);
  });
  await expect.poll(() => given.length, { timeout: 20_000 }).toBeGreaterThan(20);
  await tool('pg_dump', '--format=custom', `--file=${dump}`, database.ownerUrl);
  const atDump = given.length;
  await expect.poll(() => given.length, { timeout: 20_000 }).toBeGreaterThan(atDump + 20);
  loading = false;
  await Promise.all(load);
  await stopped();

  await tool('pg_restore', '--exit-on-error', '--single-transaction', `--dbname=${target.ownerUrl}`, dump);
  const environment = await environmentOf('two', target.url);
  const checked = await runVerb('restore', ['--check'], environment);
  expect(checked, checked.stderr).toMatchObject({ code: 0 });
  expect(checked.stdout).toMatch(/^the database was checked: it is sound: \d+ events/);
  const note = join(home('one'), 'data', 'last-checkpoint');
  const marked = await runVerb('restore', ['--mark', '--checkpoint', note], environment);
  expect(marked, marked.stderr).toMatchObject({ code: 0 });

  const second = await started('two', target.url);
  expect(await verifyAuditLog(second.context, admin)).toMatchObject({ ok: true, value: { valid: true } });
  expect(await second.context.restored.read(admin)).toMatchObject({
    value: { restored: true, restorations: [{ detectedBy: 'command', signedEvents: expect.any(Number) as unknown }] },
  });
  const fresh = await Promise.all(Array.from({ length: 20 }, () => issued(second, 'joe')));
  expect(new Set([...given, ...fresh.map(({ serialNumber }) => serialNumber)]).size).toBe(given.length + 20);
});

it('a dump that was put back without a word is known by the checkpoint in the data dir', async () => {
  const dump = join(directory.path, 'kubepass.dump');
  const first = await started('one', database.url);
  await issued(first, 'jane');
  await tool('pg_dump', '--format=custom', `--file=${dump}`, database.ownerUrl);
  await issued(first, 'joe');
  await stopped();
  await tool('pg_restore', '--exit-on-error', '--single-transaction', `--dbname=${target.ownerUrl}`, dump);
  mkdirSync(home('two'), { recursive: true });
  cpSync(join(home('one'), 'data'), join(home('two'), 'data'), { recursive: true });
  const second = await started('two', target.url);
  expect(await second.context.restored.read(admin)).toMatchObject({
    value: { restored: true, restorations: [{ detectedBy: 'checkpoint' }] },
  });
});

/** A dump, and what was taken from people after it was made. */
async function dumpedAndWithdrawn() {
  const dump = join(directory.path, 'kubepass.dump');
  const first = await started('one', database.url);
  const { fingerprintSha256 } = await issued(first, 'jane');
  const made = await first.context.apiTokens.create(admin, { name: 'portal', roles: ['requester'] });
  if (!made.ok) throw new Error('no token was made');
  const { id } = made.value.token;
  await tool('pg_dump', '--format=custom', `--file=${dump}`, database.ownerUrl);
  expect((await revokeCertificate(first.context, admin, fingerprintSha256, aRevocation)).ok).toBe(true);
  expect((await blockIdentity(first.context, admin, 'leo', { reason: 'keyCompromise' })).ok).toBe(true);
  expect((await first.context.apiTokens.revoke(admin, id)).ok).toBe(true);
  const list = join(home('one'), 'data', `revoked-${(await first.store.checkpoints.instanceId()) ?? ''}.ndjson`);
  await stopped();
  await tool('pg_restore', '--exit-on-error', '--single-transaction', `--dbname=${target.ownerUrl}`, dump);
  const known = async ({ store }: Composition) => ({
    revocation: (await store.certificates.findByFingerprint(fingerprintSha256))?.revocation?.reason,
    blocked: (await store.identityBlocks.chunk('', 10)).map(({ username }) => username),
    isTokenRevoked: (await store.apiTokens.find(id))?.revokedAt instanceof Date,
  });
  return { list, known };
}
const aRevocation = { reason: 'keyCompromise', comment: null } as const;
const all = { revocation: 'keyCompromise', blocked: ['leo'], isTokenRevoked: true };
const timesOf = async ({ store }: Composition, type: AuditEventType) =>
  (await store.auditEvents.list({ type }, { limit: 10, cursor: null })).items.length;

it('what was revoked and blocked after a dump is taken up from the data dir of any replica, once', async () => {
  const { known } = await dumpedAndWithdrawn();
  cpSync(join(home('one'), 'data'), join(home('two'), 'data'), { recursive: true });
  // The first replica to start has no list. The second one has it.
  const other = await started('other', target.url);
  service = null;
  try {
    expect(await known(other)).toMatchObject({ blocked: [], isTokenRevoked: false });
    expect(other.context.health.notes()).toEqual([expect.stringMatching(/no list of revocations in the data dir/)]);
    const second = await started('two', target.url);
    expect(await known(second)).toEqual(all);
    expect(second.context.health.notes()).toEqual([
      'the database did not know 3 revocations and blocks of the list in the data dir, 2 of them of API tokens and identities: they are recorded again',
    ]);
    expect(await second.context.restored.read(admin)).toMatchObject({ value: { restored: true } });
    await stopped();
    const again = await started('two', target.url);
    expect(again.context.health.notes()).toEqual([]);
    for (const type of ['CertificateRevoked', 'IdentityBlocked', 'ApiTokenRevoked', 'DatabaseRestored'] as const)
      expect(await timesOf(again, type), type).toBe(1);
  } finally {
    await other.close();
  }
});

it('what was revoked and blocked after a dump is taken up from a list that --mark is given', async () => {
  const { list, known } = await dumpedAndWithdrawn();
  const environment = await environmentOf('two', target.url);
  const missing = await runVerb('restore', ['--mark', '--revocations', `${list}.gone`], environment);
  expect(missing).toMatchObject({ code: 1, stderr: expect.stringContaining('there is no file') as unknown });
  const marked = await runVerb('restore', ['--mark', '--revocations', list], environment);
  expect(marked, marked.stderr).toMatchObject({ code: 0 });
  expect(marked.stdout).toContain('the database did not know 3 revocations and blocks of the list, 2 of them');
  const second = await started('two', target.url);
  expect(await known(second)).toEqual(all);
  expect(await timesOf(second, 'DatabaseRestored')).toBe(1);
});

it('the list of another database in the same data dir says nothing about this one', async () => {
  const first = await started('one', database.url);
  expect((await blockIdentity(first.context, admin, 'leo', { reason: 'keyCompromise' })).ok).toBe(true);
  await stopped();
  await runVerb('migrate', ['--grant-to', new URL(target.url).username], {
    ...(await environmentOf('one', target.ownerUrl)),
  });
  const other = await started('one', target.url);
  expect((await other.store.identityBlocks.chunk('', 10)).length).toBe(0);
});

it('the check refuses a database whose log was changed, an empty one, and to copy files into PostgreSQL', async () => {
  const config = async (url: string) => loadConfig(readEnvironment(await environmentOf('one', url)));
  await expect(verifyConfigured(await config(target.ownerUrl))).rejects.toThrow('is not one of kubepass');
  await issued(await started('one', database.url), 'jane');
  await stopped();
  expect((await verifyConfigured(await config(database.url))).log?.events).toBeGreaterThan(2);
  await query(database.ownerUrl, async (client) => {
    await client.query('ALTER TABLE "AuditRecord" DISABLE TRIGGER ALL').catch(() => undefined);
    await client.query('ALTER TABLE "AuditRecord" DISABLE TRIGGER USER');
    await client.query(`UPDATE "AuditRecord" SET "cluster" = 'x' WHERE "firstSeq" = 2`);
  });
  await expect(verifyConfigured(await config(database.url))).rejects.toThrow('breaks at event 2');
  const ask = { backup: '/nowhere', force: false, revocations: null, checkpoint: null };
  await expect(restoreDatabase(await config(database.url), ask)).rejects.toThrow('pg_restore');
});
