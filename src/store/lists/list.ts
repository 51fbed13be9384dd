import type { PrismaClient } from '../generated/sqlite/client.js';
import type { Condition, ReadRows, SqlDialect } from '../steps/statement.js';
import { behindPrefix, type ListFilter } from './list-filter.js';

/** The key of a row in the order of a list; the last column makes it unique. */
export type ListKey = readonly (bigint | Date | string)[];

export interface OrderColumn {
  readonly name: string;
  readonly holds: 'numbers' | 'instants' | 'texts';
}

/** The order of a list: by these columns, which stand at the end of each index that the list goes along. */
export interface ListOrder {
  /** A cursor of another list, or of another order, is refused. */
  readonly name: string;
  readonly columns: readonly OrderColumn[];
  readonly direction: 'ascending' | 'descending';
  /** True: they are an index of their own, and stand behind the column of no filter. */
  readonly alone?: true;
}

/** The highest number of eight octets. */
export const highest = 2n ** 63n - 1n;

/** Values that come before all others of the columns in a list, and that both databases can hold. */
export const beforeAll = ({ columns, direction }: ListOrder): ListKey =>
  columns.map(({ holds }) => {
    const descending = direction === 'descending';
    if (holds === 'texts') return descending ? behindAllTexts : '';
    if (holds === 'instants') return new Date(descending ? '9999-12-31T23:59:59.999Z' : '0001-01-01T00:00:00Z');
    return descending ? highest : -1n;
  });

/** No text of a database begins with the last code point, which is no character. */
const behindAllTexts = '\u{10ffff}';

/** The key in a row as a database gives it. */
export const keyOfRow = ({ columns }: ListOrder, row: Readonly<Record<string, unknown>>): ListKey =>
  columns.map(({ name, holds }) => {
    const value = row[name];
    if (holds === 'texts') return value as string;
    return holds === 'instants' ? new Date(value as number | Date) : BigInt(value as string | number);
  });

/** Compares two keys as the list orders them, for sorting. */
export const inOrder =
  ({ direction }: ListOrder) =>
  (a: ListKey, b: ListKey): number => {
    let difference = 0;
    for (let i = 0; difference === 0 && i < a.length; i++) difference = compareParts(a[i], b[i]);
    return direction === 'ascending' ? difference : -difference;
  };

/** Both databases compare texts by their octets in UTF-8, JavaScript by code units. */
export const compareParts = (a: ListKey[number] | undefined, b: ListKey[number] | undefined): number =>
  typeof a === 'string' && typeof b === 'string'
    ? Buffer.compare(Buffer.from(a), Buffer.from(b))
    : Number(a) - Number(b);

/** How keys are read: with SQL, in the form that leads the database along one index. */
export interface KeyReads {
  readonly readRows: ReadRows;
  readonly dialect: SqlDialect;
}

/** The two ways to read a database: through Prisma, and with our own statements. */
export interface Reads extends KeyReads {
  readonly prisma: PrismaClient;
}

/** A part of a list. `"r"` is its table. */
export interface ListPart {
  readonly table: string;
  readonly order: ListOrder;
  readonly filters: readonly ListFilter[];
  /** Whatever else must hold for a row `"r"`; no index serves it. */
  readonly conditions?: readonly Condition[];
  /** The key before the first one; null: from the beginning. */
  readonly after: ListKey | null;
  /** For an ascending list: the first value of the order's first column that does not belong to it. */
  readonly until?: ListKey[number] | undefined;
}

/** By username, and of one username in the order of recording. `list` names the list. */
export const byUsername = (list: string): ListOrder => ({
  name: `${list}/username`,
  columns: [
    { name: 'username', holds: 'texts' },
    { name: 'n', holds: 'numbers' },
  ],
  direction: 'ascending',
  alone: true,
});

/** The range of such a list with the usernames that begin with the prefix, behind the key `after`. */
export function usernamesWith(prefix: string, after: ListKey | null): Pick<ListPart, 'after' | 'until'> {
  // A cursor may be from a list with another prefix.
  const isWithin = after !== null && compareParts(after[0], prefix) >= 0;
  return { after: isWithin ? after : [prefix, -1n], until: behindPrefix(prefix) };
}

/** The newest first, and of one instant by id. `list` names the list. */
export const byCreation = (list: string): ListOrder => ({
  name: `${list}/newest`,
  columns: [
    { name: 'createdAt', holds: 'instants' },
    { name: 'id', holds: 'texts' },
  ],
  direction: 'descending',
});

/** The rows behind a key of such a list (null: all), for Prisma. */
export function olderThan(after: ListKey | null) {
  if (after === null) return {};
  const [createdAt, id] = after as readonly [Date, string];
  // Rows beyond a pair of values take two conditions; the first one lets the database enter the index at the cursor.
  return { createdAt: { lte: createdAt }, OR: [{ createdAt: { lt: createdAt } }, { id: { lt: id } }] };
}
