import { setImmediate } from 'node:timers/promises';
import { MigrationError, type Migration } from '../schema/migrations.js';
import { hexText } from '../steps/statement.js';
import { asText, certificateRows, idOctets, type MovingDatabase, type OldRow, requestRows } from './lean-rows.js';
import { eventsInRange, octetsOfHash, recordRows } from './pack-old-events.js';

/** This migration drops the old tables. The records are moved before it. */
const dropsOldTables = '20261126010000_lean_records_in_use';

/**
 * The pending migrations before the records are moved, and those behind; these are none where nothing is to be moved.
 */
export function aroundMove(pending: readonly Migration[]): readonly [readonly Migration[], readonly Migration[]] {
  const index = pending.findIndex(({ name }) => name === dropsOldTables);
  return index < 0 ? [pending, []] : [pending.slice(0, index), pending.slice(index)];
}

/** How many rows of an old table one transaction moves. It bounds the memory, and what a killed process does again. */
const portionRows = 2000;
const progressMilliseconds = 5000;

/** The rows of one old table, which are moved in the order of `key`. */
interface Movement {
  readonly what: string;
  readonly table: string;
  readonly key: readonly string[];
  /** Finds in the new tables how many rows were moved, as `found`. */
  readonly moved: string;
  /** Writes the new rows; `moved` old ones were moved before. */
  readonly write: (rows: readonly OldRow[], moved: number) => Promise<void>;
}

/**
 * Moves requests, certificates and audit events from the old tables to the new ones, a portion in each transaction. The
 * new tables themselves say how far an interrupted process came, so the next one goes on there. Throws `MigrationError`
 * where the new tables do not hold everything in the end. The old tables are not changed.
 */
export async function moveRecords(database: MovingDatabase, onProgress: (message: string) => void): Promise<void> {
  try {
    for (const movement of [requests(database), certificates(database), auditEvents(database)])
      await move(database, movement, onProgress);
    await compareHeads(database);
  } catch (error) {
    if (error instanceof MigrationError || !(error instanceof Error)) throw error;
    throw new MigrationError(`moving the records failed, and the next start goes on with it: ${error.message}`, {
      cause: error,
    });
  }
}

async function move(
  database: MovingDatabase,
  { what, table, key, moved: movedSql, write }: Movement,
  onProgress: (message: string) => void,
): Promise<void> {
  const total = await found(database, `SELECT COUNT(*) AS "found" FROM "${table}"`);
  let moved = await found(database, movedSql);
  const tell = () => {
    onProgress(`migrating: ${moved.toLocaleString('en-US')} of ${total.toLocaleString('en-US')} ${what}`);
  };
  const columns = key.map((column) => `"${column}"`).join(', ');
  const inOrder = (limit: string) => `ORDER BY ${columns} LIMIT ${limit}`;
  let last: OldRow | undefined;
  if (total > 0) tell();
  if (moved > 0)
    [last] = await database.select(`SELECT ${columns} FROM "${table}" ${inOrder(`1 OFFSET ${String(moved - 1)}`)}`);
  let told = performance.now();
  for (;;) {
    const behind = last ? `WHERE (${columns}) > (${key.map(() => '?').join(', ')})` : '';
    const rows = await database.select(
      `SELECT * FROM "${table}" ${behind} ${inOrder(String(portionRows))}`,
      key.flatMap((column) => (last ? [last[column]] : [])),
    );
    if (rows.length === 0) break;
    await database.transaction(() => write(rows, moved));
    moved += rows.length;
    last = rows.at(-1);
    // Between portions the event loop gets its turn, for example for a signal to stop.
    await setImmediate();
    if (performance.now() - told < progressMilliseconds && moved < total) continue;
    tell();
    told = performance.now();
  }
  const kept = await found(database, movedSql);
  if (kept !== total)
    throw new MigrationError(`${String(total)} ${what} were to be moved, and the new tables have ${String(kept)}`);
}

