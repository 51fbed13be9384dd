import { quoted, type ColumnValue, type ReadRows } from '../statement.js';

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
}

/** A filter of a list: rows match one of the alternatives, and none of them matches two. */
export type ListFilter = readonly Alternative[];

/** Rows with this value, which an index leads to: it has the column, followed by the columns of the order. */
export interface Alternative {
  readonly column: string;
  readonly value: ColumnValue;
  /** The condition of a partial index, or whatever else must hold. */
  readonly and?: Condition;
  /** Where the column is in another table: that table, and its columns in place of the list's own. */
  readonly through?: { readonly table: string; readonly columns: Readonly<Record<string, string>> };
}

/** `"r"` is the table. */
export interface Condition {
  readonly sql: string;
  readonly parameters: readonly ColumnValue[];
}

/** The filter on one column; none where the value is undefined. */
export const equals = (column: string, value: string | undefined): readonly ListFilter[] =>
  value === undefined ? [] : [[{ column, value }]];

/** The records that a principal requested or collects; all where it is undefined. */
export const isParty = (principal: string | undefined): readonly ListFilter[] =>
  principal === undefined
    ? []
    : [
        [
          { column: 'requesterName', value: principal },
          {
            column: 'collector',
            value: principal,
            and: { sql: '"r"."collector" <> "r"."requesterName"', parameters: [] },
          },
        ],
      ];

/** A part of a list. `"r"` is its table. */
export interface ListPart {
  readonly table: string;
  readonly order: ListOrder;
  readonly filters: readonly ListFilter[];
  /** Further conditions, which no index serves. */
  readonly conditions?: readonly Condition[];
  /** The key before the first one; null: from the beginning. */
  readonly after: ListKey | null;
  /** For an ascending list: the first value of the order's first column that does not belong to it. */
  readonly until?: bigint | Date | undefined;
}

/**
 * The keys of the first rows of a list, at most `take`. They are read along the index of the rarest filter, whatever the
 * statistics of the database say, so a page costs no more than that filter has rows: a list by two filters would otherwise
 * look through a million rows of a common value for the few that have a rare one too.
 */
export async function selectKeys(readRows: ReadRows, part: ListPart, take: number): Promise<readonly ListKey[]> {
  const { filters, order, conditions = [] } = part;
  if (filters.some((filter) => filter.length === 0)) return [];
  const rarest = filters.length > 1 ? await rarestOf(readRows, part) : filters[0];
  if (rarest === undefined) return readAlong(readRows, part, null, conditions, take);
  const others = [...conditions, ...filters.filter((filter) => filter !== rarest).map(matches)];
  const found = await Promise.all(rarest.map((way) => readAlong(readRows, part, way, others, take)));
  return found.length === 1 ? (found[0] ?? []) : found.flat().sort(inOrder(order)).slice(0, take);
}

/** A filter with fewer rows than this is rare, whichever others there are. */
const fewRows = 1000;

/** The filter whose first thousand rows reach furthest, or end before. */
async function rarestOf(readRows: ReadRows, part: ListPart): Promise<ListFilter | undefined> {
  const compare = inOrder(part.order);
  let rarest: { readonly filter: ListFilter; readonly reach: ListKey } | undefined;
  for (const filter of part.filters) {
    const reaches = await Promise.all(filter.map((way) => readAlong(readRows, part, way, [], 1, fewRows - 1)));
    // The most common of the alternatives decides.
    const reach = reaches.flat().sort(compare)[0];
    if (reach === undefined) return filter;
    if (rarest === undefined || compare(reach, rarest.reach) > 0) rarest = { filter, reach };
  }
  return rarest?.filter;
}

/**
 * Reads keys along one index: the one that `way` is about, or else the one of the order. The bounds compare the columns of
 * the index as a row, which no other index can serve.
 */
