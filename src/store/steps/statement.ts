import type { Prisma } from '../generated/sqlite/client.js';
import type { QuotaLimit } from '../../model/decision.js';

/** A value for a column; objects and arrays are for JSON columns. */
export type ColumnValue = string | number | bigint | boolean | Date | Uint8Array | object | null;

/** One value for every column of a row as Prisma reads it: a column that is added or renamed fails to compile. */
export type Columns<PrismaRow> = { readonly [Column in keyof PrismaRow]: ColumnValue };

/** A JSON column that Prisma read, typed as it was written: the ordered writer alone writes these columns. */
// eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters -- a cast by another name, in one place
export const storedJson = <T>(value: Prisma.JsonValue): T => value as T;

/** The value of a JSON column that `ReadRows` read: text from SQLite, parsed from PostgreSQL. */
export const jsonRead = (value: unknown): unknown => (typeof value === 'string' ? JSON.parse(value) : value);

/** Why a step was not committed. Nothing of it was written. */
export type Conflict =
  /** The request does not have the state, owner or attempt that the step expects. */
  | { readonly kind: 'request'; readonly id: string }
  | { readonly kind: 'quota'; readonly limit: QuotaLimit; readonly found: number }
  | { readonly kind: 'idempotencyKey' }
  /** The certificate is revoked already. */
  | { readonly kind: 'revocation'; readonly fingerprintSha256: string }
  /** One of the names is blocked. */
  | { readonly kind: 'blocked' }
  /** The block is not the one that the step expects. */
  | { readonly kind: 'identityBlock' }
  | { readonly kind: 'expiryNotice' }
  /** The name is taken. */
  | { readonly kind: 'directoryName'; readonly name: string }
  /** The user or group is gone, or has another version. */
  | { readonly kind: 'directoryUser'; readonly id: string }
  | { readonly kind: 'directoryGroup'; readonly id: string }
  | { readonly kind: 'apiToken'; readonly id: string }
  | { readonly kind: 'session'; readonly id: string }
  | { readonly kind: 'usedProof' }
  /** A checkpoint of this or a larger size is kept. */
  | { readonly kind: 'checkpoint'; readonly size: number }
  /** The key is not in use. */
  | { readonly kind: 'checkpointKey'; readonly verifierKey: string }
  /** Another process signs checkpoints. */
  | { readonly kind: 'checkpointLease' }
  | { readonly kind: 'restoration' }
  /** An archive has events behind this one. */
  | { readonly kind: 'auditArchive'; readonly seq: number }
  /** A token has another name that folds to this one. */
  | { readonly kind: 'principalName'; readonly name: string }
  /** The issuer is not recorded, or not in the state that the step expects, or its name or place is taken. */
  | { readonly kind: 'issuer'; readonly cluster: string; readonly issuer: string }
  /** The delivery is not in the state that the step expects. */
  | { readonly kind: 'webhookDelivery'; readonly id: string }
  /** A unique value exists already (a serial number of the same issuer, a fingerprint). */
  | { readonly kind: 'unique'; readonly what: string };

/** One SQL statement of a write, with `?` for each parameter in turn, and the conflicts that it can meet. */
export interface Statement extends ReadStatement {
  /** The conflict where the statement changes no row. */
  readonly unlessChanged?: Conflict;
  /** The conflict where a unique value exists already; `constraint` contains the names of the columns. */
  readonly ifTaken?: (constraint: string) => Conflict;
  /** For a statement that reads one row with a number `found`: the conflict where that has reached the limit. */
  readonly ifReached?: { readonly limit: number; readonly conflict: (found: number) => Conflict };
  /**
   * The statement finds nothing unless one of its first `count` parameters is among the keys that this query selects.
   */
  readonly onlyAmong?: { readonly keys: string; readonly count: number };
  /** The statement changes the keys that this query of an `onlyAmong` selects. */
  readonly changesKeys?: string;
  /** Names a row that is never changed or removed. Once it is committed, the statement is left out. */
  readonly once?: string;
  /**
   * Does the same on PostgreSQL for many statements with the same `many.sql`; with `ifReached`, that answers the sum as
   * `found`.
   */
  readonly many?: ManyRows;
}

/** A statement of PostgreSQL for many rows, and one of these. */
interface ManyRows {
  /**
   * Its one parameter is a JSON array of the rows. It changes as many rows as it is given, unless there is a conflict.
   */
  readonly sql: string;
  readonly row: JsonRow;
}

