import { InvalidCursorError } from '../../model/errors.js';
import type { Page, PageQuery } from '../../model/page.js';

/**
 * A keyset: the values by which a list is ordered, the last of them unique, as text. A cursor names the list's order
 * and the key of the last row read, so that rows which come and go elsewhere move nothing.
 */
export interface Keyset<Row> {
  /** Names list and order: a cursor goes on only where it began. */
  readonly order: string;
  keyOf(row: Row): readonly string[];
}

/** Reads one row more than asked for, to know whether anything follows. Throws `InvalidCursorError`. */
export async function readPage<Row, T>(
  query: PageQuery,
  keyset: Keyset<Row>,
  read: (after: readonly string[] | null, take: number) => Promise<readonly Row[]>,
  modelOf: (row: Row) => T,
): Promise<Page<T>> {
  const after = query.cursor === null ? null : decodeCursor(query.cursor, keyset.order);
  const rows = await read(after, query.limit + 1);
  const page = rows.slice(0, query.limit);
  const last = page.at(-1);
  const more = rows.length > query.limit && last !== undefined;
  return { items: page.map(modelOf), nextCursor: more ? encodeCursor(keyset.order, keyset.keyOf(last)) : null };
}

/** How much of a list is looked through for one page. */
export interface ScanBounds {
  readonly atOnce: number;
  readonly atMost: number;
}

/**
 * As `readPage`, of the rows that are wanted only. Looks at no more than `atMost` of them: where that ends it before the
 * page is full the page is shorter, and its cursor goes on behind the last row that was looked at.
 */
export async function scanPage<Row, T>(
  query: PageQuery,
  keyset: Keyset<Row>,
  { atOnce, atMost }: ScanBounds,
  read: (after: readonly string[] | null, take: number) => Promise<readonly Row[]>,
  wantedOf: (row: Row) => T | null,
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

/** An instant that came in a cursor. Throws `InvalidCursorError`. */
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
  // Buffer skips what is not base64url; only what it would write itself is a cursor.
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