async function readAlong(
  readRows: ReadRows,
  { table, order, after, until }: ListPart,
  way: Alternative | null,
  others: readonly Condition[],
  take: number,
  skip = 0,
): Promise<readonly ListKey[]> {
  const descending = order.direction === 'descending';
  const [beyond, within] = descending ? ['<', '>='] : ['>', '<='];
  const columnOf = (column: string) =>
    way?.through ? `"t".${quoted(way.through.columns[column] ?? column)}` : `"r".${quoted(column)}`;
  const ordered = order.columns.map(({ name }) => columnOf(name));
  const index = way === null ? ordered : [columnOf(way.column), ...ordered];
  const value = way === null ? [] : [way.value];
  const begin = after ?? order.columns.map((column) => beforeAll(column, descending));
  const where: Condition[] = [
    rowBound(index, beyond, [...value, ...begin]),
    // This alone tells the database that the column is not null, which partial indexes require.
    ...(way === null ? [] : [rowBound(index.slice(0, 1), within, value)]),
    ...(until === undefined ? [] : [rowBound(index.slice(0, value.length + 1), '<', [...value, until])]),
    ...(way?.and ? [way.and] : []),
    ...others,
  ];
  const join = others.length > 0 ? ` JOIN ${quoted(table)} AS "r" ON "r"."n" = ${columnOf('n')}` : '';
  const from = way?.through ? `${quoted(way.through.table)} AS "t"${join}` : `${quoted(table)} AS "r"`;
  const rows = await readRows({
    sql: `SELECT ${order.columns.map(({ name }, i) => `${ordered[i] ?? ''} AS ${quoted(name)}`).join(', ')} FROM ${from}
      WHERE ${where.map(({ sql }) => sql).join(' AND ')}
      ORDER BY ${index.map((column) => `${column} ${descending ? 'DESC' : 'ASC'}`).join(', ')} LIMIT ? OFFSET ?`,
    parameters: [...where.flatMap(({ parameters }) => parameters), take, skip],
  });
  return rows.map((row) =>
    order.columns.map((column) => keyPart(column, (row as Readonly<Record<string, unknown>>)[column.name])),
  );
}

const rowBound = (columns: readonly string[], sign: string, parameters: readonly ColumnValue[]): Condition => ({
  sql: `(${columns.join(', ')}) ${sign} (${parameters.map(() => '?').join(', ')})`,
  parameters,
});

/** Whether a row matches a filter, in a form that no index serves. */
function matches(filter: ListFilter): Condition {
  const ways = filter.map(({ column, value, and, through }): Condition => {
    if (through)
      return {
        sql: `COALESCE((SELECT 1 FROM ${quoted(through.table)} AS "t" WHERE "t".${quoted(column)} = ?
          AND "t".${quoted(through.columns['n'] ?? 'n')} = "r"."n"), 0) = 1`,
        parameters: [value],
      };
    const own = `"r".${quoted(column)}`;
    return {
      sql: `COALESCE(${own}, ${own}) = ?${and ? ` AND ${and.sql}` : ''}`,
      parameters: [value, ...(and?.parameters ?? [])],
    };
  });
  return {
    sql: `(${ways.map(({ sql }) => sql).join(' OR ')})`,
    parameters: ways.flatMap(({ parameters }) => parameters),
  };
}

/** A value that comes before all others of the column in a list, and that both databases can hold. */
function beforeAll({ holds }: OrderColumn, descending: boolean): bigint | Date {
  if (holds === 'instants') return new Date(descending ? '9999-12-31T23:59:59.999Z' : '0001-01-01T00:00:00Z');
  return descending ? highest : -1n;
}

/** The highest number of eight octets. */
export const highest = 2n ** 63n - 1n;

function keyPart({ holds }: OrderColumn, value: unknown): bigint | Date {
  return holds === 'instants' ? new Date(value as number | Date) : BigInt(value as string | number);
}

const inOrder =
  ({ direction }: ListOrder) =>
  (a: ListKey, b: ListKey): number => {
    const i = a.findIndex((part, at) => Number(part) !== Number(b[at]));
    const difference = i < 0 ? 0 : Number(a[i]) - Number(b[i]);
    return direction === 'ascending' ? difference : -difference;
  };
