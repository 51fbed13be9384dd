// Tests src/backup/revocations-beside-database.ts, src/backup/revocations-file.ts,
// src/backup/record-withdrawals-again.ts
import {
  appendFileSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Composition } from '../../../src/start/compose.js';
import { KeptRevocationsFile } from '../../../src/backup/revocations-file.js';
import { composeOn, issued, type LogLine } from '../../helpers/composed-service.js';
import { admin } from '../../helpers/principals.js';
import { temporaryDirectory } from '../../helpers/temporary-directory.js';
import { sha256 } from '../store/records.js';
import { revokeCertificate } from '../../../src/access/revoke-certificate.js';
import { blockIdentity, unblockIdentity } from '../../../src/access/block-identity.js';

const everything = { limit: 500, cursor: null };

describe('the list of revocations beside a SQLite database', () => {
  const directory = temporaryDirectory;
  let path: string;
  let remove: () => void;
  let log: LogLine[];
  let service: Composition | null = null;
  const database = () => join(path, 'data', 'kubepass.db');
  const list = () => `${database()}.revoked.ndjson`;
  const backup = () => join(path, 'backup.db');

  beforeEach(() => {
    ({ path, remove } = directory());
    log = [];
  });
  afterEach(async () => {
    await stopped();
    remove();
  });

  async function started(): Promise<Composition> {
    log.length = 0;
    service = await composeOn(path, {}, {}, log);
    await service.begin();
    return service;
  }

  async function stopped(): Promise<void> {
    await service?.close();
    service = null;
  }

  async function revoked({ context }: Composition, fingerprint: string): Promise<void> {
    const outcome = await revokeCertificate(context, admin, fingerprint, {
      reason: 'keyCompromise',
      comment: 'lost',
    });
    expect(outcome.ok).toBe(true);
  }

  /** One certificate that the backup knows as valid, and one that it does not know; both are revoked. */
  async function restoredFromBackup(): Promise<readonly [string, string]> {
    const first = await started();
    const { fingerprintSha256: old } = await issued(first, 'old');
    await stopped();
    copyFileSync(database(), backup());
    const second = await started();
    const { fingerprintSha256: young } = await issued(second, 'young');
    await revoked(second, old);
    await revoked(second, young);
    await stopped();
    for (const end of ['', '-wal', '-shm']) rmSync(`${database()}${end}`, { force: true });
    copyFileSync(backup(), database());
    return [old, young];
  }

  it('revokes again what a restored database does not know, and says so', async () => {
    const [old, young] = await restoredFromBackup();
    const { store, context } = await started();
    expect(await store.certificates.findByFingerprint(old)).toMatchObject({
      revocation: { reason: 'keyCompromise', comment: 'lost', revokedBy: 'admin' },
    });
    expect(await store.revocations.find(young)).toMatchObject({ username: 'young', cluster: 'demo' });
    const events = await store.auditEvents.list({ type: 'CertificateRevoked' }, everything);
    expect(events.items).toMatchObject([
      { fingerprintSha256: old, principal: null, details: { restored: true, username: 'old' } },
      { fingerprintSha256: young, principal: null, details: { restored: true, username: 'young' } },
    ]);
    expect(events.items[0]?.requestId).not.toBeNull();
    const note = 'the database did not know 2 revocations of the list beside it: they are recorded again';
    expect(log).toContainEqual(expect.objectContaining({ level: 'warn', message: note }));
    expect(context.health.notes()).toEqual([note]);

    await stopped();
    const again = await started();
    expect(again.context.health.notes()).toEqual([]);
    expect((await again.store.auditEvents.list({ type: 'CertificateRevoked' }, everything)).items).toHaveLength(2);
  });

  it('says that nothing can be known where the list is gone', async () => {
    const [old] = await restoredFromBackup();
    rmSync(list());
    const { store, context } = await started();
    expect(await store.revocations.find(old)).toBeNull();
    expect(context.health.notes()).toEqual([expect.stringMatching(/no list of revocations beside the database/)]);
    expect(existsSync(list())).toBe(true);
  });

  it('is for its owner alone, and says nothing beside a new database', async () => {
    const { context } = await started();
    expect(context.health.notes()).toEqual([]);
    expect(statSync(list()).mode & 0o777).toBe(0o600);
  });

  it('passes over half a line that a killed process left, and keeps a copy', async () => {
    const [old, young] = await restoredFromBackup();
    appendFileSync(list(), `{"fingerprintSha256":"${sha256('half')}","clus`);
    const { store } = await started();
    for (const fingerprint of [old, young]) expect(await store.revocations.find(fingerprint)).not.toBeNull();
    expect(readFileSync(`${list()}.damaged`, 'utf8')).toContain('"clus');
    expect(readFileSync(list(), 'utf8').trim().split('\n')).toHaveLength(2);
    expect(log).toContainEqual(expect.objectContaining({ level: 'error' }));
  });

  it('learns from the database what it does not have itself', async () => {
    const first = await started();
    const { fingerprintSha256: fingerprint } = await issued(first, 'jane');
    await revoked(first, fingerprint);
    await stopped();
    rmSync(list());
    await started();
    expect(readFileSync(list(), 'utf8')).toContain(fingerprint);
  });

  describe('of which an append was lost', () => {
    const restorationsOf = ({ store }: Composition) => store.restorations.all();
    const blocked = (username: string, blockedAt: Date) =>
      `${JSON.stringify({
        folded: username,
        block: {
          ...{ username, clusters: null, reason: 'keyCompromise', comment: null, until: null },
          ...{ blockedAt, blockedBy: 'admin' },
        },
      })}\n`;
    const block = async (running: Composition, username: string) => {
      expect((await blockIdentity(running.context, admin, username, { reason: 'keyCompromise' })).ok).toBe(true);
    };
    const unblock = async (running: Composition, username: string) => {
      expect((await unblockIdentity(running.context, admin, username, {})).ok).toBe(true);
    };
    const blockedNames = async ({ store }: Composition) =>
      (await store.identityBlocks.chunk('', 10)).map(({ username }) => username);

    it('learns blocks and revoked API tokens from the database, those alone that still count', async () => {
      const first = await started();
      const tokens: string[] = [];
      for (const name of ['portal', 'kept']) {
        const made = await first.context.apiTokens.create(admin, { name, roles: ['requester'] });
        if (!made.ok) throw new Error('no token was made');
        tokens.push(made.value.token.id);
      }
      const [portal, kept] = tokens as [string, string];
      const withoutAppends = readFileSync(list());
      await first.context.apiTokens.revoke(admin, portal);
      await block(first, 'Jane');
      await block(first, 'joe');
      await unblock(first, 'joe');
      const until = new Date(Date.now() + 1_000);
      await blockIdentity(first.context, admin, 'short', { reason: 'superseded', until });
      await stopped();
      writeFileSync(list(), withoutAppends);
      await expect.poll(() => Date.now()).toBeGreaterThan(until.getTime());
      expect(await restorationsOf(await started())).toEqual([]);
      const lines = readFileSync(list(), 'utf8').trim().split('\n');
      expect(lines.map((one) => JSON.parse(one) as object)).toMatchObject([
        { token: portal },
        { folded: 'jane', block: { username: 'Jane' } },
      ]);
      expect(lines.join()).not.toContain(kept);
      rmSync(list());
      await stopped();
      await started();
      expect(readFileSync(list(), 'utf8').trim().split('\n')).toEqual(lines);
    });

    it('blocks nobody again who was unblocked since, and takes nothing for a restore', async () => {
      const first = await started();
      await block(first, 'Jane');
      const withBlock = readFileSync(list());
      expect(withBlock.toString()).toContain('"jane"');
      await unblock(first, 'jane');
      await stopped();
      writeFileSync(list(), withBlock);
      const second = await started();
      expect(await blockedNames(second)).toEqual([]);
      expect(await restorationsOf(second)).toEqual([]);
      expect(second.context.health.notes()).toEqual([]);
      expect(readFileSync(list(), 'utf8')).toBe('');
    });

    it('keeps a narrower block that was widened before, as the database has it', async () => {
      const first = await started();
      await blockIdentity(first.context, admin, 'jane', { reason: 'superseded', clusters: ['demo'] });
      const narrow = readFileSync(list());
      await block(first, 'jane');
      await stopped();
      writeFileSync(list(), narrow);
      const second = await started();
      expect(await second.store.identityBlocks.chunk('', 10)).toMatchObject([{ clusters: null }]);
      expect(await restorationsOf(second)).toEqual([]);
      expect(readFileSync(list(), 'utf8')).toContain('"clusters":null');
    });

    it('blocks again what was blocked after the last word that the database has about the name', async () => {
      const first = await started();
      await block(first, 'jane');
      await unblock(first, 'jane');
      await stopped();
      writeFileSync(list(), blocked('jane', new Date()) + blocked('joe', new Date(0)));
      const second = await started();
      expect(await blockedNames(second)).toEqual(['jane', 'joe']);
      expect(await restorationsOf(second)).toMatchObject([{ detectedBy: 'revocations' }]);
      // An admin has the last word, also where that does not reach the list.
      const withBlocks = readFileSync(list());
      await unblock(second, 'jane');
      await stopped();
      writeFileSync(list(), withBlocks);
      const third = await started();
      expect(await blockedNames(third)).toEqual(['joe']);
      expect(await restorationsOf(third)).toHaveLength(1);
    });
  });
});

describe('a list of revocations that cannot be written', () => {
  it('gets the lines with the next ones, or when it is closed, and no half line spoils them', async () => {
    const { path, remove } = temporaryDirectory();
    try {
      const folder = join(path, 'later');
      const file = new KeptRevocationsFile(join(folder, 'list'));
      const at = new Date();
      const token = (name: string) => ({ token: name, at });
      await expect(file.append([], [token('one')])).rejects.toThrow('ENOENT');
      await expect(file.append([], [token('two')])).rejects.toThrow('ENOENT');
      mkdirSync(folder);
      writeFileSync(file.path, '{"token":"ha');
      await file.append([], [token('three')]);
      await file.close();
      expect(await file.read()).toEqual({
        ...{ revoked: [], damaged: 1 },
        withdrawn: [token('one'), token('two'), token('three')],
      });
      rmSync(folder, { recursive: true });
      await expect(file.append([], [token('four')])).rejects.toThrow('ENOENT');
      mkdirSync(folder);
      await file.close();
      expect((await file.read())?.withdrawn).toEqual([token('four')]);
    } finally {
      remove();
    }
  });
});
