// Tests prisma/
import type pg from 'pg';
import { expect, inject, it } from 'vitest';
import { expectedTables, type Table } from '../helpers/expected-tables.js';
import { freshDatabase, query } from '../helpers/postgresql/databases.js';

/** The types that Prisma maps scalar types to on PostgreSQL; texts are compared as octets. */
const sqlTypes: Readonly<Record<string, string>> = {
  String: 'text C',
  Int: 'integer',
  BigInt: 'bigint',
  Boolean: 'boolean',
  DateTime: 'timestamp(3) without time zone',
  Bytes: 'bytea',
  Json: 'jsonb',
};

/** The columns; the query also returns what a model cannot have, such as defaults and other constraints. */
async function actualTables(client: pg.Client): Promise<Record<string, Table>> {
  const rowsOf = async <Row extends pg.QueryResultRow>(sql: string) => (await client.query<Row>(sql)).rows;
  const columns = await rowsOf<{ table: string; name: string; type: string; required: boolean }>(`
    SELECT c.relname "table", a.attname "name", a.attnotnull "required",
      format_type(a.atttypid, a.atttypmod) || CASE WHEN l.collname IS NULL THEN '' ELSE ' ' || l.collname END
        || CASE WHEN a.atthasdef THEN ' default' ELSE '' END "type"
    FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
      LEFT JOIN pg_collation l ON l.oid = a.attcollation
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND c.relname <> '_prisma_migrations'
    ORDER BY a.attnum`);
  const indexes = await rowsOf<{
    table: string;
    name: string;
    columns: string;
    condition: string | null;
    unique: boolean;
    primary: boolean;
  }>(`
    SELECT t.relname "table", c.relname "name", i.indisunique "unique", i.indisprimary "primary",
      (SELECT string_agg(trim(both '"' from pg_get_indexdef(i.indexrelid, n, true)), ', ' ORDER BY n)
        FROM generate_series(1, i.indnkeyatts) n) "columns",
      pg_get_expr(i.indpred, i.indrelid) "condition"
    FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_class t ON t.oid = i.indrelid
    WHERE t.relnamespace = 'public'::regnamespace AND t.relname <> '_prisma_migrations'`);
  const constraints = await rowsOf<{ table: string; type: string; definition: string }>(`
    SELECT t.relname "table", k.contype "type", pg_get_constraintdef(k.oid) "definition"
    FROM pg_constraint k JOIN pg_class t ON t.oid = k.conrelid
    WHERE t.relnamespace = 'public'::regnamespace AND k.contype <> 'p' AND t.relname <> '_prisma_migrations'`);
  const of = <Row extends { table: string }>(rows: readonly Row[], table: string) =>
    rows.filter((row) => row.table === table);
  return Object.fromEntries(
    [...new Set(columns.map(({ table }) => table))].map((table) => [
      table,
      {
        columns: Object.fromEntries(of(columns, table).map(({ name, type, required }) => [name, { type, required }])),
        primaryKey: of(indexes, table).flatMap((index) => (index.primary ? index.columns.split(', ') : [])),
        indexes: Object.fromEntries(
          of(indexes, table)
            .filter(({ primary }) => !primary)
            .map(({ name, unique, columns: names, condition }) => [
              name,
              (unique ? 'unique ' : '') + names + (condition === null ? '' : ` WHERE ${asWritten(condition)}`),
            ]),
        ),
        foreignKeys: of(constraints, table)
          .map(({ definition }) => foreignKey(definition))
          .sort(),
      },
    ]),
  );
}

/** The condition of an index as the models have it; PostgreSQL shows `IN` in another form, and more parentheses. */
function asWritten(condition: string): string {
  const list = /= ANY \(ARRAY\[(.*?)\]\)/.exec(condition);
  const bare = (list ? condition.replace(list[0], 'IN LIST') : condition).replace(/[()"]|::text/g, '');
  return bare.replace('IN LIST', `IN (${(list?.[1] ?? '').replaceAll('::text', '')})`);
}

/** Foreign keys in the form of the models: `requestN -> RequestRecord.n restrict restrict`. */
function foreignKey(definition: string): string {
  const parts = /^FOREIGN KEY \("?(\w+)"?\) REFERENCES "(\w+)"\("?(\w+)"?\) ON UPDATE (\w+) ON DELETE (\w+)$/.exec(
    definition,
  );
  const [, from = definition, table = '', to = '', onUpdate = '', onDelete = ''] = parts ?? [];
  return `${from} -> ${table}.${to} ${onDelete} ${onUpdate}`.toLowerCase();
}

it('has migrations that produce the schema of the Prisma models', async () => {
  const database = await freshDatabase(inject('databases'));
  const actual = await query(database.ownerUrl, actualTables);
  await database.drop();
  expect(Object.keys(actual).length).toBeGreaterThanOrEqual(10);
  expect(actual).toEqual(expectedTables(sqlTypes));
});
