import { randomBytes } from 'node:crypto';
import { loadConfig } from './config/config.js';
import { readEnvironment } from './config/env.js';
import { prepareDataDir } from './config/secrets.js';
import { acquireDataDirLock } from './store/data-dir-lock.js';
import { openSqliteStore } from './store/sqlite/open-sqlite-store.js';
import { adminTokenFile, makeAdminToken } from './make-admin-token.js';

/**
 * Recovers from a lock-out: makes one more admin token, beside those that are there, and writes it to the data dir.
 * The right to write there is what it takes; the audit log tells of it. The service must not be running.
 */
async function recoverAdminToken(): Promise<string> {
  const config = loadConfig(readEnvironment());
  await prepareDataDir(config.dataDir);
  const lock = acquireDataDirLock(config.dataDir);
  try {
    const store = await openSqliteStore({ file: config.database.file });
    try {
      await makeAdminToken(store, config.dataDir, new Date(), randomBytes);
    } finally {
      await store.close();
    }
  } finally {
    lock.release();
  }
  return adminTokenFile(config.dataDir);
}

try {
  process.stdout.write(`a new admin token is in ${await recoverAdminToken()}\n`);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
