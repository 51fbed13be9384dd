// Tests src/store/sqlite/log-mover.ts
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import Database from 'better-sqlite3';
import { afterAll, expect, it } from 'vitest';
import { verifyChain } from '../../src/audit/hash-chain.js';
import { openSqliteStore } from '../../src/store/sqlite/open-sqlite-store.js';
import { fromSources } from '../helpers/from-sources.js';
import { placeMigratedDatabase } from '../helpers/migrated-database.js';
import { temporaryDirectory } from '../helpers/temporary-directory.js';

const rounds = Number(process.env['KUBEPASS_LOG_MOVER_ROUNDS'] ?? 4);
const directory = temporaryDirectory();
afterAll(() => directory.remove());

/** The pages in the log, those in the database, and those on their way; https://sqlite.org/walformat.html#walidxfmt */
function logIndex(file: string): { readonly log: number; readonly moved: number; readonly moving: number } {
  const index = Buffer.alloc(136);
  const descriptor = openSync(`${file}-shm`, 'r');
  readSync(descriptor, index, 0, index.length, 0);
  closeSync(descriptor);
  return { log: index.readUInt32LE(16), moved: index.readUInt32LE(96), moving: index.readUInt32LE(128) };
}

/** Whether a thread moves most of the log at this moment. */
const isMoving = (file: string): boolean => {
  const { log, moved, moving } = logIndex(file);
  return log >= 6_000 && moving - moved > 3_000;
};

it(`loses nothing that was committed when kill -9 comes while the log is moved, ${String(rounds)} times`, async () => {
  const file = join(directory.path, 'kubepass.db');
  await placeMigratedDatabase(file);
  let committed = 0;
  let whileMoved = 0;
  for (let round = 0; round < rounds; round++) {
    const child = fork(fileURLToPath(new URL('./log-mover-child.ts', import.meta.url)), [file], {
      execArgv: [...fromSources],
    });
    const gone = once(child, 'exit');
    child.on('message', () => (committed += 1));
    await once(child, 'message');
    while (!isMoving(file)) await setImmediate();
    child.kill('SIGKILL');
    await gone;
    if (isMoving(file)) whileMoved += 1;

    const database = new Database(file);
    expect(database.pragma('integrity_check', { simple: true })).toBe('ok');
    database.close();
    const store = await openSqliteStore({ file });
    const found = await verifyChain(store.auditEvents);
    expect(found).toMatchObject({ valid: true });
    expect((await store.auditEvents.head()).seq).toBeGreaterThanOrEqual(committed);
    await store.close();
  }
  console.log(`${String(whileMoved)} of ${String(rounds)} kills came while the log was moved`);
  expect(whileMoved).toBeGreaterThan(0);
});
