import type { Keyset } from '../tables/read-page.js';

/** Who may see a record besides those who may see all: who asked for it, and who collects it. */
export type PartyWhere = { readonly requesterName: string } | { readonly collector: string };

/**
 * In the order of their keys, what `principal` asked for or collects; everything where it is undefined. The two are read
 * one by one, each along its own index, and merged: an OR over both would have the database sort all that matches for
 * every page.
 */
export async function readVisible<Row>(
  principal: string | undefined,
  keyOf: Keyset<Row>['keyOf'],
  take: number,
  order: 'ascending' | 'descending',
  read: (party: PartyWhere | Record<string, never>) => Promise<readonly Row[]>,
): Promise<readonly Row[]> {
  if (principal === undefined) return read({});
  const rows = [...(await read({ requesterName: principal })), ...(await read({ collector: principal }))];
  // Keys are ids, hashes and RFC 3339 instants: ASCII, of one length each, so they compare as the database compares them.
  const byKey = new Map(rows.map((row) => [keyOf(row).join(' '), row]));
  return [...byKey]
    .sort(([a], [b]) => (a < b === (order === 'ascending') ? -1 : 1))
    .slice(0, take)
    .map(([, row]) => row);
}
