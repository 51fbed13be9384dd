import type { SqlDialect } from '../statement.js';

export const postgresqlDialect: SqlDialect = {
  jsonArrayLength: (column) => `jsonb_array_length(${column})`,
  jsonArrayHolds: (column) => `${column} @> to_jsonb(?::text)`,
  // It has statistics of how many rows are in which state.
  indexedBy: () => '',
};
