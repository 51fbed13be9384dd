// Tests prisma/
import type Database from 'better-sqlite3';
import { expect, it } from 'vitest';
import { expectedTables, type Table } from '../../helpers/expected-tables.js';
import { testStore } from './records.js';

/** How Prisma maps scalar types on SQLite. */
const sqlTypes: Readonly<Record<string, string>> = {
  String: 'TEXT',
  Int: 'INTEGER',
  BigInt: 'BIGINT',
  Boolean: 'BOOLEAN',
  DateTime: 'DATETIME',
  Bytes: 'BLOB',
  Json: 'JSONB',
};

/** The condition of a partial index. */
function whereOf(database: Database.Database, index: string): string {
  const { sql } = database
    .prepare<[string], { sql: string | null }>(`SELECT "sql" FROM "sqlite_master" WHERE "name" = ?`)
    .get(index) ?? { sql: null };
  return (/\)( WHERE .+)$/.exec(sql ?? '')?.[1] ?? '').replaceAll('"', '');
}

function actualTable(database: Database.Database, table: string): Table {
  const pragma = <Row>(name: string, of: string) => database.pragma(`${name}("${of}")`) as Row[];
  const columns = pragma<{ name: string; type: string; notnull: number; pk: number; dflt_value: unknown }>(
    'table_info',
    table,
  );
  const indexes = pragma<{ name: string; unique: number; origin: string; partial: number }>('index_list', table);
  const foreignKeys = pragma<{ table: string; from: string; to: string; on_update: string; on_delete: string }>(
    'foreign_key_list',
    table,
  );
  return {
    columns: Object.fromEntries(
      columns.map(({ name, type, notnull, pk }) => [
        name,
        // SQLite numbers rows by a key that is declared as INTEGER, of eight octets like a BIGINT.
        { type: pk === 1 && type === 'INTEGER' ? 'BIGINT' : type, required: notnull === 1 },
      ]),
    ),
    primaryKey: columns
      .filter(({ pk }) => pk > 0)
      .sort((a, b) => a.pk - b.pk)
      .map(({ name }) => name),
    indexes: Object.fromEntries(
      indexes
        .filter(({ origin }) => origin !== 'pk')
        .map(({ name, unique }) => {
          const of = pragma<{ name: string }>('index_info', name).map((column) => column.name);
          return [name, (unique ? 'unique ' : '') + of.join(', ') + whereOf(database, name)];
        }),
    ),
    foreignKeys: foreignKeys
      .map(({ from, table, to, on_delete, on_update }) =>
        `${from} -> ${table}.${to} ${on_delete} ${on_update}`.toLowerCase(),
      )
      .sort(),
  };
}

it('has migrations that produce what the Prisma models say', async () => {
  const { connect } = await testStore();
  const database = connect();
  const tables = database
    .prepare<[], { name: string }>(
      `SELECT "name" FROM "sqlite_master" WHERE "type" = 'table' AND "name" NOT LIKE 'sqlite_%'`,
    )
    .all()
    .map(({ name }) => name)
    .filter((name) => name !== '_prisma_migrations');
  const actual = Object.fromEntries(tables.map((table) => [table, actualTable(database, table)]));
  const expected = expectedTables(sqlTypes);
  expect(Object.keys(expected)).toHaveLength(43);
  expect(actual).toEqual(expected);
});
