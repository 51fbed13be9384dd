import { quoted, type Condition } from '../statement.js';
import { hasFew, sortedKeys } from './few-keys.js';
import { matches, type IndexAlternative, type ListFilter } from './list-filter.js';
import { beforeAll, inOrder, keyOfRow, type ListKey, type ListOrder } from './list-order.js';
import type { KeyReads, ListPart } from './list-part.js';

/** Keys in the order of the list. */
export interface KeysInOrder {
  readonly keys: readonly ListKey[];
  /** Where there are fewer than asked for although more may follow: the key behind which to look for them; else null. */
  readonly goesOnBehind: ListKey | null;
}

/** A filter with fewer rows than this is rare, whichever others there are. Where none is rare, so many rows are examined for a page. */
const fewRows = 1000;

/** The indexes to read along: those of a filter's alternatives, or (null) the one of the order. */
type Ways = readonly (IndexAlternative | null)[];
const alongOrder: Ways = [null];

/**
 * The keys of the first rows of a list, at most `take`. They are read along the index of the rarest filter, whatever the
 * statistics of the database say: a list by two filters would otherwise look through a million rows of a common value for
 * the few that have a rare one too. Where no filter is rare, 1,000 rows are examined, and then the page ends.
 */
export async function selectKeys(reads: KeyReads, part: ListPart, take: number): Promise<KeysInOrder> {
  const { filters, order, conditions = [] } = part;
  if (filters.some((filter) => filter.length === 0)) return { keys: [], goesOnBehind: null };
  const compare = inOrder(order);
  const only = filters.length === 0 ? alongOrder : filters.length === 1 ? waysOf(filters[0] ?? [], order) : null;
  if (only && conditions.length === 0) {
    const found = await Promise.all(only.map((way) => readAlong(reads, part, way, [], take)));
    return { keys: firstOf(found, compare, take), goesOnBehind: null };
  }
  const { filter, ways, isRare } = await rarestOf(reads, part);
  const others = [...filters.filter((other) => other !== filter).map(matches), ...conditions];
  if (filter !== null && ways === null)
    return { keys: (await sortedKeys(reads, part, filter, others)).slice(0, take), goesOnBehind: null };
  const along = ways ?? alongOrder;
  const end = isRare ? null : await nearestReach(reads, part, along, fewRows);
  const found = await Promise.all(along.map((way) => readAlong(reads, part, way, others, take, { end })));
  const keys = firstOf(found, compare, take);
  return { keys, goesOnBehind: keys.length < take ? end : null };
}

/** The ways of a filter whose indexes have the order of the list; null for another one. */
const waysOf = (filter: ListFilter, { alone }: ListOrder): Ways | null =>
  alone || filter.some((way) => 'prefix' in way) ? null : (filter as readonly IndexAlternative[]);

const firstOf = (
  found: readonly (readonly ListKey[])[],
  compare: (a: ListKey, b: ListKey) => number,
  take: number,
): readonly ListKey[] => (found.length === 1 ? (found[0] ?? []) : found.flat().sort(compare).slice(0, take));

interface Rarest {
  /** Null: the list is read along its order, and every filter is compared row by row. */
  readonly filter: ListFilter | null;
  /** Null where no index of the filter has the order of the list. */
  readonly ways: Ways | null;
  readonly isRare: boolean;
}

/** A filter that is rare, or else the one whose first thousand rows reach furthest. */
async function rarestOf(reads: KeyReads, part: ListPart): Promise<Rarest> {
  const compare = inOrder(part.order);
  let rarest: { readonly found: Rarest; readonly reach: ListKey } | undefined;
  for (const filter of part.filters) {
    const ways = waysOf(filter, part.order);
    if (ways === null) {
      if (await hasFew(reads, part, filter, fewRows)) return { filter, ways, isRare: true };
      continue;
    }
    const reach = await nearestReach(reads, part, ways, fewRows);
    if (reach === null) return { filter, ways, isRare: true };
    if (rarest === undefined || compare(reach, rarest.reach) > 0)
      rarest = { found: { filter, ways, isRare: false }, reach };
  }
  return rarest?.found ?? { filter: null, ways: null, isRare: false };
}

/** The key of the last of so many rows, of the alternative that reaches least far; null where none has so many. */
async function nearestReach(reads: KeyReads, part: ListPart, ways: Ways, rows: number): Promise<ListKey | null> {
  const reaches = await Promise.all(ways.map((way) => readAlong(reads, part, way, [], 1, { skip: rows - 1 })));
  return reaches.flat().sort(inOrder(part.order))[0] ?? null;
}

/** Reads keys along one index: the one that `way` is about, or else the one of the order. `end`: the last key to read. */
async function readAlong(
  { readRows, dialect }: KeyReads,
  { table, order, after, until }: ListPart,
  way: IndexAlternative | null,
  others: readonly Condition[],
  take: number,
  { skip = 0, end = null }: { readonly skip?: number; readonly end?: ListKey | null } = {},
): Promise<readonly ListKey[]> {
  const descending = order.direction === 'descending';
  const through = way === null ? undefined : 'of' in way ? way.of : way.through;
  const columnOf = (column: string) =>
    through ? `"t".${quoted(through.columns[column] ?? column)}` : `"r".${quoted(column)}`;
  const ordered = order.columns.map(({ name }) => columnOf(name));
  const value = way === null || 'of' in way ? null : { column: columnOf(way.column), parameter: way.value };
  const where: readonly Condition[] = [
    dialect.indexRange(value, ordered, descending ? '<' : '>', after ?? beforeAll(order)),
    ...(end === null ? [] : [dialect.indexRange(value, ordered, descending ? '>=' : '<=', end)]),
    ...(until === undefined ? [] : [dialect.indexRange(value, ordered.slice(0, 1), '<', [until])]),
    ...(way?.and ? [way.and] : []),
    ...others,
  ];
  const join = others.length > 0 ? ` JOIN ${quoted(table)} AS "r" ON "r"."n" = ${columnOf('n')}` : '';
  const from = through ? `${quoted(through.table)} AS "t"${join}` : `${quoted(table)} AS "r"`;
  const sorted = [...(value === null ? [] : [value.column]), ...ordered];
  const rows = await readRows({
    sql: `SELECT ${order.columns.map(({ name }, i) => `${ordered[i] ?? ''} AS ${quoted(name)}`).join(', ')} FROM ${from}
      WHERE ${where.map(({ sql }) => sql).join(' AND ')}
      ORDER BY ${sorted.map((column) => `${column} ${descending ? 'DESC' : 'ASC'}`).join(', ')} LIMIT ? OFFSET ?`,
    parameters: [...where.flatMap(({ parameters }) => parameters), take, skip],
  });
  return rows.map((row) => keyOfRow(order, row as Readonly<Record<string, unknown>>));
}
