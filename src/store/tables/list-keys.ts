import { quoted, type ColumnValue, type Condition, type ReadRows, type SqlDialect } from '../statement.js';

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

/** A filter of a list: a row matches one of the alternatives, and never two. Without alternatives, no row matches. */
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

/** How keys are read: with SQL, in the form that leads the database along one index. */
export interface KeyReads {
  readonly readRows: ReadRows;
  readonly dialect: SqlDialect;
}

/** A part of a list. `"r"` is its table. */
export interface ListPart {
  readonly table: string;
  readonly order: ListOrder;
  readonly filters: readonly ListFilter[];
  /** The key before the first one; null: from the beginning. */
  readonly after: ListKey | null;
  /** For an ascending list: the first value of the order's first column that does not belong to it. */
  readonly until?: bigint | Date | undefined;
}

/** Keys in the order of the list. */
export interface FoundKeys {
  readonly keys: readonly ListKey[];
  /** Where there are fewer than asked for although more may follow: the key behind which to look for them; else null. */
  readonly goesOnBehind: ListKey | null;
}

/** A filter with fewer rows than this is rare, whichever others there are. */
const fewRows = 1000;
/** How many rows of a filter are examined for one page. */
const examinedAtMost = 2500;

/**
 * The keys of the first rows of a list, at most `take`. They are read along the index of the rarest filter, whatever the
 * statistics of the database say: a list by two filters would otherwise look through a million rows of a common value for
 * the few that have a rare one too. Where no filter is rare, 2,500 rows are examined, and then the page ends.
 */
export async function selectKeys(reads: KeyReads, part: ListPart, take: number): Promise<FoundKeys> {
  const { filters, order } = part;
  if (filters.some((filter) => filter.length === 0)) return { keys: [], goesOnBehind: null };
  const compare = inOrder(order);
  if (filters.length < 2) {
    const ways = filters[0] ?? [null];
    const found = await Promise.all(ways.map((way) => readAlong(reads, part, way, [], take)));
    return { keys: firstOf(found, compare, take), goesOnBehind: null };
  }
  const [rarest, isRare] = await rarestOf(reads, part);
  const end = isRare ? null : await nearestReach(reads, part, rarest, examinedAtMost);
  const others = filters.filter((filter) => filter !== rarest).map(matches);
  const found = await Promise.all(rarest.map((way) => readAlong(reads, part, way, others, take, { end })));
  const keys = firstOf(found, compare, take);
  return { keys, goesOnBehind: keys.length < take ? end : null };
}

const firstOf = (
  found: readonly (readonly ListKey[])[],
  compare: (a: ListKey, b: ListKey) => number,
  take: number,
): readonly ListKey[] => (found.length === 1 ? (found[0] ?? []) : found.flat().sort(compare).slice(0, take));

/** The filter whose first thousand rows reach furthest, and whether it has fewer. */
async function rarestOf(reads: KeyReads, part: ListPart): Promise<readonly [ListFilter, boolean]> {
  const compare = inOrder(part.order);
  let rarest: { readonly filter: ListFilter; readonly reach: ListKey } | undefined;
  for (const filter of part.filters) {
    const reach = await nearestReach(reads, part, filter, fewRows);
    if (reach === null) return [filter, true];
    if (rarest === undefined || compare(reach, rarest.reach) > 0) rarest = { filter, reach };
  }
  return [rarest?.filter ?? [], false];
}

/** The key of the last of so many rows, of the alternative that reaches least far; null where none has so many. */
async function nearestReach(
  reads: KeyReads,
  part: ListPart,
  filter: ListFilter,
  rows: number,
): Promise<ListKey | null> {
  const reaches = await Promise.all(filter.map((way) => readAlong(reads, part, way, [], 1, { skip: rows - 1 })));
  return reaches.flat().sort(inOrder(part.order))[0] ?? null;
}

/** Reads keys along one index: the one that `way` is about, or else the one of the order. `end`: the last key to read. */
async function readAlong(
  { readRows, dialect }: KeyReads,
  { table, order, after, until }: ListPart,
  way: Alternative | null,
  others: readonly Condition[],
  take: number,
  { skip = 0, end = null }: { readonly skip?: number; readonly end?: ListKey | null } = {},
): Promise<readonly ListKey[]> {
  const descending = order.direction === 'descending';
  const columnOf = (column: string) =>
    way?.through ? `"t".${quoted(way.through.columns[column] ?? column)}` : `"r".${quoted(column)}`;
  const ordered = order.columns.map(({ name }) => columnOf(name));
  const value = way === null ? null : { column: columnOf(way.column), parameter: way.value };
  const begin = after ?? order.columns.map((column) => beforeAll(column, descending));
  const where: readonly Condition[] = [
    dialect.indexRange(value, ordered, descending ? '<' : '>', begin),
    ...(end === null ? [] : [dialect.indexRange(value, ordered, descending ? '>=' : '<=', end)]),
    ...(until === undefined ? [] : [dialect.indexRange(value, ordered.slice(0, 1), '<', [until])]),
    ...(way?.and ? [way.and] : []),
    ...others,
  ];
  const join = others.length > 0 ? ` JOIN ${quoted(table)} AS "r" ON "r"."n" = ${columnOf('n')}` : '';
  const from = way?.through ? `${quoted(way.through.table)} AS "t"${join}` : `${quoted(table)} AS "r"`;
  const sorted = [...(value === null ? [] : [value.column]), ...ordered];
  const rows = await readRows({
    sql: `SELECT ${order.columns.map(({ name }, i) => `${ordered[i] ?? ''} AS ${quoted(name)}`).join(', ')} FROM ${from}
      WHERE ${where.map(({ sql }) => sql).join(' AND ')}
      ORDER BY ${sorted.map((column) => `${column} ${descending ? 'DESC' : 'ASC'}`).join(', ')} LIMIT ? OFFSET ?`,
    parameters: [...where.flatMap(({ parameters }) => parameters), take, skip],
  });
  return rows.map((row) =>
    order.columns.map((column) => keyPart(column, (row as Readonly<Record<string, unknown>>)[column.name])),
  );
}

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
