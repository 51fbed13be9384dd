import { readdirSync, readFileSync } from 'node:fs';

/** A table, once as the Prisma models require it and once as a database reports it. */
export interface Table {
  readonly columns: Readonly<Record<string, { readonly type: string; readonly required: boolean }>>;
  readonly primaryKey: readonly string[];
  /** Name -> columns. A unique index is marked. A partial index is marked with its condition. */
  readonly indexes: Readonly<Record<string, string>>;
  readonly foreignKeys: readonly string[];
}

const namesIn = (list: string): string[] => list.split(',').map((name) => name.trim());

/** Reads the few forms of Prisma's language that the models use, with Prisma's default names for indexes. */
function expectedTable(model: string, body: string, sqlTypes: Readonly<Record<string, string>>): Table {
  const columns: Record<string, { type: string; required: boolean }> = {};
  const indexes: Record<string, string> = {};
  const foreignKeys: string[] = [];
  let primaryKey: string[] = [];
  for (const text of body.split('\n')) {
    const line = text.replace(/\/\/.*/, '').trim();
    // Prisma's language cannot express it, so the condition stands behind the index as a comment.
    const where = (/ \/\/( WHERE .+)$/.exec(text)?.[1] ?? '').replaceAll('"', '');
    const list = /^@@(id|unique|index)\(\[(.+)\]\)$/.exec(line);
    const field = /^(\w+)\s+(\w+)(\?|\[\])?\s*(.*)$/.exec(line);
    if (list) {
      const [, kind = '', names = ''] = list;
      const fields = namesIn(names);
      if (kind === 'id') primaryKey = fields;
      else if (kind === 'unique') indexes[`${model}_${fields.join('_')}_key`] = `unique ${fields.join(', ')}${where}`;
      else indexes[`${model}_${fields.join('_')}_idx`] = fields.join(', ') + where;
    } else if (field) {
      const [, name = '', type = '', modifier, attributes = ''] = field;
      const relation =
        /@relation\((?:"\w+", )?fields: \[(.+?)\], references: \[(.+?)\], onDelete: (\w+), onUpdate: (\w+)\)/.exec(
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
  return { columns, primaryKey, indexes, foreignKeys: foreignKeys.sort() };
}

/** The tables of the models. `sqlTypes`: the types that Prisma maps its scalar types to on the database. */
export function expectedTables(sqlTypes: Readonly<Record<string, string>>): Record<string, Table> {
  const source = readdirSync('prisma/models')
    .map((name) => readFileSync(`prisma/models/${name}`, 'utf8'))
    .join('\n');
  return Object.fromEntries(
    [...source.matchAll(/^model (\w+) \{\n(.*?)^\}/gms)].map(([, model = '', body = '']) => [
      model,
      expectedTable(model, body, sqlTypes),
    ]),
  );
}
