import { quoted, type Condition } from '../steps/statement.js';
import { matches, rowsOf, sameRow, type Alternative, type IndexAlternative, type ListFilter } from './list-filter.js';
import {
  beforeAll,
  compareParts,
  inOrder,
  keyOfRow,
  type KeyReads,
  type ListKey,
  type ListOrder,
  type ListPart,
} from './list.js';

/*
 * The lists of the service promise that a page takes milliseconds at a million rows, whichever filters are combined. A
 * database does not keep this promise by itself. Its planner guesses from statistics which index is best, and a guess
 * that is wrong reads a million rows. A page that looks through a million rows for the one that matches is as slow,
 * with the best of plans. Two tricks keep the promise.
 *
 * **Bounded reads.** The index of a filter has the column of the filter and then the columns of the list's order
 * (`prisma/` declares them), so its rows lie side by side in the order of the list. A page is read along one such
 * index, from the key behind which it begins, and ends after `limit` rows. With two filters, rows along the index of
 * the first one may all fail the second one. So the rarest filter is looked for first: one with fewer than 1,000 rows
 * left is read to its end. If there is no rare one, 1,000 rows are examined, and the page may end with fewer rows than
 * asked for, or with none; its cursor goes on behind the last row that was examined. So a caller who follows cursors
 * still sees every row, and each call ends in time.
 *
 * To find out whether a filter has 1,000 rows left costs one read: `LIMIT 1 OFFSET 999` along its index answers the key
 * of the thousandth row, or nothing. Between two common filters, the one whose thousandth row lies further on in the
 * list is the rarer one. The examination ends at that key (`nearestReach`), because 1,000 rows of the rarer filter lie
 * before it.
 *
 * **Defeated indexes.** The planner must use the index that was chosen here and no other, in two databases, without
 * hints that only one of them has. So conditions are written in two ways. The condition of the chosen filter has a form
 * that only its index can serve: `indexRange` compares the columns of that index as a row. Every other condition has a
 * form that no index can serve: `COALESCE(column, column) = ?` has the same rows as `column = ?`, and the planner does
 * not see through it (`matches`).
 *
 * A filter by the beginning of a text has an index, but in the order of the texts and not of the list. It is used only
 * where few rows match: then all of them are read and sorted here (`sortedKeys`). Else it is compared row by row.
 *
 * `list.ts` has the words (order, key, part), `list-filter.ts` the filters and both forms of their conditions,
 * `read-page.ts` the pages and cursors. The tables say which columns there are. `npm run bench:million` measures the
 * promise, and `test/unit/store/indexes.test.ts` looks at the plans.
 */

/** Keys in the order of the list. */
export interface KeysInOrder {
  readonly keys: readonly ListKey[];
  /**
   * Where there are fewer than asked for although more may follow: the key behind which to look for them; else null.
   */
  readonly goesOnBehind: ListKey | null;
}

/**
 * A filter with fewer rows than this is rare, whichever others there are. Where none is rare, so many rows are examined
 * for a page.
 */
const fewRows = 1000;

/** The indexes to read along: those of a filter's alternatives, or (null) the one of the order. */
type Ways = readonly (IndexAlternative | null)[];
const alongOrder: Ways = [null];

/**
 * The keys of the first rows of a list, at most `take`. They are read along the index of the rarest filter, whatever
 * the statistics of the database say: a list by two filters would otherwise look through a million rows of a common
 * value for the few that have a rare one too. Where no filter is rare, 1,000 rows are examined, and then the page ends.
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

/** Whether one of the filters has fewer rows left than a page may examine. */
export const hasRareFilter = async (reads: KeyReads, part: ListPart): Promise<boolean> =>
  part.filters.some((filter) => filter.length === 0) || (await rarestOf(reads, part)).isRare;

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

/** A filter that is rare, or else the filter whose first thousand rows reach furthest. */
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

/** The key of the last of so many rows, of the alternative that reaches least far; null where each has fewer. */
async function nearestReach(reads: KeyReads, part: ListPart, ways: Ways, rows: number): Promise<ListKey | null> {
  const reaches = await Promise.all(ways.map((way) => readAlong(reads, part, way, [], 1, { skip: rows - 1 })));
  return reaches.flat().sort(inOrder(part.order))[0] ?? null;
}

/**
 * Reads keys along one index: the index that `way` names, or else the index of the order. `end`: the last key to read.
 */
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
  const join = through && others.length > 0 ? ` JOIN ${quoted(table)} AS "r" ON ${sameRow(through)}` : '';
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

/** Whether fewer than so many rows match each alternative of a filter, wherever they are in the list. */
async function hasFew(reads: KeyReads, { table }: ListPart, filter: ListFilter, rows: number): Promise<boolean> {
  const found = await Promise.all(
    filter.map((way) => {
      const { from, where } = rowsOf(table, way, reads.dialect);
      const { sql, parameters } = where;
      return reads.readRows({
        sql: `SELECT 1 FROM ${from} WHERE ${sql} LIMIT 1 OFFSET ?`,
        parameters: [...parameters, rows - 1],
      });
    }),
  );
  return found.every(({ length }) => length === 0);
}

/**
 * The keys of a part of a list, for a filter that few rows match: where no index has them in the order of the list, all
 * of them are read and sorted here.
 */
async function sortedKeys(
  reads: KeyReads,
  part: ListPart,
  filter: ListFilter,
  others: readonly Condition[],
): Promise<readonly ListKey[]> {
  const { order, after, until } = part;
  const compare = inOrder(order);
  const found = await Promise.all(filter.map((way) => readAll(reads, part, way, others)));
  return found
    .flat()
    .filter((key) => after === null || compare(key, after) > 0)
    .filter(([first]) => until === undefined || compareParts(first, until) < 0)
    .sort(compare);
}

async function readAll(
  { readRows, dialect }: KeyReads,
  { table, order }: ListPart,
  way: Alternative,
  others: readonly Condition[],
): Promise<readonly ListKey[]> {
  const { from, where } = rowsOf(table, way, dialect);
  const rows = await readRows({
    sql: `SELECT ${order.columns.map(({ name }) => `"r".${quoted(name)}`).join(', ')} FROM ${from}
      WHERE ${[where, ...others].map(({ sql }) => sql).join(' AND ')}`,
    parameters: [where, ...others].flatMap(({ parameters }) => parameters),
  });
  return rows.map((row) => keyOfRow(order, row as Readonly<Record<string, unknown>>));
}
