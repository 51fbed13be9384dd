import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { migrateSqlite } from '../../src/store/sqlite/migrate-sqlite.js';
import { temporaryDirectory } from './temporary-directory.js';

let migrated: Promise<Buffer> | undefined;

async function migrate(): Promise<Buffer> {
  const directory = temporaryDirectory();
  const file = join(directory.path, 'kubepass.db');
  await migrateSqlite(file);
  const octets = readFileSync(file);
  directory.remove();
  return octets;
}

/** A copy of an empty database, which is migrated once for each worker: the migrations take longer than most tests. */
export async function placeMigratedDatabase(file: string): Promise<void> {
  migrated ??= migrate();
  writeFileSync(file, await migrated, { mode: 0o600 });
}
