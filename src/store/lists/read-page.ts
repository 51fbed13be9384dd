import { InvalidCursorError } from '../../model/errors.js';
import type { Page, PageQuery } from '../../model/outcome.js';
import type { ListKey, ListOrder, OrderColumn } from './list.js';

/** A record with the key of its row. */
export interface Keyed<T> {
  readonly key: ListKey;
  readonly item: T;
}

/** Records in the order of a list. */
export interface FoundRecords<T> {
  readonly records: readonly Keyed<T>[];
  /** See `KeysInOrder`; default: null. */
  readonly goesOnBehind?: ListKey | null;
}

/**
 * Reads one row more than asked for, in order to know whether anything follows. A cursor names the list's order and the
 * key of the last row of its page, so rows that are added or removed elsewhere do not move the next page. Throws
 * `InvalidCursorError`.
 */
export async function readPage<T>(
  query: PageQuery,
  order: ListOrder,
  read: (after: ListKey | null, take: number) => Promise<FoundRecords<T>>,
): Promise<Page<T>> {
  const { records, goesOnBehind = null } = await read(keyIn(query.cursor, order), query.limit + 1);
  const page = records.slice(0, query.limit);
  const last = page.at(-1);
  const end = records.length > query.limit && last !== undefined ? last.key : goesOnBehind;
  return { items: page.map(({ item }) => item), nextCursor: end && cursorOf(order, end) };
}

/** How many rows of a list are examined for one page. */
interface ScanBounds {
  readonly atOnce: number;
  readonly atMost: number;
}

/**
 * As `readPage`, for the rows that are wanted. It examines at most `atMost` rows: a page that is not full by then is
 * shorter, and its cursor continues behind the last row that was examined.
 */
export async function scanPage<T>(
  query: PageQuery,
  order: ListOrder,
  { atOnce, atMost }: ScanBounds,
  read: (after: ListKey | null, take: number) => Promise<FoundRecords<T>>,
  isWanted: (item: T) => boolean | Promise<boolean>,
): Promise<Page<T>> {
  const items: T[] = [];
  let after = keyIn(query.cursor, order);
  for (let seen = 0; seen < atMost; seen += atOnce) {
    const { records, goesOnBehind = null } = await read(after, atOnce);
    for (const { key, item } of records) {
      const wanted = await isWanted(item);
      if (wanted && items.length === query.limit) return { items, nextCursor: after && cursorOf(order, after) };
      if (wanted) items.push(item);
      after = key;
    }
    if (records.length < atOnce) return { items, nextCursor: goesOnBehind && cursorOf(order, goesOnBehind) };
  }
  return { items, nextCursor: after && cursorOf(order, after) };
}

/** The keys of rows that have nothing but a number, as `ReadRows` answers them. */
export const keysOf = (rows: readonly unknown[]): readonly ListKey[] =>
  rows.map((row) => [BigInt((row as { readonly n: number | string }).n)]);

/** The numbers of the rows with these keys. */
export const numbersIn = (keys: readonly ListKey[]): bigint[] => keys.map((key) => key.at(-1) as bigint);

/** The records of rows in the order of their keys, which end with the number. A row that is gone is left out. */
export function inOrderOf<Row extends { readonly n: bigint }, T>(
  keys: readonly ListKey[],
  rows: readonly Row[],
  recordOf: (row: Row) => T,
): readonly Keyed<T>[] {
  const byNumber = new Map(rows.map((row) => [row.n, row]));
  return keys.flatMap((key) => {
    const row = byNumber.get(key.at(-1) as bigint);
    return row ? [{ key, item: recordOf(row) }] : [];
  });
}

/** Databases limit how many parameters a statement may have. */
const keysAtOnce = 500;

/** Reads the rows that belong to any of `keys`, a batch of keys at a time. */
export async function inBatches<PrismaRow>(
  keys: readonly string[],
  read: (batch: string[]) => Promise<readonly PrismaRow[]>,
): Promise<readonly PrismaRow[]> {
  const rows: PrismaRow[] = [];
  for (let start = 0; start < keys.length; start += keysAtOnce)
    rows.push(...(await read(keys.slice(start, start + keysAtOnce))));
  return rows;
}

/** The cursor of a page that ends with this key. */
export function cursorOf({ name }: ListOrder, key: ListKey): string {
  const texts = key.map((part) => (part instanceof Date ? part.toISOString() : String(part)));
  return Buffer.from(JSON.stringify([name, ...texts]), 'utf8').toString('base64url');
}

/** Whether a cursor is of this order. Only the name of the order is compared. */
export const isOf = (cursor: string | null, { name }: ListOrder): boolean =>
  cursor !== null &&
  Buffer.from(cursor, 'base64url')
    .toString('utf8')
    .startsWith(`[${JSON.stringify(name)},`);

/** The key that a cursor names; null where there is no cursor. Throws `InvalidCursorError`. */
export function keyIn(cursor: string | null, { name, columns }: ListOrder): ListKey | null {
  if (cursor === null) return null;
  const bytes = Buffer.from(cursor, 'base64url');
  // Buffer skips characters that are not base64url, so only the form that it would write itself is a cursor.
  if (bytes.toString('base64url') !== cursor) throw invalidCursor();
  const [order, ...texts] = textsIn(bytes.toString('utf8'));
  if (order !== name || texts.length !== columns.length) throw invalidCursor();
  return columns.map((column, i) => keyPartIn(column, texts[i] ?? ''));
}

function keyPartIn({ holds }: OrderColumn, text: string): ListKey[number] {
  if (holds === 'texts') return text;
  if (holds === 'numbers') {
    if (!/^\d{1,15}$/.test(text)) throw invalidCursor();
    return BigInt(text);
  }
  const instant = new Date(text);
  if (Number.isNaN(instant.getTime())) throw invalidCursor();
  return instant;
}

const invalidCursor = (): InvalidCursorError => new InvalidCursorError('the cursor is not one of this list');

function textsIn(json: string): readonly string[] {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    throw invalidCursor();
  }
  if (!Array.isArray(value) || !value.every((item) => typeof item === 'string')) throw invalidCursor();
  return value;
}
