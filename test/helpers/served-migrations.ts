import { serviceRights } from '../../src/store/postgresql/grant.js';
import type { Migration } from '../../src/store/schema/migrations.js';

/** A body with semicolons of its own: of a function of PostgreSQL, or of a trigger of SQLite. */
const bodies = /\$\$[\s\S]*?\$\$|\bBEGIN\b[\s\S]*?;\s*END\b/g;

/** The statements of a migration, without comments; texts in quotes are empty. */
function statementsOf(sql: string): readonly string[] {
  const kept: string[] = [];
  return sql
    .replace(/--[^\n]*/g, '')
    .replace(/'(?:[^']|'')*'/g, "''")
    .replace(bodies, (body) => `<${String(kept.push(body) - 1)}>`)
    .split(';')
    .map((statement) => statement.replace(/<(\d+)>/g, (_, at: string) => kept[Number(at)] ?? ''))
    .map((statement) => statement.replace(/\s+/g, ' ').trim())
    .filter((statement) => statement !== '');
}

/** All that the migrations make under the kind of name. */
const madeBy = (kind: 'TABLE' | 'VIEW', migrations: readonly Migration[]): ReadonlySet<string> =>
  new Set(
    migrations.flatMap(({ sql }) =>
      [...sql.matchAll(new RegExp(`CREATE ${kind} "(\\w+)"`, 'g'))].map(([, name = '']) => name),
    ),
  );

/** The service deletes rows of these tables, so a reference to one would refuse that. */
const isDeletedFrom = (table: string): boolean =>
  (serviceRights as Readonly<Record<string, string>>)[table]?.includes('DELETE') === true;

/** Why a reference to an old table would refuse a write of an older version; null: it would not. */
function whyNotReference(statement: string, isNew: (table: string) => boolean): string | null {
  for (const [, table = '', rest = ''] of statement.matchAll(/REFERENCES "(\w+)"([^,]*(?:\([^)]*\))?[^,]*)/g))
    if (!isNew(table) && isDeletedFrom(table) && !/ON DELETE (?:CASCADE|SET NULL)/.test(rest))
      return `its REFERENCES would keep the rows of "${table}"`;
  return null;
}

/** Why what a trigger does might refuse or undo a write of an older version; null: it would not. */
function whyNotTrigger(body: string, isNew: (table: string) => boolean): string | null {
  if (/\bRAISE\b/i.test(body)) return 'its trigger may RAISE';
  const written = [...body.matchAll(/\b(?:INTO|UPDATE|DELETE FROM) (?:public\.)?"(\w+)"/gi)].map(
    ([, name = '']) => name,
  );
  const old = written.find((table) => !isNew(table));
  return old === undefined ? null : `its trigger writes "${old}"`;
}

/** Why a column that an old table gets would refuse an insert of an older version; null: it would not. */
function whyNotColumn(column: string): string | null {
  if (!/^ADD (?:COLUMN )?"/.test(column)) return 'it does more than to add a column';
  const tight = /\b(?:CHECK|UNIQUE|REFERENCES|PRIMARY KEY|GENERATED)\b/.exec(column);
  if (tight) return `its column has ${tight[0]}`;
  return /NOT NULL/.test(column) && !/DEFAULT/.test(column) ? 'its column is NOT NULL without a default' : null;
}

/**
 * Why a statement may not stand in a migration that an older version serves; null: it may. `isNew`: whether the older
 * version does not know the table. `functions`: those that the migration makes, by name. `views`: those that it makes.
 */
function whyNot(
  statement: string,
  isNew: (table: string) => boolean,
  functions: ReadonlyMap<string, string>,
  views: ReadonlySet<string>,
): string | null {
  if (/^CREATE TABLE "/.test(statement)) return whyNotReference(statement, isNew);
  if (/^CREATE (?:VIEW|FUNCTION) "/.test(statement) || /^CREATE INDEX "/.test(statement)) return null;
  const [, view] = /^DROP VIEW "(\w+)"$/.exec(statement) ?? [];
  if (view !== undefined) return views.has(view) ? null : 'it makes no such view again';
  const [, trigger] = /^CREATE TRIGGER .*? ON "(\w+)"/.exec(statement) ?? [];
  if (trigger !== undefined) {
    if (isNew(trigger)) return null;
    if (!/^CREATE TRIGGER "\w+" AFTER /.test(statement)) return 'its trigger is one BEFORE a write';
    const [, name] = /EXECUTE FUNCTION "(\w+)"/.exec(statement) ?? [];
    const body = name === undefined ? statement.slice(statement.indexOf(' BEGIN ')) : functions.get(name);
    return body === undefined ? 'it does not make the function of its trigger' : whyNotTrigger(body, isNew);
  }
  const [, unique] = /^CREATE UNIQUE INDEX "\w+" ON "(\w+)"/.exec(statement) ?? [];
  if (unique !== undefined) return isNew(unique) ? null : 'it is a UNIQUE INDEX of an old table';
  const [, altered, how = ''] = /^ALTER TABLE "(\w+)" (.*)$/.exec(statement) ?? [];
  if (altered !== undefined)
    return isNew(altered)
      ? null
      : (how
          .split(/, (?=ADD )/)
          .map(whyNotColumn)
          .find((why) => why !== null) ?? null);
  const [, written] = /^(?:WITH .*)?\b(?:INSERT INTO|UPDATE|DELETE FROM|DROP TABLE) "(\w+)"/.exec(statement) ?? [];
  if (written !== undefined) return isNew(written) ? null : `it is about the old table "${written}"`;
  return 'nothing says that an older version can serve behind it';
}

/**
 * Why migrations that say `-- serves:` an older one would not let a version serve that knows no more than that one: a
 * line for each reason. It reads the SQL as migrations are written, and refuses the forms that it does not know.
 */
export function whyNotServed(migrations: readonly Migration[]): readonly string[] {
  return migrations.flatMap((migration) => {
    const { name, sql, serves } = migration;
    if (serves === name) return [];
    const later = migrations.filter((one) => one.name > serves && one.name <= name);
    const earlier = madeBy(
      'TABLE',
      migrations.filter((one) => one.name <= serves),
    );
    const made = madeBy('TABLE', later);
    const isNew = (table: string) => made.has(table) && !earlier.has(table);
    const statements = statementsOf(sql);
    const functions = new Map(
      statements.flatMap((one) => {
        const [, called] = /^CREATE FUNCTION "(\w+)"/.exec(one) ?? [];
        return called === undefined ? [] : [[called, one] as const];
      }),
    );
    return statements.flatMap((statement) => {
      const why = whyNot(statement, isNew, functions, madeBy('VIEW', [migration]));
      return why === null ? [] : [`${name}: ${why}: ${statement}`];
    });
  });
}
