import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import { testPolicies } from '../../helpers/issuance.js';
import { freshDatabase, prepareDatabases } from '../../helpers/postgresql/databases.js';
import { startPostgresql, type PostgresqlServer } from '../../helpers/postgresql/server.js';
import { postgresqlEnvironment } from '../../helpers/service-on-postgresql.js';
import { temporaryDirectory } from '../../helpers/temporary-directory.js';
import { onPostgresql } from '../../helpers/test-store.js';
import { startChild, type ChildService } from '../../crash/child-service.js';
import type { CrashPoint } from '../../crash/crash-points.js';
import { callTo, type Call } from '../../crash/ledger.js';

export interface ServiceToKill {
  /** Starts the service on the data of the one before, which is killed if it still runs. */
  start(crash?: { readonly at: CrashPoint; readonly on: number }): Promise<ChildService>;
  /** Calls the service that was started last, as the first admin. */
  readonly call: Call;
}

/**
 * A service of a test file on one data directory, and on a PostgreSQL where the tests run there. It is gone after the
 * tests.
 */
export function serviceToKill(): ServiceToKill {
  const directory = temporaryDirectory();
  const dataDir = join(directory.path, 'data');
  const policiesDir = join(directory.path, 'policies');
  let server: PostgresqlServer | undefined;
  let environment: Readonly<Record<string, string>> = {};
  let child: ChildService | undefined;
  let starts = 0;

  beforeAll(async () => {
    mkdirSync(policiesDir);
    writeFileSync(join(policiesDir, 'test.yaml'), testPolicies);
    if (!onPostgresql) return;
    server = await startPostgresql({ durable: true });
    const { url } = await freshDatabase(await prepareDatabases(server));
    environment = await postgresqlEnvironment(dataDir, url);
  });
  afterAll(async () => {
    await child?.kill();
    await server?.remove();
    directory.remove();
  });

  return {
    async start(crash) {
      await child?.kill();
      // If others may work on the same database, an attempt stays untouched until its lease has ended.
      const ahead = onPostgresql ? { CLOCK_AHEAD_SECONDS: String(100 * starts++) } : {};
      return (child = await startChild(dataDir, policiesDir, crash, { ...environment, ...ahead }));
    },
    call: callTo(
      () => child?.address ?? '',
      () => readFileSync(join(dataDir, 'admin-token'), 'utf8').trim(),
    ),
  };
}
