import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Config } from '../config/config.js';
import { lookIntoSqlite } from '../store/sqlite/look-into-sqlite.js';
import { copySqlite, countRecords, type RecordCounts } from '../store/sqlite/sqlite-file.js';
import { openSqliteStore } from '../store/sqlite/open-sqlite-store.js';
import { makePrivateFile } from '../store/sqlite/process-lock.js';
import type { Store } from '../store/store.js';
import { CommandRefusedError, expectDatabase, outOfSpace, verifiedLog } from './verify-database.js';

/** A migration that was tried on a copy. */
interface Drill {
  readonly seconds: number;
  readonly counts: RecordCounts;
  /** A sentence where a newer version made the schema and this one serves it; else null. */
  readonly newer: string | null;
}

/**
 * Copies the configured SQLite database, migrates the copy, checks its audit log, and reads from it. It starts no
 * service: no cluster, webhook, key or archive is touched, and the database itself is only read. The copy is in the
 * directory for temporary files, and is removed. Throws where the upgrade would not work.
 */
export async function drillUpgrade({ database }: Pick<Config, 'database'>): Promise<Drill> {
  if (database.kind !== 'sqlite')
    throw new CommandRefusedError(
      'the database is PostgreSQL: restore a dump into another one and migrate that (docs/operations.md, "Upgrade")',
    );
  const { file } = database;
  expectDatabase(file);
  const { newer } = lookIntoSqlite(file);
  const directory = await mkdtemp(join(tmpdir(), 'kubepass-drill-'));
  try {
    const copy = join(directory, 'kubepass.db');
    if (!makePrivateFile(copy)) throw new Error(`${copy} exists`);
    await copySqlite(file, copy);
    // The copy has nothing that is committed from here on.
    const before = countRecords(copy);
    const began = performance.now();
    const store = await openSqliteStore({ file: copy });
    const seconds = (performance.now() - began) / 1000;
    let events: number;
    try {
      ({ events } = await verifiedLog('the migrated copy', store));
      await readFirstPages(store);
    } finally {
      await store.close();
    }
    const counts = countRecords(copy);
    if (inWords(counts) !== inWords(before) || events !== counts.events)
      throw new CommandRefusedError(
        `the migrated copy has ${inWords(counts)}, and the original has ${inWords(before)}`,
      );
    return { seconds, counts, newer };
  } catch (error) {
    throw outOfSpace(error, directory) ?? error;
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** Throws where one of them cannot be read. */
async function readFirstPages(store: Store): Promise<void> {
  const page = { limit: 500, cursor: null };
  await store.requests.list({}, page);
  await store.certificates.list({}, page);
  await store.identities.list({}, new Date(), page);
  await store.revocations.chunk(0n, page.limit);
  await store.auditEvents.list({}, page);
}

export function inWords({ requests, certificates, revocations, events }: RecordCounts): string {
  return `${requests} requests, ${certificates} certificates, ${revocations} revocations and ${events} events`;
}
