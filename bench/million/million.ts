/**
 * `npm run bench:million` compares the lists at 1,000,000 certificates and 3,000,000 audit events with those at 10,000
 * and at 100,000 certificates, on SQLite and, if it is installed, on PostgreSQL; identities are among them. It prints
 * the plan of each query of a list that grows. Then it counts the live certificates of issuers, and signs the first
 * checkpoint of a million events. It ends with 1 if a list grows or one of these misses a target. Each database takes
 * ten minutes, and 5 GB of the directory for temporary files.
 *
 *   -- --database NAME      uses one of them: sqlite or postgresql
 *   -- --certificates N     uses fewer certificates
 *   -- --plans              prints every plan
 *   -- --write              puts a summary into docs/performance.md, that of each database in its own place
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { postgresqlBinaries } from '../../test/helpers/postgresql/binaries.js';
import { temporaryDirectory } from '../../test/helpers/temporary-directory.js';
import { editDocument, withFindings } from '../performance-document.js';
import { seedPostgresql, seedSqlite, type SeededDatabase } from './databases.js';
import { isMet, tableOf, type Row } from '../report.js';
import { timeFirstCheckpoint } from './first-checkpoint.js';
import { compareLists, listTable, summaryOf, type Compared } from './list-table.js';
import { timeServed } from './served-certificates.js';
import { timeLists, type TimedList } from './time-lists.js';

const { values: options } = parseArgs({
  options: {
    certificates: { type: 'string', default: '1000000' },
    database: { type: 'string' },
    plans: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
  },
});
const many = Number(options.certificates);
const sizes = [10_000, many / 10, many] as const;

const say = (text: string): void => console.error(`bench: ${text}`);
const count = (number: number): string => number.toLocaleString('en');
const counts = [count(sizes[0]), count(sizes[1]), count(sizes[2])] as const;

const seeds = {
  SQLite: seedSqlite,
  ...(postgresqlBinaries() !== null && { PostgreSQL: seedPostgresql }),
};

interface Measured {
  readonly lists: readonly Compared[];
  /** About the first checkpoint, and the live certificates of issuers. */
  readonly figures: readonly Row[];
}

async function measure(name: keyof typeof seeds, directory: string): Promise<Measured> {
  const now = new Date();
  const seed = seeds[name] ?? seedSqlite;
  const timed: (readonly TimedList[])[] = [];
  const figures: Row[] = [];
  for (const certificates of sizes) {
    const place = join(directory, `${name}-${String(certificates)}`);
    mkdirSync(place);
    const began = performance.now();
    const database: SeededDatabase = await seed(place, certificates, now);
    const seconds = (performance.now() - began) / 1000;
    say(
      `${name}: ${count(certificates)} certificates in ${seconds.toFixed(0)} s, ${database.mebibytes.toFixed(0)} MiB`,
    );
    try {
      timed.push(await timeLists(database, place, now, certificates));
      if (certificates !== many) continue;
      figures.push(...(await timeServed(database, place, now)));
      figures.push(...(await timeFirstCheckpoint(database, place, certificates)));
    } finally {
      await database.remove();
    }
  }
  const [small = [], middle = [], large = []] = timed;
  return { lists: compareLists(small, middle, large), figures };
}

const directory = temporaryDirectory();
try {
  const tables: string[] = [];
  for (const name of Object.keys(seeds) as (keyof typeof seeds)[]) {
    if (options.database !== undefined && options.database.toLowerCase() !== name.toLowerCase()) continue;
    const { lists, figures } = await measure(name, directory.path);
    tables.push(listTable(name, lists, counts));
    for (const { what, growth, plans } of lists)
      if (options.plans || growth === 'grows')
        for (const [sql, plan] of plans) say(`${name}, ${what}:\n    ${sql.slice(0, 2000)}\n    ${plan}`);
    const growing = lists.filter(({ growth }) => growth === 'grows').length;
    if (growing > 0) {
      say(`${name}: ${String(growing)} lists grow`);
      process.exitCode = 1;
    }
    if (!figures.every(isMet)) {
      say(`${name}: the first checkpoint, or a count of an issuer, misses a target`);
      process.exitCode = 1;
    }
    const summary = `${summaryOf({ [name]: lists }, counts)}\n\n${tableOf(figures)}`;
    tables.push(summary);
    const own = `npm run bench:million -- --database ${name.toLowerCase()}`;
    if (options.write) editDocument((text) => withFindings(text, own, summary));
  }
  console.log(tables.join('\n\n'));
} finally {
  directory.remove();
}
