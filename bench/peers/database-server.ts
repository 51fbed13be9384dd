import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { postgresqlBinaries } from '../../test/helpers/postgresql/binaries.js';
import { prepareDatabases, query, type DatabaseSource } from '../../test/helpers/postgresql/databases.js';
import { NoPostgresqlError, startPostgresql, type PostgresqlServer } from '../../test/helpers/postgresql/server.js';

/** A PostgreSQL on which databases can be made. */
export interface DatabaseServer extends DatabaseSource {
  readonly server: PostgresqlServer;
}

/** As much log as PostgreSQL keeps at most by default, in its segments of 16 MiB. */
const logMebibytes = 1024;

/**
 * A new server makes its log's segments while commits wait; one that has worked for a while recycles them. This one
 * gets as many as it keeps by default between two checkpoints, and recycles them from now on.
 */
async function recycleSegments(adminUrl: string): Promise<void> {
  await query(adminUrl, async (client) => {
    await client.query(`ALTER SYSTEM SET min_wal_size = '${logMebibytes}MB'`);
    await client.query('SELECT pg_reload_conf()');
    for (let written = 0; written < logMebibytes; written += 16)
      await client.query(`SELECT pg_logical_emit_message(false, 'bench', repeat('-', 16 << 20))`);
    await client.query('CHECKPOINT');
  });
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
    return work(null, [`everything on PostgreSQL: ${error.message}`]);
  }
  // A held process would stay forever if this process ended.
  const end = () => {
    server.release();
    void server.kill();
  };
  process.on('exit', end);
  try {
    const databases = await prepareDatabases(server);
    await recycleSegments(databases.adminUrl);
    return await work({ server, ...databases }, []);
  } finally {
    await server.remove();
    process.off('exit', end);
  }
}

export function postgresqlVersion(): string {
  const { stdout } = spawnSync(join(postgresqlBinaries() ?? '', 'postgres'), ['--version'], { encoding: 'utf8' });
  return `PostgreSQL ${/\d+(\.\d+)*/.exec(stdout)?.[0] ?? 'of unknown version'}`;
}
