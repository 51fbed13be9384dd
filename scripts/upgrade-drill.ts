/**
 * `npm run upgrade:drill -- --data-dir DIR` tries the upgrade to this version on a copy of a data dir with SQLite, while the service
 * of the older version may run. It copies the database and the generated CA, starts this version on the copy, and asks it for its
 * records. It ends with 1 where that fails. The data dir itself is only read.
 *
 *   --config FILE   the configuration of the service; default: `KUBEPASS_CONFIG`, else the embedded one
 */
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import Database from 'better-sqlite3';
import { recoverAdminToken } from '../src/compose/api-tokens.js';
import { loadConfig } from '../src/config/config.js';
import { readEnvironment } from '../src/config/env.js';
import { ApiClient } from './quickstart/api-client.js';
import { freePort, ServiceProcess } from './quickstart/service-process.js';

const { values: options } = parseArgs({
  options: {
    'data-dir': { type: 'string' },
    config: { type: 'string', default: process.env['KUBEPASS_CONFIG'] ?? '' },
  },
});

/** Counts the rows of the first of these tables or views that the database has. */
function countIn(database: Database.Database, ...names: readonly string[]): number {
  const exists = database.prepare<[string], object>('SELECT 1 FROM "sqlite_master" WHERE "name" = ?');
  const name = names.find((one) => exists.get(one) !== undefined);
  if (name === undefined) throw new Error(`the database has no ${names.join(' and no ')}: it is none of kubepass`);
  return database.prepare<[], { count: number }>(`SELECT COUNT(*) AS "count" FROM "${name}"`).get()?.count ?? 0;
}

interface Counts {
  readonly requests: number;
  readonly certificates: number;
}

const countsOf = (database: Database.Database): Counts => ({
  requests: countIn(database, 'RequestRecord', 'CertificateRequest'),
  certificates: countIn(database, 'CertificateRecord', 'Certificate'),
});

const inWords = ({ requests, certificates }: Counts): string =>
  `${String(requests)} requests and ${String(certificates)} certificates`;

async function drill(dataDir: string, directory: string): Promise<void> {
  const copy = join(directory, 'data');
  mkdirSync(copy, { mode: 0o700 });
  const file = join(copy, 'kubepass.db');
  const original = new Database(join(dataDir, 'kubepass.db'), { readonly: true, fileMustExist: true });
  // The service may be committing meanwhile: this is SQLite's own way to copy a database that is in use.
  await original.backup(file);
  const before = countsOf(original);
  original.close();
  if (existsSync(join(dataDir, 'ca'))) cpSync(join(dataDir, 'ca'), join(copy, 'ca'), { recursive: true });

  const port = await freePort('127.0.0.1', 0);
  const environment = {
    KUBEPASS_CONFIG: options.config,
    KUBEPASS_DATA_DIR: copy,
    DATABASE_URL: `file:${file}`,
    KUBEPASS_HOST: '127.0.0.1',
    KUBEPASS_PORT: String(port),
  };
  const began = performance.now();
  // It is for the copy alone, and goes with it.
  const made = await recoverAdminToken(loadConfig(readEnvironment({ ...process.env, ...environment })));
  const seconds = (performance.now() - began) / 1000;
  const token = readFileSync(made.file, 'utf8').trim();
  const service = new ServiceProcess(environment, join(directory, 'log'));
  try {
    const client = await ApiClient.of({ host: '127.0.0.1', tls: null }, port);
    await service.untilReady(client);
    const { body } = await client.send('GET', '/v1/audit-events/verification', { token });
    const { valid, events } = JSON.parse(body) as { readonly valid: boolean; readonly events: number };
    if (!valid) throw new Error(`the audit log does not verify: ${body}`);
    for (const path of ['/v1/certificate-requests', '/v1/certificates', '/v1/audit-events']) {
      const answer = await client.send('GET', path, { token });
      if (answer.status !== 200) throw new Error(`GET ${path} was answered ${String(answer.status)}: ${answer.body}`);
    }
    const migrated = new Database(file, { readonly: true });
    const after = countsOf(migrated);
    migrated.close();
    if (inWords(after) !== inWords(before))
      throw new Error(`the copy has ${inWords(after)}, and the original has ${inWords(before)}`);
    console.log(
      `the copy was migrated in ${seconds.toFixed(1)} s and serves ${inWords(after)}; its ${String(events)} events verify`,
    );
  } finally {
    await service.stop();
  }
}

const dataDir = options['data-dir'];
const directory = mkdtempSync(join(tmpdir(), 'kubepass-drill-'));
try {
  if (dataDir === undefined) throw new Error('say which data dir: --data-dir DIR');
  await drill(resolve(dataDir), directory);
} catch (error) {
  console.error(`the upgrade would not work: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
} finally {
  rmSync(directory, { recursive: true, force: true });
}