async function found(database: MovingDatabase, sql: string): Promise<number> {
  const [row] = await database.select(sql);
  return Number(row?.['found']);
}

/** Rows with a hash of their own, each once. */
const distinct = <T extends { readonly sha256: Buffer }>(rows: readonly T[]): readonly T[] => [
  ...new Map(rows.map((row) => [hexText(row.sha256), row])).values(),
];

const requests = (database: MovingDatabase): Movement => ({
  what: 'requests',
  table: 'MovedCertificateRequest',
  // Ids are UUIDv7, so numbers grow in the order of creation.
  key: ['id'],
  moved: 'SELECT COUNT(*) AS "found" FROM "RequestRecord"',
  async write(rows, moved) {
    const made = rows.map((row, i) => requestRows(database, row, moved + i + 1));
    await database.insert('Decision', distinct(made.map(({ decision }) => decision)), 'leave out');
    await database.insert(
      'RequestRecord',
      made.map(({ request }) => request),
    );
  },
});

const certificates = (database: MovingDatabase): Movement => ({
  what: 'certificates',
  table: 'MovedCertificate',
  key: ['issuedAt', 'fingerprintSha256'],
  moved: 'SELECT COUNT(*) AS "found" FROM "CertificateRecord"',
  async write(rows, moved) {
    const ids = rows.map(({ requestId }) => idOctets(requestId));
    const numbers = await database.requestNumbers(ids);
    const made = rows.map((row, i) => {
      const requestN = numbers.get(hexText(ids[i] as Buffer));
      if (requestN === undefined)
        throw new MigrationError(`certificate ${asText(row['fingerprintSha256'])} has no request`);
      return certificateRows(database, row, moved + i + 1, requestN);
    });
    await database.insert('Issuer', distinct(made.map(({ issuer }) => issuer)), 'leave out');
    await database.insert(
      'CertificateRecord',
      made.map(({ certificate }) => certificate),
    );
    await database.insert(
      'GroupMembership',
      made.flatMap(({ memberships }) => memberships),
    );
  },
});

const auditEvents = (database: MovingDatabase): Movement => ({
  what: 'audit events',
  table: 'MovedAuditEvent',
  key: ['seq'],
  moved: 'SELECT COALESCE(SUM("lastSeq" - "firstSeq" + 1), 0) AS "found" FROM "AuditRecord"',
  async write(rows) {
    await database.insert('AuditRecord', recordRows(database, rows));
    const full = Math.floor(Number(rows.at(-1)?.['seq']) / eventsInRange) * eventsInRange;
    await database.execute(`INSERT INTO "AuditEventRange" ("firstSeq", "lastSeq", "earliest", "latest")
      SELECT MIN("firstSeq"), MAX("lastSeq"), MIN("at"), MAX("at") FROM "AuditRecord"
      WHERE "lastSeq" > (SELECT COALESCE(MAX("lastSeq"), 0) FROM "AuditEventRange") AND "lastSeq" <= ${String(full)}
      GROUP BY ("lastSeq" - 1) / ${String(eventsInRange)}`);
  },
});

/** The chain must end where it ended. */
async function compareHeads(database: MovingDatabase): Promise<void> {
  const [was] = await database.select('SELECT "seq", "hash" FROM "MovedAuditEvent" ORDER BY "seq" DESC LIMIT 1');
  const [is] = await database.select('SELECT "lastSeq", "hashes" FROM "AuditRecord" ORDER BY "lastSeq" DESC LIMIT 1');
  const old = was && `${String(was['seq'])} ${hexText(octetsOfHash(asText(was['hash'])))}`;
  const lean = is && `${String(is['lastSeq'])} ${database.octetsOf(is['hashes']).toString('hex').slice(-64)}`;
  if (old !== lean)
    throw new MigrationError(`the audit log ended with ${String(old)}, and the new tables end with ${String(lean)}`);
}
