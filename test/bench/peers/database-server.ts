import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { postgresqlBinaries } from '../../helpers/postgresql/binaries.js';
import { prepareDatabases, type DatabaseSource } from '../../helpers/postgresql/databases.js';
import { NoPostgresqlError, startPostgresql, type PostgresqlServer } from '../../helpers/postgresql/server.js';

/** A PostgreSQL on which databases can be made. */
export interface DatabaseServer extends DatabaseSource {
  readonly server: PostgresqlServer;
}

/** Runs `work` with a PostgreSQL of its own, or with null and the reason if none is installed. */
export async function withDatabaseServer<Result>(
  work: (postgresql: DatabaseServer | null, without: readonly string[]) => Promise<Result>,
): Promise<Result> {
  let server: PostgresqlServer;
  try {
    server = await startPostgresql({ durable: true });
  } catch (error) {
    if (!(error instanceof NoPostgresqlError)) throw error;
    return work(null, [`kubepass on PostgreSQL: ${error.message}`]);
  }
  // A held process would stay forever if this process ended.
  const end = () => {
    server.release();
    void server.kill();
  };
  process.on('exit', end);
  try {
    return await work({ server, ...(await prepareDatabases(server)) }, []);
  } finally {
    await server.remove();
    process.off('exit', end);
  }
}

export function postgresqlVersion(): string {
  const { stdout } = spawnSync(join(postgresqlBinaries() ?? '', 'postgres'), ['--version'], { encoding: 'utf8' });
  return `PostgreSQL ${/\d+(\.\d+)*/.exec(stdout)?.[0] ?? 'of unknown version'}`;
}
