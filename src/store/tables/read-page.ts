import { InvalidCursorError } from '../../model/errors.js';
import type { Page, PageQuery } from '../../model/page.js';

/**
 * A keyset: the values, as text, by which a list is ordered; the last of them is unique. A cursor names the list's order
 * and the key of the last row of its page, so rows that are added or removed elsewhere do not move the next page.
 */
export interface Keyset<PrismaRow> {
  /** Names list and order: a cursor of another list, or of another order, is refused. */
  readonly order: string;
  keyOf(row: PrismaRow): readonly string[];
}

/** Reads one row more than asked for, in order to know whether anything follows. Throws `InvalidCursorError`. */
export async function readPage<PrismaRow, T>(
  query: PageQuery,
  keyset: Keyset<PrismaRow>,
  read: (after: readonly string[] | null, take: number) => Promise<readonly PrismaRow[]>,
  modelOf: (row: PrismaRow) => T,
): Promise<Page<T>> {
  const after = query.cursor === null ? null : decodeCursor(query.cursor, keyset.order);
  const rows = await read(after, query.limit + 1);
  const page = rows.slice(0, query.limit);
  const last = page.at(-1);
  const more = rows.length > query.limit && last !== undefined;
  return { items: page.map(modelOf), nextCursor: more ? encodeCursor(keyset.order, keyset.keyOf(last)) : null };
}

/** How many rows of a list are examined for one page. */
export interface ScanBounds {
  readonly atOnce: number;
  readonly atMost: number;
}

/**
 * As `readPage`, for the rows for which `wantedOf` is not null. It examines at most `atMost` rows: a page that is not full
 * by then is shorter, and its cursor continues behind the last row that was examined.
 */
export async function scanPage<PrismaRow, T>(
  query: PageQuery,
  keyset: Keyset<PrismaRow>,
  { atOnce, atMost }: ScanBounds,
  read: (after: readonly string[] | null, take: number) => Promise<readonly PrismaRow[]>,
  wantedOf: (row: PrismaRow) => T | null,
): Promise<Page<T>> {
  const items: T[] = [];
  let after = query.cursor === null ? null : decodeCursor(query.cursor, keyset.order);
  let cursor: string | null = null;
  for (let seen = 0; seen < atMost; seen += atOnce) {
    const rows = await read(after, atOnce);
    for (const row of rows) {
      const wanted = wantedOf(row);
      if (wanted !== null && items.length === query.limit) return { items, nextCursor: cursor };
      if (wanted !== null) items.push(wanted);
      after = keyset.keyOf(row);
      cursor = encodeCursor(keyset.order, after);
    }
    if (rows.length < atOnce) return { items, nextCursor: null };
  }
  return { items, nextCursor: cursor };
}

/** The two principals who may see a record without a role: the requester and the collector. */
export type PartyWhere = { readonly requesterName: string } | { readonly collector: string };

/**
 * Reads the records that `principal` requested or collects, in the order of their keys; all records where it is undefined.
 * The two parties are read one after the other, each along its own index, and merged: for an OR over both, the database
 * would sort all matching rows for every page.
 */
export async function readVisible<PrismaRow>(
  principal: string | undefined,
  keyOf: Keyset<PrismaRow>['keyOf'],
  take: number,
  order: 'ascending' | 'descending',
  read: (party: PartyWhere | Record<string, never>) => Promise<readonly PrismaRow[]>,
): Promise<readonly PrismaRow[]> {
  if (principal === undefined) return read({});
  const rows = [...(await read({ requesterName: principal })), ...(await read({ collector: principal }))];
  // Keys are ids, hashes and RFC 3339 instants: ASCII, of one length each, so they compare as the database compares them.
  const byKey = new Map(rows.map((row) => [keyOf(row).join(' '), row]));
  return [...byKey]
    .sort(([a], [b]) => (a < b === (order === 'ascending') ? -1 : 1))
    .slice(0, take)
    .map(([, row]) => row);
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

/** Reads an instant from a cursor. Throws `InvalidCursorError`. */
export function instantInCursor(text: string | undefined): Date {
  const instant = new Date(text ?? '');
  if (Number.isNaN(instant.getTime())) throw invalidCursor();
  return instant;
}

export const invalidCursor = (): InvalidCursorError => new InvalidCursorError('the cursor is not one of this list');

function encodeCursor(order: string, key: readonly string[]): string {
  return Buffer.from(JSON.stringify([order, ...key]), 'utf8').toString('base64url');
}

function decodeCursor(cursor: string, order: string): readonly string[] {
  const bytes = Buffer.from(cursor, 'base64url');
  // Buffer skips characters that are not base64url, so only the form that it would write itself is a cursor.
  if (bytes.toString('base64url') !== cursor) throw invalidCursor();
  const [cursorOrder, ...key] = textsIn(bytes.toString('utf8'));
  if (cursorOrder !== order) throw invalidCursor();
  return key;
}

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
