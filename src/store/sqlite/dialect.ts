import type { SqlDialect } from '../statement.js';

export const sqliteDialect: SqlDialect = {
  jsonArrayLength: (column) => `json_array_length(${column})`,
  jsonArrayHolds: (column) => `EXISTS (SELECT 1 FROM json_each(${column}) WHERE "value" = ?)`,
  indexedBy: (index) => ` INDEXED BY "${index}"`,
};
