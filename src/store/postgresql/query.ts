import {
  hexText,
  type ColumnValue,
  type JsonRow,
  type Row,
  type ReadStatement,
  type SqlDialect,
} from '../steps/statement.js';

export const postgresqlDialect: SqlDialect = {
  jsonArrayLength: (column) => `jsonb_array_length(${column})`,
  hexText: (column) => `encode(${column}, 'hex')`,
  octetsOfHex: (text) => `decode(${text}, 'hex')`,
  jsonArrayHolds: (column) => `${column} @> to_jsonb(?::text)`,
  jsonArrayEndingWith: (column) =>
    `CASE WHEN ${column} ->> -1 = ? THEN ${column} ELSE ${column} || to_jsonb(?::text) END`,
  // The service has no right to delete from the log itself.
  deleteAuditRecords: 'SELECT "AuditRecord_prune"(?, ?)',
  tenMinutesAfter: (instant) => `(${instant} + interval '10 minutes')`,
  jsonTexts: () => '(SELECT "value" COLLATE "C" AS "value" FROM json_array_elements_text(?::json) AS "texts"("value"))',
  commaSeparated: (column) => `string_agg(${column}, ',')`,
  numbersIn: (column) => `unnest(string_to_array(${column}, ',')::bigint[]) AS "given"("value")`,
  // It selects once. It has no idea of how many there are, and would go through all of them for each row.
  isAmong: (select) => `= ANY (ARRAY(${select}))`,
  asciiLowerCase: (column) => `lower(${column} COLLATE "C")`,
  runningServer: 'extract(epoch FROM pg_postmaster_start_time())::text',
  // Its statistics tell it how many rows are in which state.
  indexedBy: () => '',
  // No other index can serve a comparison of this index's columns as a row. The second condition tells that the first
  // column is not null, which partial indexes require, and where the value ends.
  indexRange(value, columns, sign, bound) {
    const row = [...(value === null ? [] : [value.column]), ...columns];
    const values = [...(value === null ? [] : [value.parameter]), ...bound];
    const compared = `(${row.join(', ')}) ${sign} (${row.map(() => '?').join(', ')})`;
    if (value === null) return { sql: compared, parameters: values };
    const end = `${value.column} ${sign.startsWith('<') ? '>=' : '<='} ?`;
    return { sql: `${compared} AND ${end}`, parameters: [...values, value.parameter] };
  },
};

/**
 * A statement with numbered parameters, and the name under which each connection prepares it once; '' prepares it anew.
 */
export interface Query {
  readonly name: string;
  readonly text: string;
  readonly values: (string | Buffer | null)[];
}

export const queryOf = ({ sql, parameters }: ReadStatement): Query => queryWith(sql, parameters.map(bindText));

/** As `queryOf`, with values in the form in which they are sent. */
export function queryWith(sql: string, values: Query['values']): Query {
  let named = namedBySql.get(sql);
  if (!named) {
    named = { name: `kubepass_${String(namedBySql.size)}`, text: numbered(sql) };
    namedBySql.set(sql, named);
  }
  return { ...named, values };
}

/** The text with numbered parameters. In the texts of our statements a question mark is always a parameter. */
export function numbered(sql: string): string {
  let parameter = 0;
  return sql.replace(/\?/g, () => `$${String(++parameter)}`);
}

/** It has one entry for each form of an operation, a few dozen: the values of callers are in parameters. */
const namedBySql = new Map<string, { readonly name: string; readonly text: string }>();

/** A command without parameters, such as COMMIT. */
export const commandQuery = (text: string): Query => ({ name: '', text, values: [] });

/** A column's value as it is sent; PostgreSQL reads it as the type of its column. */
export function bindText(value: ColumnValue): string | Buffer | null {
  if (value === null) return null;
  if (typeof value === 'string') return withoutNul(value);
  if (typeof value !== 'object') return String(value);
  if (value instanceof Date) return instantText(value);
  if (value instanceof Uint8Array) return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  return jsonWithoutNul(value);
}

/** The columns are TIMESTAMP without time zone, in UTC. */
const instantText = (instant: Date): string => instant.toISOString().slice(0, -1);

/** A row as JSON text, from which PostgreSQL makes the values of its columns. */
export function jsonText({ columns, parts = {} }: JsonRow): string {
  const members = [
    ...membersOf(columns),
    ...Object.entries(parts).map(([part, own]) => `"${part}":{${membersOf(own).join(',')}}`),
  ];
  return `{${members.join(',')}}`;
}

/** The names of columns need no escapes. */
const membersOf = (columns: Row): string[] =>
  Object.entries(columns).map(([column, value]) => `"${column}":${jsonValue(value)}`);

function jsonValue(value: ColumnValue): string {
  if (value === null) return 'null';
  if (typeof value === 'string') return JSON.stringify(withoutNul(value));
  if (typeof value !== 'object') return String(value);
  if (value instanceof Date) return `"${instantText(value)}"`;
  if (value instanceof Uint8Array) return `"\\\\x${hexText(value)}"`;
  return jsonWithoutNul(value);
}

/**
 * PostgreSQL's text cannot hold U+0000. A name that holds one is refused, and the refusal is recorded: U+FFFD,
 * Unicode's replacement character, stands in its place. The audit log's own text has it as an escape.
 */
const withoutNul = (text: string): string => (text.includes('\0') ? text.replaceAll('\0', '\ufffd') : text);

/** The value as JSON text, its strings without U+0000. */
function jsonWithoutNul(value: object): string {
  const json = JSON.stringify(value);
  if (!json.includes('\\u0000')) return json;
  return JSON.stringify(value, (_, part: unknown) => (typeof part === 'string' ? withoutNul(part) : part));
}

/** The arguments of a call to Prisma, with every text in them free of U+0000. */
export function argumentsWithoutNul<T>(value: T): T {
  if (typeof value === 'string') return withoutNul(value) as T;
  if (Array.isArray(value)) return value.map(argumentsWithoutNul) as T;
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype) return value;
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, argumentsWithoutNul(part)])) as T;
}
