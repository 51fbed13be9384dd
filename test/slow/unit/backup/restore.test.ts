// Tests src/backup/restore-database.ts, src/backup/back-up-database.ts, src/backup/read-replaced-database.ts,
// src/backup/detect-restorations.ts, src/backup/checkpoints-at-hand.ts
import { createHash, randomBytes } from 'node:crypto';
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { basename, join } from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { backUpDatabase, filesApart, secretsElsewhere } from '../../../../src/backup/back-up-database.js';
import type { Composition } from '../../../../src/start/compose.js';
import { checkpointText } from '../../../../src/audit/checkpoint.js';
import { signNote } from '../../../../src/audit/signed-note.js';
import { markDatabase, restoreDatabase, type RestoreAsk } from '../../../../src/backup/restore-database.js';
import { verifyConfigured, verifySqlite } from '../../../../src/backup/verify-database.js';
import { loadConfig, type Config } from '../../../../src/config/config.js';
import type { IssuerConfig, KeyFileConfig } from '../../../../src/config/issuer-config.js';
import { readEnvironment } from '../../../../src/config/env.js';
import { KeptCheckpoint } from '../../../../src/backup/checkpoint-beside-database.js';
import { Restorations } from '../../../../src/backup/detect-restorations.js';
import { noName } from '../../../../src/model/directory.js';
import type { Principal } from '../../../../src/model/principal.js';
import type { Step } from '../../../../src/store/steps/step.js';
import { insertUnknownIdentity } from '../../../../src/store/tables/cluster-tables.js';
import { composeOn, issued, type LogLine } from '../../../helpers/composed-service.js';
import { IdentityProvider } from '../../../helpers/identity-provider.js';
import { newCheckpointSigner } from '../../../helpers/checkpoint-signer.js';
import { admin } from '../../../helpers/principals.js';
import { temporaryDirectory } from '../../../helpers/temporary-directory.js';
import { changeUser, createUser } from '../../../../src/directory/change-user.js';
import { readCheckpoint } from '../../../../src/log/prove-log.js';
import { verifyAuditLog } from '../../../../src/log/read-audit-events.js';
import { revokeCertificate } from '../../../../src/access/revoke-certificate.js';
import { blockIdentity, unblockIdentity } from '../../../../src/access/block-identity.js';

let path: string;
let remove: () => void;
let log: LogLine[];
let service: Composition | null = null;

beforeEach(() => {
  ({ path, remove } = temporaryDirectory());
  log = [];
});
afterEach(async () => {
  await stopped();
  remove();
});

const home = (name = 'one') => join(path, name);
const dataOf = (name = 'one') => join(home(name), 'data');
const databaseOf = (name = 'one') => join(dataOf(name), 'kubepass.db');
const backup = () => join(path, 'backup.db');
const configOf = (name = 'one'): Config =>
  loadConfig(
    readEnvironment({
      KUBEPASS_DATA_DIR: dataOf(name),
      KUBEPASS_POLICIES_DIR: join(home(name), 'policies'),
    }),
  );
const asking = (ask: Partial<RestoreAsk> = {}): RestoreAsk => ({
  backup: backup(),
  force: false,
  revocations: null,
  checkpoint: null,
  ...ask,
});

async function started(name = 'one', environment: Readonly<Record<string, string>> = {}): Promise<Composition> {
  log.length = 0;
  mkdirSync(home(name), { recursive: true });
  service = await composeOn(home(name), environment, {}, log);
  await service.begin();
  return service;
}

/** The CA is kept apart from backups, and comes back from there. */
function withCa(name: string): void {
  mkdirSync(dataOf(name), { recursive: true, mode: 0o700 });
  cpSync(join(dataOf(), 'ca'), join(dataOf(name), 'ca'), { recursive: true });
}

async function stopped(): Promise<void> {
  await service?.close();
  service = null;
}

async function revoked({ context }: Composition, fingerprint: string): Promise<void> {
  expect((await revokeCertificate(context, admin, fingerprint, { reason: 'keyCompromise', comment: null })).ok).toBe(
    true,
  );
}

async function stateOf({ context }: Composition) {
  const outcome = await context.restored.read(admin);
  if (!outcome.ok) throw new Error('an admin may read it');
  return outcome.value;
}

/**
 * A backup, and a log that went on after it: the size that it has been signed with is larger than that of the backup.
 */
async function backedUp() {
  const first = await started();
  const old = await issued(first, 'old');
  await readCheckpoint(first.context, admin);
  await expect.poll(() => first.store.checkpoints.last()).not.toBeNull();
  await backUpDatabase(configOf(), backup());
  const young = await issued(first, 'young');
  await revoked(first, old.fingerprintSha256);
  await stopped();
  return { old, young };
}

