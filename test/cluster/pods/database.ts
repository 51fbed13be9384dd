import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { postgresqlBinaries } from '../../helpers/postgresql/binaries.js';
import { query } from '../../helpers/postgresql/databases.js';
import { type PostgresqlServer, startPostgresql } from '../../helpers/postgresql/server.js';
import { servingPair } from '../serving-pair.js';

const roles = fileURLToPath(new URL('../../../deploy/postgresql/roles.sql', import.meta.url));

/** A PostgreSQL that takes both roles over TLS alone, and the CA of its certificate. */
export interface DatabaseServer {
  readonly server: PostgresqlServer;
  readonly port: number;
  readonly caPem: string;
}

/** Whether there is a PostgreSQL here; says so where not. */
export function hasPostgresql(): boolean {
  const isThere = postgresqlBinaries() !== null;
  if (!isThere) console.error('test:cluster: SKIPPED, there is no PostgreSQL here for the pods that need one');
  return isThere;
}

/**
 * Starts it with the roles of `deploy/postgresql/roles.sql`, and gives them these passwords. `host`: the name that its
 * certificate has besides localhost.
 */
export async function startDatabaseServer(
  directory: string,
  host: string,
  passwords: Readonly<Record<'kubepass_owner' | 'kubepass', string>>,
): Promise<DatabaseServer> {
  const { caFile, pair } = await servingPair(directory, host);
  // The service warns of one that is not durable.
  const server = await startPostgresql({ durable: true, tls: pair });
  const url = server.urlOf('postgres');
  const psql = join(postgresqlBinaries() ?? '', 'psql');
  const { status, stderr } = spawnSync(psql, ['--no-psqlrc', '--set=ON_ERROR_STOP=1', '--file', roles, url], {
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`psql cannot run roles.sql: ${stderr}`);
  await query(url, async (client) => {
    for (const [role, password] of Object.entries(passwords))
      await client.query(`ALTER ROLE ${role} PASSWORD ${client.escapeLiteral(password)}`);
  });
  return { server, port: Number(new URL(url).port), caPem: readFileSync(caFile, 'utf8') };
}
