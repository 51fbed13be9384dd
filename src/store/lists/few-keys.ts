import { quoted, type Condition } from '../statement.js';
import { rowsOf, type Alternative, type ListFilter } from './list-filter.js';
import { compareParts, inOrder, keyOfRow, type ListKey } from './list-order.js';
import type { KeyReads, ListPart } from './list-part.js';

/** Whether fewer than so many rows match each alternative of a filter, wherever they are in the list. */
export async function hasFew(reads: KeyReads, { table }: ListPart, filter: ListFilter, rows: number): Promise<boolean> {
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
 * The keys of a part of a list, for a filter that few rows match: where no index has them in the order of the list, all of
 * them are read and sorted here.
 */
export async function sortedKeys(
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
