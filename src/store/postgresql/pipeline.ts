import type pg from 'pg';

/** How long PostgreSQL may take to answer all that was sent at once; then the connection is given up. */
const answerMilliseconds = 30_000;

export type Query = string | pg.QueryConfig;
export type Reply = PromiseSettledResult<pg.QueryResult>;

/**
 * Sends all queries before the first is answered, and answers what came of each, in order: one round trip. Within a
 * transaction those behind one that failed fail too (SQLSTATE 25P02), so the first failure is the one that tells.
 * The client is one in pipeline mode.
 */
export async function pipeline(client: pg.Client, queries: readonly Query[]): Promise<readonly Reply[]> {
  const late = setTimeout(() => {
    client.connection.stream.destroy();
  }, answerMilliseconds);
  try {
    return await Promise.allSettled(queries.map((query) => client.query(query)));
  } finally {
    clearTimeout(late);
  }
}

/** The result of a reply. Throws what failed. */
export function resultOf(reply: Reply | undefined): pg.QueryResult {
  if (reply?.status === 'fulfilled') return reply.value;
  throw reply === undefined ? new Error('a query was not answered') : reply.reason;
}
