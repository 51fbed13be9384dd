import type pg from 'pg';
import type { ColumnValue, Selection, SqlDialect } from '../statement.js';

export const postgresqlDialect: SqlDialect = {
  jsonArrayLength: (column) => `jsonb_array_length(${column})`,
  jsonArrayHolds: (column) => `${column} @> to_jsonb(?::text)`,
  // Its statistics tell it how many rows are in which state.
  indexedBy: () => '',
};

export type Query = string | pg.QueryConfig;
export type Reply = PromiseSettledResult<pg.QueryResult>;

/** A statement in the form of `pg`: with numbered parameters, and a name under which each connection prepares it once. */
export function queryOf({ sql, parameters }: Selection): pg.QueryConfig {
  let named = namedBySql.get(sql);
  if (!named) {
    let parameter = 0;
    // In the texts of our statements a question mark is always a parameter.
    const text = sql.replace(/\?/g, () => `$${String(++parameter)}`);
    named = { name: `kubepass_${String(namedBySql.size)}`, text };
    namedBySql.set(sql, named);
  }
  return { ...named, values: parameters.map(bind) };
}

/** It has one entry for each form of an operation, a few dozen: the values of callers are in parameters. */
const namedBySql = new Map<string, { readonly name: string; readonly text: string }>();

/** A column's value as it is sent; PostgreSQL reads it as the type of its column. */
function bind(value: ColumnValue): unknown {
  // The columns are TIMESTAMP without time zone, in UTC.
  if (value instanceof Date) return value.toISOString().slice(0, -1);
  if (value instanceof Uint8Array) return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  if (typeof value === 'object' && value !== null) return jsonWithoutNul(value);
  return typeof value === 'string' ? withoutNul(value) : value;
}

/**
 * PostgreSQL's text cannot hold U+0000. A name that holds one is refused, and the refusal is recorded: U+FFFD, Unicode's
 * replacement character, stands in its place. The audit log's own text has it as an escape.
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

/** How long PostgreSQL may take to answer everything that was sent at once; then the connection is given up. */
const answerMilliseconds = 30_000;

/**
 * Sends all queries before the first is answered, and answers the reply to each, in order: one round trip. Within a
 * transaction, every query behind one that failed fails too (SQLSTATE 25P02), so the first failure is the real one. The
 * client must be in pipeline mode.
 */
export async function pipeline(client: pg.Client, queries: readonly Query[]): Promise<readonly Reply[]> {
  const late = setTimeout(() => {
    client.connection.stream.destroy();
  }, answerMilliseconds);
  try {
    return await Promise.allSettled(queries.map((query) => client.query(query)));
  } finally {
    clearTimeout(late);
  }
}

/** The result in a reply. Throws the error of a query that failed. */
export function resultOf(reply: Reply | undefined): pg.QueryResult {
  if (reply?.status === 'fulfilled') return reply.value;
  throw reply === undefined ? new Error('a query was not answered') : reply.reason;
}