/** Values of columns that become one JSON object; each part is an object in it, for columns of the same names. */
export interface JsonRow {
  readonly columns: Row;
  readonly parts?: Readonly<Record<string, Row>>;
}

/** A statement that only reads. */
export interface ReadStatement {
  readonly sql: string;
  readonly parameters: readonly ColumnValue[];
}

/**
 * Answers the rows that a statement finds. Reads that are frequent or large use it, because Prisma would occupy the
 * event loop for longer than the read itself; so do reads that must go along a certain index.
 */
export type ReadRows = (selection: ReadStatement) => Promise<readonly unknown[]>;

/** A condition of a statement. */
export type Condition = ReadStatement;

/** The few expressions that the databases write differently. Columns come quoted, and from the schema. */
export interface SqlDialect {
  /** How many elements the JSON array has. */
  jsonArrayLength(column: string): string;
  /** The octets as lower-case hex. */
  hexText(column: string): string;
  /** The octets of a text in hex. */
  octetsOfHex(text: string): string;
  /** Whether the JSON array holds a text; takes one parameter. */
  jsonArrayHolds(column: string): string;
  /** The JSON array, with a text added at its end unless that is its last one; takes the text twice as parameter. */
  jsonArrayEndingWith(column: string): string;
  /**
   * Deletes archived records of the audit log; its parameters are the number before the first one, and the last one.
   */
  readonly deleteAuditRecords: string;
  /** The instant ten minutes later. */
  tenMinutesAfter(instant: string): string;
  /** A table of the texts in a JSON array, in its column `value`; takes one parameter. */
  jsonTexts(): string;
  /** The texts of a column as one, with commas between them. */
  commaSeparated(column: string): string;
  /** A table `given` of the numbers in such a text of an earlier table, in its column `value`. */
  numbersIn(column: string): string;
  /** Whether a number is among those that this query selects, of which there may be thousands. */
  isAmong(select: string): string;
  /** The ASCII text in lower case, in whichever language the database sorts. */
  asciiLowerCase(column: string): string;
  /**
   * A text that names the running server. Another server has another text, and so has the same server after a new
   * start.
   */
  readonly runningServer: string;
  /** Stands behind a table to name the index that finds its rows; empty where the database chooses better by itself. */
  indexedBy(index: string): string;
  /**
   * The rows of an index whose first column has `value` (null: there is no such column) and whose next columns, as a
   * row, compare with `bound`; in the form that makes the database go along this index and no other.
   */
  indexRange(
    value: { readonly column: string; readonly parameter: ColumnValue } | null,
    columns: readonly string[],
    sign: '<' | '>' | '<=' | '>=',
    bound: readonly ColumnValue[],
  ): Condition;
}

export type Row = Readonly<Record<string, ColumnValue>>;

/**
 * The row of a record that has a member for each of these columns, and may have others; without the number that the
 * database gives it.
 */
export const rowOf = <Column extends string>(
  columns: Readonly<Record<Column, string>>,
  record: Columns<Record<Exclude<NoInfer<Column>, 'n'>, unknown>>,
): typeof record =>
  Object.fromEntries(
    Object.keys(columns).flatMap((name) => (name === 'n' ? [] : [[name, (record as Row)[name]]])),
  ) as typeof record;

/**
 * Deletes the rows whose instant in `column` is earlier than `instant`: the oldest, and no more than `atMost`. `key`:
 * the columns of the primary key, quoted.
 */
export const forgetBefore = (table: string, key: string, column: string, instant: Date, atMost: number): Statement => ({
  sql: `DELETE FROM "${table}" WHERE ${key.includes(',') ? `(${key})` : key} IN (SELECT ${key} FROM "${table}" WHERE "${column}" < ?
    ORDER BY "${column}" LIMIT ${String(atMost)})`,
  parameters: [instant],
});

/** Inserts one row. `table` and the row's columns come from the schema, never from a caller. */
export function insertInto(table: string, row: Row): Statement {
  const { one, many } = insertTexts(table, Object.keys(row));
  return { sql: one, parameters: Object.values(row), many: { sql: many, row: { columns: row } } };
}

/** Inserts one row; `taken` is the conflict where one of its unique values exists already. */
export const insertUnique = (table: string, row: Row, taken: Conflict): Statement => ({
  ...insertInto(table, row),
  ifTaken: () => taken,
});

/** Inserts a row that is never changed or removed, unless it is there already. `key` is its primary key. */
export function insertOnce(table: string, key: string, row: Row): Statement {
  const { unlessThere } = insertTexts(table, Object.keys(row));
  return { sql: unlessThere, parameters: Object.values(row), once: `${table} ${key}` };
}