/** Every file below a directory with its content, except those of locks. */
function contents(directory: string): Readonly<Record<string, string>> {
  const files = readdirSync(directory, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return Object.fromEntries(
    files
      .map(({ parentPath, name }) => join(parentPath, name))
      .filter((file) => !/lock(-holder\.json|\.db|)(-journal)?$/.test(file))
      .map((file) => [file, createHash('sha256').update(readFileSync(file)).digest('hex')]),
  );
}

const sized = (note: string): number => Number(note.split('\n')[1]);

describe('a backup', () => {
  it('is one private file that was checked, while the service goes on', async () => {
    const running = await started();
    const { fingerprintSha256 } = await issued(running, 'jane');
    const verified = await backUpDatabase(configOf(), backup());
    expect(verified.log?.events).toBeGreaterThan(3);
    expect(statSync(backup()).mode & 0o777).toBe(0o600);
    expect(readdirSync(path).sort()).toEqual(['backup.db', 'one']);
    const copy = new Database(backup(), { readonly: true });
    expect(copy.pragma('journal_mode', { simple: true })).toBe('delete');
    expect(
      copy
        .prepare(`SELECT 1 FROM "CertificateRecord" WHERE lower(hex("fingerprintSha256")) = ?`)
        .get(fingerprintSha256),
    ).toBeDefined();
    copy.close();
    await issued(running, 'joe');
  });

  it('has what is only in the log of a service that was killed', async () => {
    const running = await started();
    await issued(running, 'jane');
    mkdirSync(dataOf('killed'), { recursive: true });
    for (const end of ['', '-wal']) copyFileSync(`${databaseOf()}${end}`, `${databaseOf('killed')}${end}`);
    const { seq } = await running.store.auditEvents.head();
    expect((await backUpDatabase(configOf('killed'), backup())).log?.events).toBe(seq);
  });

  it('never overwrites, and says so', async () => {
    await started();
    writeFileSync(backup(), 'precious');
    await expect(backUpDatabase(configOf(), backup())).rejects.toThrow('exists, and no backup is overwritten');
    symlinkSync('/nowhere', join(path, 'link'));
    await expect(backUpDatabase(configOf(), join(path, 'link'))).rejects.toThrow('no backup is overwritten');
    writeFileSync(join(path, 'other.db.part'), '');
    await expect(backUpDatabase(configOf(), join(path, 'other.db'))).rejects.toThrow('one was cut off');
    expect(existsSync(join(path, 'other.db.part'))).toBe(true);
    const both = await Promise.allSettled([1, 2].map(() => backUpDatabase(configOf(), join(path, 'both.db'))));
    expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect((await verifySqlite(join(path, 'both.db'))).log?.events).toBeGreaterThan(0);
    expect(readFileSync(backup(), 'utf8')).toBe('precious');
  });

  it('is not made of what is no sound database', async () => {
    await expect(backUpDatabase(configOf(), backup())).rejects.toThrow('there is no database at');
    mkdirSync(dataOf(), { recursive: true });
    writeFileSync(databaseOf(), 'a letter');
    await expect(backUpDatabase(configOf(), backup())).rejects.toThrow(/not a database/);
    expect(readdirSync(path).sort()).toEqual(['one']);
    const database = { kind: 'postgresql', url: 'postgresql://kubepass@127.0.0.1/kubepass', exposed: false } as const;
    await expect(backUpDatabase({ database }, backup())).rejects.toThrow('pg_dump');
  });

  it('names the files that it does not hold', async () => {
    const running = await started();
    await revoked(running, (await issued(running, 'jane')).fingerprintSha256);
    await stopped();
    const data = dataOf();
    expect(filesApart(configOf()).map(({ path: file, secret }) => [file, secret])).toEqual([
      [join(home(), 'policies'), false],
      [join(data, 'ca', 'ca.crt'), false],
      [join(data, 'ca', 'ca.key'), true],
      [join(data, 'checkpoint.key'), true],
      [`${databaseOf()}.revoked.ndjson`, false],
      [`${databaseOf()}.checkpoint`, false],
    ]);
  });
});

describe('the files of several issuers', () => {
  const issuerOf = (name: string, key: IssuerConfig['key'], anchorFile: string | null = null): IssuerConfig => {
    const certFile = join(path, `${name}.crt`);
    return { name, certFile, key, anchorFile, subject: null };
  };
  const inFile = (name: string, passphrase: KeyFileConfig['passphrase']) =>
    ({ kind: 'file', file: join(path, name), passphrase }) as const;

  it('are named with their issuers, each once, and keys that are in no file are named in words', async () => {
    mkdirSync(path, { recursive: true });
    const socket = createServer();
    await new Promise<void>((resolve) => socket.listen(join(path, 'agent.sock'), resolve));
    const names = ['a.crt', 'a.key', 'a.pass', 'b.crt', 'b.key', 'root.crt', 'c.crt'];
    for (const name of names) writeFileSync(join(path, name), '');
    const config = configOf();
    const [cluster] = config.clusters;
    const issuers = [
      issuerOf('a', inFile('a.key', { file: join(path, 'a.pass') }), join(path, 'root.crt')),
      issuerOf('b', inFile('b.key', { fd: 3 }), join(path, 'root.crt')),
      issuerOf('c', { kind: 'agent', socket: join(path, 'agent.sock'), label: null }),
    ];
    const signer = { kind: 'localCA', issuers, listed: true, generate: false } as const;
    const several = { ...config, clusters: [{ ...cluster!, name: 'prod', signer }] };
    const found = filesApart(several).filter(({ path: file }) => names.includes(basename(file)));
    expect(found.map(({ path: file, what, secret }) => [basename(file), what, secret])).toEqual([
      ['a.crt', 'the certificate of issuer a of cluster prod', false],
      ['a.key', 'the key of issuer a of cluster prod', true],
      ['a.pass', 'the passphrase of the key of issuer a of cluster prod: keep it apart from the key', true],
      ['root.crt', 'the CAs that the API servers trust for issuer a of cluster prod', false],
      ['b.crt', 'the certificate of issuer b of cluster prod', false],
      ['b.key', 'the key of issuer b of cluster prod', true],
      ['c.crt', 'the certificate of issuer c of cluster prod', false],
    ]);
    expect(filesApart(several).map(({ path: file }) => basename(file))).not.toContain('agent.sock');
    expect(secretsElsewhere(several)).toEqual([
      'the passphrase of the key of issuer b of cluster prod is given at the start: without it the key is lost',
      `the key of issuer c of cluster prod is behind the agent at ${join(path, 'agent.sock')}: keep a copy by the means of what holds it`,
    ]);
    expect(secretsElsewhere(config)).toEqual([]);
    await new Promise((resolve) => socket.close(resolve));
  });
});

describe('a restore', () => {
  it('puts the database back, keeps the one that was there, and un-revokes nothing', async () => {
    const { old, young } = await backedUp();
    const wal = Buffer.from('what was there');
    writeFileSync(`${databaseOf()}-wal`, wal);
    const before = readFileSync(databaseOf());
    const { keptAs, revocationsAtHand, restoration } = await restoreDatabase(configOf(), asking({ force: true }));
    expect(revocationsAtHand).toBe(true);
    expect(restoration).toMatchObject({ detectedBy: 'command', acknowledgedAt: null });
    expect(readFileSync(keptAs ?? '')).toEqual(before);
    expect(readFileSync(`${keptAs}-wal`)).toEqual(wal);
    expect(existsSync(`${databaseOf()}-wal`)).toBe(false);
    expect(statSync(databaseOf()).mode & 0o777).toBe(0o600);
    const { store } = await started();
    expect(await store.certificates.findByFingerprint(old.fingerprintSha256)).toMatchObject({
      revocation: { reason: 'keyCompromise' },
    });
    expect(await store.certificates.findByFingerprint(young.fingerprintSha256)).toBeNull();
  });

  it('brings back neither a revoked API token nor a blocked identity, and leaves alone what has lapsed', async () => {
    const first = await started();
    const made = await first.context.apiTokens.create(admin, { name: 'portal', roles: ['requester'] });
    if (!made.ok) throw new Error('no token was made');
    const { id } = made.value.token;
    await backUpDatabase(configOf(), backup());
    await first.context.apiTokens.revoke(admin, id);
    await blockIdentity(first.context, admin, 'Mallory', { reason: 'keyCompromise' });
    await blockIdentity(first.context, admin, 'joe', { reason: 'superseded' });
    await unblockIdentity(first.context, admin, 'joe', {});
    await stopped();
    await restoreDatabase(configOf(), asking({ force: true }));
    const { store } = await started();
    expect((await store.apiTokens.find(id))?.revokedAt).toBeInstanceOf(Date);
    const [block, ...others] = await store.identityBlocks.chunk('', 10);
    expect(block).toMatchObject({ username: 'Mallory', reason: 'keyCompromise', blockedBy: 'admin', clusters: null });
    expect(others).toEqual([]);
    const { items } = await store.auditEvents.list({ type: 'IdentityBlocked' }, { limit: 10, cursor: null });
    expect(items).toMatchObject([{ principal: null, details: { restored: true } }]);
    // The list goes on: it is there for the next restore, too.
    await stopped();
    await restoreDatabase(configOf(), asking({ force: true }));
    expect(((await (await started()).store.apiTokens.find(id)) ?? {}).revokedAt).toBeInstanceOf(Date);
  });

  it('over a database that knows more than its list forgets none of it', async () => {
    const first = await started();
    const { fingerprintSha256 } = await issued(first, 'old');
    const made = await first.context.apiTokens.create(admin, { name: 'portal', roles: ['requester'] });
    if (!made.ok) throw new Error('no token was made');
    const { id } = made.value.token;
    await backUpDatabase(configOf(), backup());
    const list = `${databaseOf()}.revoked.ndjson`;
    await blockIdentity(first.context, admin, 'joe', { reason: 'superseded' });
    const withJoe = readFileSync(list);
    await unblockIdentity(first.context, admin, 'joe', {});
    await blockIdentity(first.context, admin, 'Jane', { reason: 'keyCompromise' });
    await first.context.apiTokens.revoke(admin, id);
    await revoked(first, fingerprintSha256);
    await stopped();
    // Only the block of joe reached the list.
    writeFileSync(list, withJoe);
    await restoreDatabase(configOf(), asking({ force: true }));
    expect(readdirSync(dataOf()).filter((name) => name.includes('.restoring'))).toEqual([]);
    const { store, context } = await started();
    expect((await store.identityBlocks.chunk('', 10)).map(({ username }) => username)).toEqual(['Jane']);
    expect((await store.apiTokens.find(id))?.revokedAt).toBeInstanceOf(Date);
    expect(await store.revocations.find(fingerprintSha256)).not.toBeNull();
    await context.restored.acknowledge(admin);
    await stopped();
    // The same without any list, over a database that was restored itself.
    rmSync(list);
    expect((await restoreDatabase(configOf(), asking({ force: true }))).revocationsAtHand).toBe(true);
    const again = await started();
    expect((await again.store.identityBlocks.chunk('', 10)).map(({ username }) => username)).toEqual(['Jane']);
    expect((await again.store.apiTokens.find(id))?.revokedAt).toBeInstanceOf(Date);
    expect(await again.store.revocations.find(fingerprintSha256)).not.toBeNull();
  });

  it('over a database that cannot be read says what is not taken over, and keeps to the list', async () => {
    const { old } = await backedUp();
    const damaged = readFileSync(databaseOf());
    damaged.fill(0xa5, 0, 4096);
    writeFileSync(databaseOf(), damaged);
    const said: string[] = [];
    await restoreDatabase(configOf(), asking({ force: true }), (line) => said.push(line));
    expect(said).toEqual([
      expect.stringMatching(
        /^the revocations, blocks and checkpoints of the database that is replaced cannot be read, and are not taken over: .*not a database/,
      ),
    ]);
    expect(readdirSync(dataOf()).filter((name) => name.includes('.restoring'))).toEqual([]);
    expect(await (await started()).store.revocations.find(old.fingerprintSha256)).not.toBeNull();
    await stopped();
    // Where nothing is known, no list pretends to know it.
    writeFileSync(databaseOf(), damaged);
    rmSync(`${databaseOf()}.revoked.ndjson`);
    expect((await restoreDatabase(configOf(), asking({ force: true }))).revocationsAtHand).toBe(false);
    expect(existsSync(`${databaseOf()}.revoked.ndjson`)).toBe(false);
  });

  it('does not pass over a kept checkpoint that is damaged or cannot be read', async () => {
    await backedUp();
    const kept = `${databaseOf()}.checkpoint`;
    const own = readFileSync(kept, 'utf8');
    const given = join(path, 'given');
    writeFileSync(given, own);
    const foreign = join(path, 'foreign');
    const signer = { ...newCheckpointSigner(), name: 'kubepass/other' };
    writeFileSync(
      foreign,
      signNote(checkpointText({ origin: signer.name, size: 1_000_000, root: Buffer.alloc(32) }), [signer]),
    );
    const damage: readonly (readonly [string, () => void])[] = [
      ['is not a signed checkpoint', () => writeFileSync(kept, own.slice(0, 60))],
      ['is not a signed checkpoint', () => writeFileSync(kept, '')],
      ['cannot be read (EISDIR)', () => mkdirSync(kept)],
    ];
    for (const [fault, make] of damage) {
      rmSync(kept, { recursive: true, force: true });
      make();
      const before = contents(home());
      for (const checkpoint of [null, foreign]) {
        const refused = restoreDatabase(configOf(), asking({ force: true, checkpoint }));
        await expect(refused).rejects.toThrow(`${kept} ${fault}, so nobody knows up to which size the log was signed`);
        await expect(markDatabase(configOf(), { revocations: null, checkpoint })).rejects.toThrow(fault);
      }
      expect(contents(home())).toEqual(before);
    }
    rmSync(kept, { recursive: true });
    writeFileSync(kept, own.slice(0, 60));
    const said: string[] = [];
    const ask = asking({ force: true, checkpoint: given });
    const { restoration } = await restoreDatabase(configOf(), ask, (line) => said.push(line));
    expect(restoration.signedEvents).toBe(sized(own));
    expect(said).toEqual([`${kept} is not a signed checkpoint, and is replaced; a copy is ${kept}.damaged`]);
    expect(readFileSync(kept, 'utf8')).toBe(own);
    expect(readFileSync(`${kept}.damaged`, 'utf8')).toBe(own.slice(0, 60));
  });

  it('takes the last checkpoint of the database that is replaced where none is kept', async () => {
    await backedUp();
    const kept = `${databaseOf()}.checkpoint`;
    const own = readFileSync(kept, 'utf8');
    rmSync(kept);
    const { restoration } = await restoreDatabase(configOf(), asking({ force: true }));
    expect(restoration.signedEvents).toBe(sized(own));
    expect(readFileSync(kept, 'utf8')).toBe(own);
  });

  it('gives nothing back to somebody who left the directory since', async () => {
    const { context } = await started();
    const connector: Principal = { ...admin, name: 'connector', roles: ['directory'] };
    const joins = { userName: 'jane', externalId: '1', active: true, displayName: null, name: noName, emails: [] };
    const joined = await createUser(context, connector, joins);
    const made = await context.apiTokens.create(admin, { name: 'jane', roles: ['requester'] });
    if (!joined.ok || !made.ok) throw new Error('nobody joined');
    await issued(service as Composition, 'jane');
    await backUpDatabase(configOf(), backup());
    await changeUser(context, connector, joined.value.id, null, (before) => ({ ...before, active: false }));
    await stopped();
    await restoreDatabase(configOf(), asking({ force: true }));
    const { store } = await started();
    expect((await store.apiTokens.find(made.value.token.id))?.revokedAt).toBeInstanceOf(Date);
    expect(await store.identityBlocks.find(['jane'])).toMatchObject([
      { reason: 'cessationOfOperation', clusters: null },
    ]);
    const { items } = await store.certificates.list({ username: 'jane' }, { limit: 10, cursor: null });
    expect(items).toMatchObject([{ revocation: { reason: 'cessationOfOperation' } }]);
  });

  it('gives somebody who left no role back, by whichever credential from before', async () => {
    const provider = await IdentityProvider.start({ accounts: { jane: { groups: ['admins'] } } });
    await started();
    await stopped();
    const file = join(dataOf(), 'ca', 'kubepass.yaml');
    writeFileSync(
      file,
      `clusters:
  - { name: demo, server: "https://127.0.0.1:6443", servingCertificateAuthority: ca.crt, signer: { localCA: { certFile: ca.crt, keyFile: ca.key } } }
callers: { oidc: [{ name: corp, issuer: "${provider.issuer}", audiences: [kubepass] }] }
roles: [{ groups: [admins], roles: [admin] }]
directory: { revokeTokens: false }
`,
    );
    const environment = { KUBEPASS_CONFIG: file };
    const { context } = await started('one', environment);
    const connector: Principal = { ...admin, name: 'connector', roles: ['directory'] };
    const joins = { userName: 'Jane', externalId: '1', active: true, displayName: null, name: noName, emails: [] };
    const joined = await createUser(context, connector, joins);
    const made = await context.apiTokens.create(admin, { name: 'jane', roles: ['admin'] });
    if (!joined.ok || !made.ok) throw new Error('nobody joined');
    const credentials = [made.value.secret, (await provider.signIn('jane')).accessToken];
    const roles = async ({ context: { authenticator } }: Composition) =>
      Promise.all(
        credentials.map(async (token) => {
          const answer = await authenticator.authenticate({ kind: 'bearer', token });
          return answer.outcome === 'authenticated' ? answer.principal.roles : answer.outcome;
        }),
      );
    expect(await roles(service as Composition)).toEqual([['admin'], ['admin']]);
    await backUpDatabase(configOf(), backup());
    await changeUser(context, connector, joined.value.id, null, (before) => ({ ...before, active: false }));
    expect(await roles(service as Composition)).toEqual([[], []]);
    await stopped();
    await restoreDatabase(configOf(), asking({ force: true }));
    const restored = await started('one', environment);
    // The directory of the backup says that they are here. The list beside the database does not say who blocked them.
    expect((await restored.store.directory.user(joined.value.id))?.active).toBe(true);
    expect(await roles(restored)).toEqual([[], []]);
    // The identity provider says again that they left, and later that they are back: an admin must say so too.
    for (const active of [false, true])
      await changeUser(restored.context, connector, joined.value.id, null, (before) => ({ ...before, active }));
    expect(await roles(restored)).toEqual([[], []]);
    await unblockIdentity(restored.context, admin, 'jane', {});
    expect(await roles(restored)).toEqual([['admin'], ['admin']]);
    await provider.stop();
  });

  it('is told of until an admin acknowledges it, once', async () => {
    await backedUp();
    await restoreDatabase(configOf(), asking({ force: true }));
    const { context, store } = await started();
    const state = await stateOf({ context } as Composition);
    expect(state).toMatchObject({ restored: true, restorations: [{ detectedBy: 'command' }] });
    expect((await context.health.restored()).restored).toBe(true);
    expect(state.mayBeUnknown.join('\n')).toMatch(/no serial number is given out twice/);
    expect(state.mayBeUnknown.join('\n')).toMatch(/let the identity provider synchronize everybody again before/);
    const events = async () =>
      (await store.auditEvents.list({}, { limit: 500, cursor: null })).items
        .map(({ type }) => type)
        .filter((type) => /Restored/.test(type));
    expect(await events()).toEqual(['DatabaseRestored']);
    for (const _ of [1, 2]) {
      const outcome = await context.restored.acknowledge(admin);
      expect(outcome).toMatchObject({ ok: true, value: { restored: false, mayBeUnknown: [] } });
    }
    expect(await events()).toEqual(['DatabaseRestored', 'RestoredAcknowledged']);
    expect(await context.health.restored()).toEqual({ restored: false, notes: [] });
    await stopped();
    expect((await stateOf(await started())).restored).toBe(false);
  });

  it('refuses where a service runs, and where a database is there', async () => {
    const running = await started();
    await issued(running, 'jane');
    await backUpDatabase(configOf(), backup());
    await expect(restoreDatabase(configOf(), asking({ force: true }))).rejects.toThrow('is served by another process');
    await stopped();
    const before = contents(home());
    await expect(restoreDatabase(configOf(), asking())).rejects.toThrow('with --force it is replaced');
    await expect(restoreDatabase(configOf(), asking({ backup: databaseOf(), force: true }))).rejects.toThrow(
      'is the database itself',
    );
    expect(contents(home())).toEqual(before);
  });

  it('changes nothing where the backup is none', async () => {
    await backedUp();
    const before = contents(home());
    const good = join(path, 'good.db');
    renameSync(backup(), good);
    const edited = (edit: (database: Database.Database) => void) => () => {
      copyFileSync(good, backup());
      const database = new Database(backup());
      edit(database);
      database.close();
    };
    const withoutTriggers = (database: Database.Database) => {
      for (const { name } of database
        .prepare<[], { name: string }>(`SELECT "name" FROM "sqlite_master" WHERE "type" = 'trigger'`)
        .all())
        database.exec(`DROP TRIGGER "${name}"`);
    };
    const cases: readonly (readonly [string, () => void])[] = [
      ['is not a SQLite database', () => writeFileSync(backup(), 'x'.repeat(20_000))],
      ['is not a SQLite database', () => writeFileSync(backup(), '')],
      ['is not a regular file', () => mkdirSync(backup())],
      [
        'is cut off',
        () => {
          copyFileSync(good, backup());
          truncateSync(backup(), Math.floor(statSync(good).size / 2 / 4096) * 4096);
        },
      ],
      [
        'is cut off',
        () => {
          copyFileSync(good, backup());
          truncateSync(backup(), 60);
        },
      ],
      [
        'is damaged',
        () => {
          const octets = readFileSync(good);
          octets.fill(0xa5, 4096 * 3, 4096 * 5);
          writeFileSync(backup(), octets);
        },
      ],
      [
        'is the database of another application',
        () => {
          const database = new Database(backup());
          database.exec('CREATE TABLE "User" ("id" INTEGER PRIMARY KEY)');
          database.close();
        },
      ],
      [
        'which this version does not know',
        edited((database) => {
          database.exec(
            `INSERT INTO _prisma_migrations (id, checksum, migration_name, finished_at) VALUES ('x', 'x', '20991231000000_later', 1)`,
          );
        }),
      ],
      [
        'breaks at event 2',
        edited((database) => {
          withoutTriggers(database);
          database.exec(`UPDATE "AuditRecord" SET "principal" = 'mallory', "cluster" = 'x' WHERE "firstSeq" = 2`);
        }),
      ],
      [
        'no key of the log has signed',
        edited((database) => {
          database.exec(`UPDATE "Checkpoint" SET "root" = zeroblob(32)`);
        }),
      ],
      ['it is no backup', edited(() => writeFileSync(`${backup()}-wal`, 'x'))],
      ['there is no file', () => undefined],
    ];
    for (const [sentence, make] of cases) {
      make();
      const refusal = await restoreDatabase(configOf(), asking({ force: true })).then(
        () => `restored although it ${sentence}`,
        (error: unknown) => (error as Error).message,
      );
      expect(refusal).toContain(sentence);
      expect(contents(home()), sentence).toEqual(before);
      for (const end of ['', '-wal']) rmSync(`${backup()}${end}`, { recursive: true, force: true });
    }
  });

  it('elsewhere merges the list and the checkpoint that are given', async () => {
    const { old, young } = await backedUp();
    const checkpoint = `${databaseOf()}.checkpoint`;
    withCa('two');
    const ask = asking({ revocations: `${databaseOf()}.revoked.ndjson`, checkpoint });
    const { restoration, keptAs } = await restoreDatabase(configOf('two'), ask);
    expect(keptAs).toBeNull();
    expect(restoration.signedEvents).toBe(sized(readFileSync(checkpoint, 'utf8')));
    const second = await started('two');
    expect((await second.store.revocations.find(old.fingerprintSha256))?.reason).toBe('keyCompromise');
    expect((await issued(second, 'new')).serialNumber).not.toBe(young.serialNumber);
    expect((await verifyAuditLog(second.context, admin)).ok).toBe(true);
  });

  it('counts the largest checkpoint of this log, whatever others there are, and says which are not of it', async () => {
    await backedUp();
    const kept = `${databaseOf()}.checkpoint`;
    const own = readFileSync(kept, 'utf8');
    const [origin = ''] = own.split('\n');
    const noteOf = (name: string): string =>
      signNote(checkpointText({ origin: name, size: 1_000_000, root: Buffer.alloc(32) }), [
        { ...newCheckpointSigner(), name },
      ]);
    const said: string[] = [];
    const restored = async (beside: string, given: string | null) => {
      said.length = 0;
      writeFileSync(kept, beside);
      const checkpoint = given === null ? null : join(path, 'given');
      if (given !== null) writeFileSync(join(path, 'given'), given);
      const ask = asking({ force: true, checkpoint });
      const { restoration } = await restoreDatabase(configOf(), ask, (line) => said.push(line));
      return [restoration.signedEvents, readFileSync(kept, 'utf8')] as const;
    };
    const foreign = noteOf('kubepass/other');
    const forged = noteOf(origin);
    expect(await restored(own, foreign)).toEqual([sized(own), own]);
    expect(said).toEqual([`the checkpoint in ${join(path, 'given')} is of another log, and counts for nothing`]);
    expect(await restored(foreign, own)).toEqual([sized(own), own]);
    expect(said).toEqual([`the checkpoint in ${kept} is of another log, and counts for nothing`]);
    expect(await restored(own, forged)).toEqual([sized(own), own]);
    expect(said[0]).toContain('is signed by no key that the backup knows');
    // The database that is replaced knows how much was signed before it was put back, and has a smaller checkpoint
    // itself.
    const [signed, beside] = await restored(foreign, null);
    expect(signed).toBe(sized(own));
    expect(beside.split('\n')[0]).toBe(origin);
    for (const end of ['', '-wal', '-shm']) rmSync(`${databaseOf()}${end}`, { force: true });
    expect(await restored(foreign, null)).toEqual([null, foreign]);
  });

  it('unites two lists so that a block wins, and keeps a copy of damaged lines', async () => {
    await backedUp();
    const block = (blockedAt: string) => ({
      ...{ username: 'eve', clusters: null, reason: 'keyCompromise', comment: null, until: null, blockedBy: 'admin' },
      blockedAt,
    });
    const line = (value: object) => `${JSON.stringify(value)}\n`;
    const given = join(path, 'given');
    writeFileSync(
      given,
      line({ folded: 'eve', block: null }) + line({ folded: 'joe', block: block('2026-01-02T00:00:00Z') }),
    );
    const list = `${databaseOf()}.revoked.ndjson`;
    writeFileSync(
      list,
      `${line({ folded: 'eve', block: block('2026-01-01T00:00:00Z') })}${line({ folded: 'joe', block: null })}half a li`,
    );
    await restoreDatabase(configOf(), asking({ force: true, revocations: given }));
    const lines = readFileSync(list, 'utf8').trim().split('\n');
    expect(lines.map((one) => JSON.parse(one) as object)).toMatchObject([
      // The database that is replaced knows of this one.
      { username: 'old', reason: 'keyCompromise' },
      { folded: 'eve', block: { blockedAt: '2026-01-01T00:00:00.000Z' } },
      { folded: 'joe', block: { blockedAt: '2026-01-02T00:00:00.000Z' } },
    ]);
    expect(readFileSync(`${list}.damaged`, 'utf8')).toContain('half a li');
  });

  it('takes a journal away with the database that it belongs to', async () => {
    await backedUp();
    for (const end of ['', '-wal', '-shm']) rmSync(`${databaseOf()}${end}`, { force: true });
    writeFileSync(`${databaseOf()}-journal`, 'old journal');
    await expect(restoreDatabase(configOf(), asking())).rejects.toThrow('--force');
    const { keptAs } = await restoreDatabase(configOf(), asking({ force: true }));
    expect(readFileSync(`${String(keptAs)}-journal`, 'utf8')).toBe('old journal');
    expect(existsSync(`${databaseOf()}-journal`)).toBe(false);
  });

  it('elsewhere without them says that nothing can be known', async () => {
    const { old } = await backedUp();
    withCa('two');
    expect((await restoreDatabase(configOf('two'), asking())).revocationsAtHand).toBe(false);
    const second = await started('two');
    expect((await second.store.certificates.findByFingerprint(old.fingerprintSha256))?.revocation).toBeNull();
    const { notes } = await second.context.health.restored();
    expect(notes.join('\n')).toContain('no checkpoint is at hand');
    expect(second.context.health.notes().join('\n')).toContain('certificates that were revoked since are not known');
  });

  it('refuses a list or a checkpoint that is none', async () => {
    await backedUp();
    const before = contents(home());
    const other = join(path, 'other');
    writeFileSync(other, 'one\ntwo\nthree\n');
    await expect(restoreDatabase(configOf(), asking({ force: true, revocations: other }))).rejects.toThrow(
      'are no revocations',
    );
    await expect(restoreDatabase(configOf(), asking({ force: true, checkpoint: other }))).rejects.toThrow(
      'is not a signed checkpoint',
    );
    expect(contents(home())).toEqual(before);
  });

  it('is finished by whatever opens the database next where it was killed between its renames', async () => {
    await backedUp();
    writeFileSync(`${databaseOf()}-wal`, 'old log');
    const old = readFileSync(databaseOf());
    await restoreDatabase(configOf('two'), asking());
    const restored = readFileSync(databaseOf('two'));
    const keptAs = `${databaseOf()}.before-restore-x`;
    const steps: readonly (() => void)[] = [
      () => undefined,
      () => renameSync(`${databaseOf()}-wal`, `${keptAs}-wal`),
      () => renameSync(databaseOf(), keptAs),
      () => renameSync(`${databaseOf()}.restoring`, databaseOf()),
    ];
    const whole = contents(home());
    const saved = join(path, 'saved');
    mkdirSync(saved);
    for (const file of Object.keys(whole)) copyFileSync(file, join(saved, file.replaceAll('/', '_')));
    for (let killedAfter = 0; killedAfter < steps.length; killedAfter += 1) {
      for (const file of Object.keys(contents(home()))) rmSync(file);
      for (const file of Object.keys(whole)) copyFileSync(join(saved, file.replaceAll('/', '_')), file);
      writeFileSync(`${databaseOf()}.restoring`, restored);
      writeFileSync(`${databaseOf()}.restore-under-way`, `${keptAs}\n`);
      for (const step of steps.slice(0, killedAfter + 1)) step();
      await expect(verifyConfigured(configOf())).rejects.toThrow('was interrupted');
      await expect(backUpDatabase(configOf(), join(path, 'x.db'))).rejects.toThrow('was interrupted');
      const running = await started();
      expect((await stateOf(running)).restored).toBe(true);
      expect(log.map(({ message }) => message).join('\n')).toContain('is finished now');
      await stopped();
      expect(readFileSync(keptAs)).toEqual(old);
      expect(readFileSync(`${keptAs}-wal`, 'utf8')).toBe('old log');
      expect(existsSync(`${databaseOf()}.restore-under-way`)).toBe(false);
      for (const end of ['', '-wal']) rmSync(`${keptAs}${end}`);
    }
  });
});

describe.each<[string, string]>([
  ['lacks the trigger AuditRecord_no_delete', 'DROP TRIGGER "AuditRecord_no_delete"'],
  [
    'has a trigger AuditTile_no_update that was changed',
    `DROP TRIGGER "AuditTile_no_update"; CREATE TRIGGER "AuditTile_no_update" BEFORE UPDATE ON "AuditTile" BEGIN SELECT 1; END`,
  ],
  [
    'has the trigger quiet, which no migration makes',
    `CREATE TRIGGER "quiet" BEFORE INSERT ON "AuditRecord" WHEN NEW."principal" = 'mallory' BEGIN SELECT RAISE(IGNORE); END`,
  ],
  ['lacks the view AuditEvent', 'DROP VIEW "AuditEvent"; CREATE TABLE "AuditEvent" ("x")'],
  ['lacks the index AuditRecord_principal_lastSeq_idx', 'DROP INDEX "AuditRecord_principal_lastSeq_idx"'],
])('a database that %s', (why, sql) => {
  const edit = (file: string) => {
    const database = new Database(file);
    database.exec(sql);
    database.close();
  };

  it('is refused as a backup, by the check and by the restore, and cannot be marked as restored', async () => {
    await backedUp();
    await verifySqlite(backup());
    edit(backup());
    await expect(verifySqlite(backup())).rejects.toThrow(why);
    const before = contents(home());
    await expect(restoreDatabase(configOf(), asking({ force: true }))).rejects.toThrow(why);
    expect(contents(home())).toEqual(before);
    edit(databaseOf());
    await expect(verifyConfigured(configOf())).rejects.toThrow(why);
    await expect(markDatabase(configOf(), { revocations: null, checkpoint: null })).rejects.toThrow(why);
    await expect(backUpDatabase(configOf(), join(path, 'other.db'))).rejects.toThrow(why);
  });
});

it('a service over a database without a trigger says so in its log, and to everybody who asks', async () => {
  await started();
  await stopped();
  const database = new Database(databaseOf());
  database.exec('DROP TRIGGER "AuditRecord_no_delete"');
  database.close();
  const { context } = await started();
  const note = 'the database lacks the trigger AuditRecord_no_delete: it does not refuse or record all that it should';
  expect(log).toContainEqual({ level: 'error', fields: {}, message: note });
  expect(context.health.notes()).toContain(note);
});

it('a service over a damaged kept checkpoint says so to everybody who asks, and keeps a copy', async () => {
  await backedUp();
  const kept = `${databaseOf()}.checkpoint`;
  writeFileSync(kept, 'half a chec');
  const { context } = await started();
  const note = expect.stringMatching(/^the checkpoint that was kept beside the database cannot be read: if /) as string;
  expect(log).toContainEqual({ level: 'error', fields: { file: `${kept}.damaged` }, message: note });
  expect(context.health.notes()).toContainEqual(note);
  expect(readFileSync(`${kept}.damaged`, 'utf8')).toBe('half a chec');
  await stopped();
  // By now the file holds a newer checkpoint.
  expect((await started()).context.health.notes()).not.toContainEqual(note);
});

describe('a database that was put back by other means', () => {
  const putBack = () => {
    for (const end of ['', '-wal', '-shm']) rmSync(`${databaseOf()}${end}`, { force: true });
    copyFileSync(backup(), databaseOf());
  };

  it('is known by the checkpoint beside it, and no size is signed with another root', async () => {
    await backedUp();
    const kept = readFileSync(`${databaseOf()}.checkpoint`, 'utf8');
    rmSync(`${databaseOf()}.revoked.ndjson`);
    putBack();
    const running = await started();
    expect(await stateOf(running)).toMatchObject({
      restored: true,
      restorations: [{ detectedBy: 'checkpoint', signedEvents: sized(kept) }],
    });
    await stopped();
    // It is said once, and the size stays taken.
    const again = await started();
    expect((await stateOf(again)).restorations).toHaveLength(1);
    const before = await again.store.checkpoints.last();
    while ((await again.store.auditEvents.head()).seq <= sized(kept)) await issued(again, 'more');
    await stopped();
    const last = sized(readFileSync(`${databaseOf()}.checkpoint`, 'utf8'));
    expect(last).toBeGreaterThan(sized(kept));
    const roots = new Database(databaseOf(), { readonly: true });
    const sizes = roots
      .prepare<[], { size: number }>('SELECT "size" FROM "Checkpoint"')
      .all()
      .map((row) => row.size);
    roots.close();
    expect(sizes.filter((one) => one > (before?.size ?? 0) && one <= sized(kept))).toEqual([]);
  });

  it('is known by the list of revocations beside it', async () => {
    await backedUp();
    rmSync(`${databaseOf()}.checkpoint`);
    putBack();
    const running = await started();
    expect((await stateOf(running)).restorations).toMatchObject([{ detectedBy: 'revocations', signedEvents: null }]);
  });

  it('is known by that list also where the start fails after the revocations are recorded again', async () => {
    await backedUp();
    rmSync(`${databaseOf()}.checkpoint`);
    putBack();
    const signer = () => {
      throw new Error('this start fails');
    };
    await expect(composeOn(home(), {}, { signer }, log)).rejects.toThrow('this start fails');
    const running = await started();
    expect((await stateOf(running)).restorations).toMatchObject([{ detectedBy: 'revocations' }]);
    const { items } = await running.store.auditEvents.list({ type: 'CertificateRevoked' }, { limit: 10, cursor: null });
    expect(items).toMatchObject([{ details: { restored: true } }]);
  });

  it('is on record with the first lost certificate or not at all, and once', async () => {
    const { store } = await started();
    const log = { info: () => undefined, warn: () => undefined, error: () => undefined };
    const restorations = new Restorations({
      ...{ store, log, found: { events: 1, knownUntil: null }, instance: 'one' },
      keptCheckpoint: new KeptCheckpoint(join(home(), 'kept')),
      ...{ clock: () => new Date(), random: randomBytes, signsHere: true },
    });
    const recordedAt = new Date();
    const identity = { cluster: 'demo', fingerprintSha256: 'a'.repeat(64), objectUid: 'uid', recordedAt };
    const step: Step = { operations: [insertUnknownIdentity(identity)], events: [] };
    expect(await restorations.recordLost(step)).toEqual({ committed: true });
    expect(await store.restorations.all()).toMatchObject([{ detectedBy: 'clusters' }]);
    await restorations.acknowledge(admin);
    // The next start finds the same certificate again.
    expect(await restorations.recordLost(step)).toMatchObject({ committed: false });
    expect(await store.restorations.all()).toHaveLength(1);
  });

  it('is known by both together, and is one restoration', async () => {
    await backedUp();
    const kept = readFileSync(`${databaseOf()}.checkpoint`, 'utf8');
    putBack();
    expect((await stateOf(await started())).restorations).toMatchObject([{ signedEvents: sized(kept) }]);
  });

  it('is not taken for one where it only went on', async () => {
    await backedUp();
    for (let starts = 0; starts < 2; starts += 1) {
      expect((await stateOf(await started())).restorations).toEqual([]);
      await stopped();
    }
  });

  it('is not compared with the checkpoint of another log', async () => {
    await backedUp();
    const other = readFileSync(`${databaseOf()}.checkpoint`, 'utf8').replace(/^kubepass\/\S{8}/, 'kubepass/00000000');
    writeFileSync(`${databaseOf()}.checkpoint`, other);
    rmSync(`${databaseOf()}.revoked.ndjson`);
    putBack();
    expect((await stateOf(await started())).restored).toBe(false);
    expect(log.map(({ message }) => message)).toContain('the checkpoint beside the database is of another log');
  });

  it('can be marked, and is checked by the same command', async () => {
    await backedUp();
    expect((await verifyConfigured(configOf())).log?.events).toBeGreaterThan(3);
    expect((await verifySqlite(backup())).log?.events).toBeGreaterThan(3);
    putBack();
    expect(await markDatabase(configOf(), { revocations: null, checkpoint: null })).toMatchObject({
      detectedBy: 'command',
    });
    expect((await stateOf(await started())).restorations).toHaveLength(1);
  });
});
