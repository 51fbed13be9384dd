/**
 * `npm run bench:upgrade` fills a database with the last schema before the lean records and migrates it to that of
 * today, in a process of its own. It kills that process at half and lets another one go on. It prints the time and the
 * most memory that the processes had.
 *
 *   -- --database NAME      uses one of them: sqlite or postgresql
 *   -- --certificates N     uses fewer certificates than 1,000,000
 *   -- --write              puts the figures into docs/operations.md
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import Database from 'better-sqlite3';
import { genesis, type ChainHead } from '../../src/audit/chain.js';
import type { UnchainedEvent } from '../../src/model/audit-event.js';
import { migratePostgresql } from '../../src/store/postgresql/migrate-postgresql.js';
import { migrateSqlite } from '../../src/store/sqlite/migrate-sqlite.js';
import { chainedEvent } from '../../test/helpers/chained-event.js';
import {
  copyMigrations,
  insertIntoOldSqlite,
  oldCertificateRows,
  oldEventRow,
  oldRequestRow,
  type OldRows,
} from '../../test/helpers/old-records.js';
import { ownerRole, prepareDatabases, query, freshDatabase } from '../../test/helpers/postgresql/databases.js';
import { startPostgresql } from '../../test/helpers/postgresql/server.js';
import { temporaryDirectory } from '../../test/helpers/temporary-directory.js';
import { memoryOf } from '../process-figures.js';
import { aCertificate, aRequest } from './rows.js';

const { values: options } = parseArgs({
  options: {
    certificates: { type: 'string', default: '1000000' },
    database: { type: 'string', default: 'sqlite' },
    write: { type: 'boolean', default: false },
  },
});
const certificates = Number(options.certificates);
const say = (text: string): void => console.error(`bench: ${text}`);
const count = (number: number): string => number.toLocaleString('en');

interface Filled {
  /** The file or the URL by which it is migrated. */
  readonly place: string;
  mebibytes(): Promise<number>;
  remove(): Promise<void>;
}

/** The rows that issuing left in the version of then, in portions: a request, a certificate and three events each. */
function* oldRows(atOnce: number): Generator<OldRows> {
  let head: ChainHead = genesis;
  const begin = Date.UTC(2026, 0, 1);
  let rows: OldRows[number][] = [];
  for (let i = 0; i < certificates; i++) {
    const at = new Date(begin + i * 30);
    const request = aRequest(i, at, false);
    const certificate = aCertificate(i, at, request, false);
    const { id: requestId, cluster, username, groups } = request;
    const { fingerprintSha256, serialNumber } = certificate;
    const event = { at, cluster, requestId, principal: request.requester.name, fingerprintSha256: null };
    const events: readonly UnchainedEvent[] = [
      { ...event, type: 'CertificateRequested', details: { username, groups } },
      { ...event, type: 'IssuanceStarted', details: { serialNumber } },
      { ...event, type: 'CertificateIssued', fingerprintSha256, details: { serialNumber } },
    ];
    rows.push(['CertificateRequest', oldRequestRow(request)], ...oldCertificateRows(certificate, request));
    for (const one of events) {
      const chained = chainedEvent(head, one);
      head = chained;
      rows.push(['AuditEvent', oldEventRow(chained)]);
    }
    if (rows.length < atOnce) continue;
    yield rows;
    rows = [];
  }
  yield rows;
}

async function fillSqlite(directory: string): Promise<Filled> {
  const migrations = join(directory, 'migrations');
  copyMigrations('sqlite', migrations, '20261125070000_audit_events_by_time');
  const file = join(directory, 'kubepass.db');
  await migrateSqlite(file, { directory: migrations });
  const database = new Database(file);
  // It can be made again, so speed matters more than safety here.
  for (const setting of ['synchronous = OFF', 'journal_mode = MEMORY', 'cache_size = -1000000'])
    database.pragma(setting);
  for (const rows of oldRows(20_000)) insertIntoOldSqlite(database, rows);
  database.pragma('journal_mode = WAL');
  database.close();
  return {
    place: file,
    mebibytes: () => Promise.resolve(statSync(file).size / 2 ** 20),
    remove: () => Promise.resolve(),
  };
}

/** Octets as text for a column bytea: JSON.stringify has made an object of a buffer already. */
const inPostgresql = (_key: string, value: unknown): unknown =>
  typeof value === 'object' && value !== null && 'type' in value && value.type === 'Buffer' && 'data' in value
    ? `\\x${Buffer.from(value.data as readonly number[]).toString('hex')}`
    : value;

