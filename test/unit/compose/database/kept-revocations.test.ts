import { appendFileSync, copyFileSync, existsSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Composition } from '../../../../src/compose/compose.js';
import { composeOn, issued, type LogLine } from '../../../helpers/composed-service.js';
import { admin } from '../../../helpers/principals.js';
import { temporaryDirectory } from '../../../helpers/temporary-directory.js';
import { sha256 } from '../../store/records.js';

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

  async function revoked({ services }: Composition, fingerprint: string): Promise<void> {
    const outcome = await services.certificates.revoke(admin, fingerprint, {
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
    const { store, services } = await started();
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
    expect(services.health.notes()).toEqual([note]);

    await stopped();
    const again = await started();
    expect(again.services.health.notes()).toEqual([]);
    expect((await again.store.auditEvents.list({ type: 'CertificateRevoked' }, everything)).items).toHaveLength(2);
  });

  it('says that nothing can be known where the list is gone', async () => {
    const [old] = await restoredFromBackup();
    rmSync(list());
    const { store, services } = await started();
    expect(await store.revocations.find(old)).toBeNull();
    expect(services.health.notes()).toEqual([expect.stringMatching(/no list of revocations beside the database/)]);
    expect(existsSync(list())).toBe(true);
  });

  it('is for its owner alone, and says nothing beside a new database', async () => {
    const { services } = await started();
    expect(services.health.notes()).toEqual([]);
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
});
