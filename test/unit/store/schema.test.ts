import { readdirSync, readFileSync } from 'node:fs';
import type Database from 'better-sqlite3';
import { expect, it } from 'vitest';
import { testStore } from './records.js';

/** What SQLite knows of a table, and what the Prisma models say it must be. */
interface Table {
  readonly columns: Readonly<Record<string, { readonly type: string; readonly required: boolean }>>;
  readonly primaryKey: readonly string[];
  /** Name -> columns; a unique one is marked. */
  readonly indexes: Readonly<Record<string, string>>;
  readonly foreignKeys: readonly string[];
}

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

const namesIn = (list: string): string[] => list.split(',').map((name) => name.trim());

/** Reads the few forms of Prisma's language that the models use, with Prisma's default names for indexes. */
function expectedTable(model: string, body: string): Table {
  const columns: Record<string, { type: string; required: boolean }> = {};
  const indexes: Record<string, string> = {};
  const foreignKeys: string[] = [];
  let primaryKey: string[] = [];
  for (const line of body.split('\n').map((text) => text.replace(/\/\/.*/, '').trim())) {
    const list = /^@@(id|unique|index)\(\[(.+)\]\)$/.exec(line);
    const field = /^(\w+)\s+(\w+)(\?|\[\])?\s*(.*)$/.exec(line);
    if (list) {
      const [, kind = '', names = ''] = list;
      const fields = namesIn(names);
      if (kind === 'id') primaryKey = fields;
      else if (kind === 'unique') indexes[`${model}_${fields.join('_')}_key`] = `unique ${fields.join(', ')}`;
      else indexes[`${model}_${fields.join('_')}_idx`] = fields.join(', ');
    } else if (field) {
      const [, name = '', type = '', modifier, attributes = ''] = field;
      const relation = /@relation\(fields: \[(.+?)\], references: \[(.+?)\], onDelete: (\w+), onUpdate: (\w+)\)/.exec(
        attributes,
      );
      if (relation)
        foreignKeys.push(
          `${relation[1] ?? ''} -> ${type}.${relation[2] ?? ''} ${relation[3] ?? ''} ${relation[4] ?? ''}`.toLowerCase(),
        );
      const sqlType = sqlTypes[type];
      if (sqlType === undefined) continue;
      columns[name] = { type: sqlType, required: modifier === undefined };
      if (/@id\b/.test(attributes)) primaryKey = [name];
      if (/@unique\b/.test(attributes)) indexes[`${model}_${name}_key`] = `unique ${name}`;
    } else if (line !== '') throw new Error(`the model ${model} has a line that this test cannot read: ${line}`);
  }
  return { columns, primaryKey, indexes, foreignKeys };
}

function expectedTables(): Record<string, Table> {
  const source = readdirSync('prisma/models')
    .map((name) => readFileSync(`prisma/models/${name}`, 'utf8'))
    .join('\n');
  return Object.fromEntries(
    [...source.matchAll(/^model (\w+) \{\n(.*?)^\}/gms)].map(([, model = '', body = '']) => [
      model,
      expectedTable(model, body),
    ]),
  );
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
    columns: Object.fromEntries(columns.map(({ name, type, notnull }) => [name, { type, required: notnull === 1 }])),
    primaryKey: columns
      .filter(({ pk }) => pk > 0)
      .sort((a, b) => a.pk - b.pk)
      .map(({ name }) => name),
    indexes: Object.fromEntries(
      indexes
        .filter(({ origin }) => origin !== 'pk')
        .map(({ name, unique }) => {
          const of = pragma<{ name: string }>('index_info', name).map((column) => column.name);
          return [name, (unique ? 'unique ' : '') + of.join(', ')];
        }),
    ),
    foreignKeys: foreignKeys.map(({ from, table, to, on_delete, on_update }) =>
      `${from} -> ${table}.${to} ${on_delete} ${on_update}`.toLowerCase(),
    ),
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
  const expected = expectedTables();
  expect(Object.keys(expected)).toHaveLength(11);
  expect(actual).toEqual(expected);
});