async function fillPostgresql(directory: string): Promise<Filled> {
  const migrations = join(directory, 'migrations');
  copyMigrations('postgresql', migrations, '20261125070000_audit_events_by_time');
  const server = await startPostgresql({ durable: true });
  const { adminUrl } = await prepareDatabases(server);
  const { ownerUrl } = await freshDatabase({ adminUrl, template: 'template0' });
  const name = new URL(ownerUrl).pathname.slice(1);
  await query(server.urlOf(name), (client) => client.query(`ALTER SCHEMA public OWNER TO ${ownerRole}`));
  await migratePostgresql(ownerUrl, { directory: migrations });
  await query(ownerUrl, async (client) => {
    await client.query('SET synchronous_commit = off');
    for (const rows of oldRows(6_000)) {
      await client.query('BEGIN');
      // The columns of a table are the same in each of its rows.
      for (const table of ['CertificateRequest', 'Certificate', 'CertificateGroup', 'AuditEvent']) {
        const ofTable = rows.filter(([of]) => of === table).map(([, row]) => row);
        const [first] = ofTable;
        if (first === undefined) continue;
        const columns = Object.keys(first).map((column) => `"${column}"`);
        const json = JSON.stringify(ofTable, inPostgresql);
        await client.query(
          `INSERT INTO "${table}" (${columns.join()}) SELECT ${columns.join()} FROM json_populate_recordset(NULL::"${table}", $1::json)`,
          [json],
        );
      }
      await client.query('COMMIT');
    }
    await client.query('VACUUM ANALYZE');
  });
  return {
    place: ownerUrl,
    mebibytes: () =>
      query(ownerUrl, async (client) => {
        const { rows } = await client.query<{ bytes: string }>('SELECT pg_database_size(current_database()) AS bytes');
        return Number(rows[0]?.bytes) / 2 ** 20;
      }),
    remove: () => server.remove(),
  };
}

/** Migrates until the end, or until half of the records are moved. Answers the seconds, and the most memory in MiB. */
async function migrate(
  place: string,
  untilHalf: boolean,
): Promise<{ readonly seconds: number; readonly peak: number }> {
  const began = performance.now();
  const child = fork(fileURLToPath(new URL('./upgrade-child.ts', import.meta.url)), [place], {
    execArgv: ['--import', 'tsx'],
  });
  let peak = 0;
  const messages: unknown[] = [];
  const look = setInterval(() => {
    // A process that has just ended tells nothing.
    if (child.exitCode === null && child.signalCode === null)
      peak = Math.max(peak, memoryOf(child.pid ?? NaN).peak || 0);
  }, 200);
  child.on('message', (message) => {
    messages.push(message);
    const [, done = '0', all = '0'] = /([\d,]+) of ([\d,]+)/.exec(typeof message === 'string' ? message : '') ?? [];
    const [moved, total] = [Number(done.replaceAll(',', '')), Number(all.replaceAll(',', ''))];
    if (untilHalf && total > 0 && moved >= total / 2) child.kill('SIGKILL');
  });
  await once(child, 'exit');
  clearInterval(look);
  if (messages.includes('ends') === untilHalf)
    throw new Error(untilHalf ? 'the migration ended before it was killed' : 'the migration failed');
  return { seconds: (performance.now() - began) / 1000, peak };
}

const directory = temporaryDirectory();
const name = options.database === 'postgresql' ? 'PostgreSQL' : 'SQLite';
try {
  const began = performance.now();
  const filled = await (name === 'PostgreSQL' ? fillPostgresql : fillSqlite)(directory.path);
  try {
    const before = await filled.mebibytes();
    say(
      `${name}: ${count(certificates)} certificates in ${((performance.now() - began) / 1000).toFixed(0)} s, ${before.toFixed(0)} MiB`,
    );
    const first = await migrate(filled.place, true);
    const second = await migrate(filled.place, false);
    const seconds = first.seconds + second.seconds;
    const peak = Math.max(first.peak, second.peak);
    const after = await filled.mebibytes();
    const line = `- ${name}: ${count(certificates)} certificates and ${count(3 * certificates)} events took ${seconds.toFixed(0)} s, with a kill -9 at half, and at most ${peak.toFixed(0)} MiB of memory in the process. The database had ${before.toFixed(0)} MiB before and ${after.toFixed(0)} MiB after.`;
    console.log(line);
    if (options.write) {
      const page = 'docs/operations.md';
      const text = readFileSync(page, 'utf8').replace(new RegExp(`^- ${name}: .* certificates and .*\\n`, 'm'), '');
      writeFileSync(page, text.replace(/(### How long it takes\n\n(?:[^-\n].*\n)+\n)/, `$1${line}\n`));
    }
  } finally {
    await filled.remove();
  }
} finally {
  directory.remove();
}