const insertTexts = textsByColumns((columns, table) => {
  const names = columns.map(quoted).join(', ');
  const one = `INSERT INTO "${table}" (${names}) VALUES (${columns.map(() => '?').join(', ')})`;
  return {
    one,
    unlessThere: `${one} ON CONFLICT DO NOTHING`,
    many: `INSERT INTO "${table}" (${names}) SELECT ${names} FROM json_populate_recordset(NULL::"${table}", ?::json)`,
  };
});

/**
 * Makes texts that depend on columns and on a name once for each combination. Their number is small, because both come
 * from our code; making them anew takes longer than executing them.
 */
export function textsByColumns<Texts>(
  make: (columns: readonly string[], name: string) => Texts,
): (name: string, columns: readonly string[]) => Texts {
  const made = new Map<string, { readonly columns: readonly string[]; readonly texts: Texts }[]>();
  return (name, columns) => {
    const ofName = made.get(name) ?? [];
    // Comparing the names takes a quarter of the time of joining them to a key.
    const known = ofName.find(
      (one) => one.columns.length === columns.length && one.columns.every((column, i) => column === columns[i]),
    );
    if (known !== undefined) return known.texts;
    const texts = make(columns, name);
    made.set(name, [...ofName, { columns, texts }]);
    return texts;
  };
}

export const quoted = (column: string): string => `"${column}"`;

/**
 * The columns of a table as a statement selects them from `as`. An asterisk would select those of a newer version's
 * schema too, and PostgreSQL refuses a prepared statement whose result has other columns than it had.
 */
export const columnsFrom = (columns: Readonly<Record<string, string>>, as: string): string =>
  Object.keys(columns)
    .map((column) => `${quoted(as)}.${quoted(column)}`)
    .join(', ');

/** The octets of a hash, a fingerprint or a serial number in lower-case hex. Throws `TypeError` where it is none. */
export function octetsOf(hex: string): Buffer<ArrayBuffer> {
  const octets = octetsIn(hex);
  if (octets === null) throw new TypeError(`not hexadecimal: ${hex.slice(0, 100)}`);
  return octets;
}

/** As `octetsOf`; null where the text is none, so that a caller's filter finds nothing. */
export function octetsIn(hex: string): Buffer<ArrayBuffer> | null {
  const octets = Buffer.from(hex, 'hex');
  return octets.length * 2 === hex.length && octets.toString('hex') === hex ? octets : null;
}

/** The octets of a value as JSON; null has none. */
export const jsonOctets = (value: object | string | null): number =>
  value === null ? 0 : Buffer.byteLength(JSON.stringify(value));

export const hexText = (octets: Uint8Array): string =>
  Buffer.from(octets.buffer, octets.byteOffset, octets.byteLength).toString('hex');

/** The 16 octets of a lower-case UUID (RFC 9562). Throws `TypeError` where it is none. */
export function uuidOctets(uuid: string): Buffer<ArrayBuffer> {
  const octets = uuidOctetsIn(uuid);
  if (octets === null) throw new TypeError(`not a UUID: ${uuid.slice(0, 100)}`);
  return octets;
}

/** As `uuidOctets`; null where the text is none. */
export function uuidOctetsIn(uuid: string): Buffer<ArrayBuffer> | null {
  return uuidForm.test(uuid) ? Buffer.from(uuid.replaceAll('-', ''), 'hex') : null;
}

const uuidForm = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

export const uuidOf = (octets: Uint8Array): string => uuidOfHex(hexText(octets));

/** The UUID whose octets are these, in lower-case hex. */
export function uuidOfHex(hex: string): string {
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

/**
 * The octets of a serial number's magnitude. Its text has no leading zero octet, so a zero octet in front marks a
 * negative number, whose text begins with `-`. Throws `TypeError` where the text is none.
 */
export const serialOctets = (text: string): Buffer<ArrayBuffer> =>
  text.startsWith('-') ? octetsOf(`00${text.slice(1)}`) : octetsOf(text);

/** As `serialOctets`; null where the text is none. */
export const serialOctetsIn = (text: string): Buffer<ArrayBuffer> | null =>
  text.startsWith('-') ? octetsIn(`00${text.slice(1)}`) : octetsIn(text);

export const serialOf = (octets: Uint8Array): string =>
  octets[0] === 0 && octets.length > 1 ? `-${hexText(octets.subarray(1))}` : hexText(octets);
