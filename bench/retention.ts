/**
 * `npm run bench:retention` archives and prunes the audit log of a year: 1,000,000 events of 333,334 certificates, on
 * SQLite and, if it is installed, on PostgreSQL. Meanwhile somebody commits steadily. It prints times, memory, and the
 * sizes of database and archives before and after, and verifies archives and database together. It ends with 1 if they
 * do not verify.
 *
 *   -- --database NAME      uses one of them: sqlite or postgresql
 *   -- --events N           uses fewer events
 */
import { mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import Database from 'better-sqlite3';
import { verifyChain } from '../src/audit/hash-chain.js';
import { openPostgresqlStore } from '../src/store/postgresql/open-postgresql-store.js';
import { openSqliteStore } from '../src/store/sqlite/open-sqlite-store.js';
import type { Store } from '../src/store/store.js';
import { postgresqlBinaries } from '../test/helpers/postgresql/binaries.js';
import { query } from '../test/helpers/postgresql/databases.js';
import { anEventAt, archivesIn, retentionOn, verdictOnAll } from '../test/helpers/retention.js';
import { temporaryDirectory } from '../test/helpers/temporary-directory.js';
import { seedPostgresql, seedSqlite, type SeededDatabase } from './million/databases.js';

const { values: options } = parseArgs({
  options: { events: { type: 'string', default: '1000000' }, database: { type: 'string' } },
});
const eventsPerCertificate = 3;
const certificates = Math.ceil(Number(options.events) / eventsPerCertificate);

const say = (text: string): void => console.log(text);
const count = (number: number): string => Math.round(number).toLocaleString('en');
const mebibytes = (octets: number): string => `${count(octets / 2 ** 20)} MiB`;
const seconds = (since: number): string => `${((performance.now() - since) / 1000).toFixed(1)} s`;

const seeds = {
  SQLite: seedSqlite,
  ...(postgresqlBinaries() !== null && { PostgreSQL: seedPostgresql }),
};

/** Commits an event every few milliseconds, and remembers how long each took. */
function commitSteadily(store: Store) {
  const running = new AbortController();
  const taken: number[] = [];
  const done = (async () => {
    while (!running.signal.aborted) {
      const began = performance.now();
      await store.writer.commit({ operations: [], events: [anEventAt(new Date())] });
      taken.push(performance.now() - began);
      await setTimeout(5);
    }
  })();
  return async () => {
    running.abort();
    await done;
    taken.sort((a, b) => a - b);
    const at = (share: number) => (taken[Math.floor(share * taken.length)] ?? 0).toFixed(1);
    return `${count(taken.length)} commits beside it: median ${at(0.5)} ms, 99 % ${at(0.99)} ms, worst ${at(0.9999)} ms`;
  };
}

/** The most memory that the process has had since it was asked for the first time. */
function watchMemory() {
  let most = 0;
  const timer = setInterval(() => {
    most = Math.max(most, process.memoryUsage.rss());
  }, 50);
  return () => {
    clearInterval(timer);
    return mebibytes(most);
  };
}

async function sizeOf(seeded: SeededDatabase): Promise<string> {
  if (seeded.name === 'PostgreSQL')
    return query(seeded.environment['DATABASE_URL'] ?? '', async (client) => {
      const { rows } = await client.query<{ all: string; log: string; timelines: string }>(
        `SELECT pg_database_size(current_database()) AS "all", pg_total_relation_size('"AuditRecord"') AS "log",
          pg_total_relation_size('"TimelineRecord"') AS "timelines"`,
      );
      const { all = '', log = '', timelines = '' } = rows[0] ?? {};
      return `${mebibytes(Number(all))}, AuditRecord ${mebibytes(Number(log))}, TimelineRecord ${mebibytes(Number(timelines))}`;
    });
  const file = fileOf(seeded);
  const database = new Database(file);
  database.pragma('wal_checkpoint(TRUNCATE)');
  const pragma = (name: string) => database.pragma(name, { simple: true }) as number;
  const free = pragma('freelist_count') * pragma('page_size');
  database.close();
  return `file ${mebibytes(statSync(file).size)}, of which free ${mebibytes(free)}`;
}

const fileOf = ({ environment }: SeededDatabase): string => join(environment['KUBEPASS_DATA_DIR'] ?? '', 'kubepass.db');

async function shrink(seeded: SeededDatabase): Promise<string> {
  const began = performance.now();
  if (seeded.name === 'PostgreSQL')
    await query(seeded.ownerUrl ?? '', (client) => client.query('VACUUM "AuditRecord"'));
  else {
    const database = new Database(fileOf(seeded));
    database.exec('VACUUM');
    database.close();
  }
  return `${await sizeOf(seeded)}, after ${seconds(began)} of VACUUM`;
}

async function measure(name: keyof typeof seeds, directory: string): Promise<boolean> {
  const place = join(directory, name);
  const archiveDir = join(place, 'archives');
  mkdirSync(archiveDir, { recursive: true });
  const seeded = await (seeds[name] ?? seedSqlite)(place, certificates, new Date());
  const open = () =>
    seeded.name === 'SQLite'
      ? openSqliteStore({ file: fileOf(seeded), writerThread: false })
      : openPostgresqlStore({ url: seeded.environment['DATABASE_URL'] ?? '' });
  let store = await open();
  try {
    const { seq } = await store.auditEvents.head();
    say(`${name}: ${count(seq)} events; ${await sizeOf(seeded)}`);
    const { archived, checkpoints, key } = await retentionOn(store, archiveDir, { clock: () => new Date() });
    let began = performance.now();
    await checkpoints.sign();
    say(`  the first checkpoint of so many events: ${seconds(began)}`);
    let end = commitSteadily(store);
    await setTimeout(5000);
    say(`  without archiving, ${await end()}`);

    end = commitSteadily(store);
    say(`  memory before: ${mebibytes(process.memoryUsage.rss())}, some of it from making the events`);
    const memory = watchMemory();
    began = performance.now();
    await archived.run();
    say(`  archived and pruned in ${seconds(began)}; memory at most ${memory()}`);
    say(`  ${await end()}`);
    const files = archivesIn(archiveDir).map((file) => statSync(join(archiveDir, file)).size);
    say(`  ${files.length} archives, ${mebibytes(files.reduce((sum, size) => sum + size, 0))}`);
    await checkpoints.sign();
    began = performance.now();
    const verdict = await verdictOnAll(archiveDir, store, await key());
    say(
      `  kubepass-verify: exit code ${verdict.exitCode}, ${count(verdict.events)} events, vouched for ${count(verdict.vouchedFor)}, ` +
        `with the export in ${seconds(began)}`,
    );
    const chain = await verifyChain(store.auditEvents);
    say(`  the chain behind them: ${chain.valid ? 'valid' : 'NOT VALID'}, ${count(chain.events)} events`);
    await store.close();
    say(`  after it: ${await sizeOf(seeded)}`);
    say(`  shrunk: ${await shrink(seeded)}`);
    store = await open();
    const again = await verifyChain(store.auditEvents);
    return verdict.exitCode === 0 && verdict.events === verdict.vouchedFor && chain.valid && again.valid;
  } finally {
    await store.close();
    await seeded.remove();
  }
}

const directory = temporaryDirectory();
try {
  for (const name of Object.keys(seeds) as (keyof typeof seeds)[])
    if (options.database === undefined || options.database === name.toLowerCase())
      if (!(await measure(name, directory.path))) process.exitCode = 1;
} finally {
  directory.remove();
}
