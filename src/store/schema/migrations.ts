import { hash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { defaultIssuer, type RecordedIssuer } from '../../model/issuer.js';
import { jsonRead, type ReadRows } from '../steps/statement.js';

/** The database cannot be migrated to this version's schema. Migrations that failed changed nothing. */
export class MigrationError extends Error {
  override readonly name = 'MigrationError';
}

export interface MigrationOptions {
  /** The folder of the migrations (default: those that belong to this version). */
  readonly directory?: string;
  /** Is told, in a sentence, where a newer version made the schema and this one serves it: nothing is applied. */
  readonly onNewer?: (sentence: string) => void;
}

export interface Migration {
  readonly name: string;
  readonly sql: string;
  /** SHA-256 of the file, lower-case hex. */
  readonly checksum: string;
  /** The newest migration that a version must know to serve the schema behind this one; without a header, itself. */
  readonly serves: string;
}

/** A row of Prisma's own table. */
export interface AppliedMigration {
  readonly migration_name: string;
  readonly checksum: string;
  readonly finished_at: unknown;
  readonly rolled_back_at: unknown;
}

/** Finds all of them. */
export const selectApplied =
  'SELECT "migration_name", "checksum", "finished_at", "rolled_back_at" FROM "_prisma_migrations"';

/** The folder of the migrations that belong to this version; the path is the same from `src/store` and `dist/store`. */
export const shippedMigrations = (provider: 'sqlite' | 'postgresql'): string =>
  fileURLToPath(new URL(`../../../prisma/migrations/${provider}`, import.meta.url));

/** This migration makes the table of the floor. */
const makesFloor = '20261211000000_schema_floor';

/** Finds the floor; only for a database of which `mayKnowFloor` says that it has one. */
export const selectFloor = 'SELECT "migration", "newest" FROM "SchemaFloor" WHERE "n" = 1';

/** The row of the floor: the migration that a version must know, and the newest one of which the row tells. */
export type SchemaFloor = Readonly<Record<'migration' | 'newest', string>>;

/** Writes the floor, which never sinks. Its parameters are those of the row. */
export const writeFloor = `INSERT INTO "SchemaFloor" ("n", "migration", "newest") VALUES (1, ?, ?)
  ON CONFLICT ("n") DO UPDATE SET "newest" = EXCLUDED."newest", "migration" = CASE WHEN EXCLUDED."migration" >
    "SchemaFloor"."migration" THEN EXCLUDED."migration" ELSE "SchemaFloor"."migration" END`;

/** The floor that is written when the last of these is applied; null: they make no table for it. */
export const floorOf = (migrations: readonly Migration[]): [migration: string, newest: string] | null =>
  migrations.some(({ name }) => name === makesFloor)
    ? [migrations.reduce((floor, { serves }) => (serves > floor ? serves : floor), ''), migrations.at(-1)?.name ?? '']
    : null;

/** Version 0.2.0 moves the records of 0.1.0 to other tables before this migration. */
const dropsOldTables = '20261126010000_lean_records_in_use';

const standing = (applied: readonly AppliedMigration[]) => applied.filter((row) => row.rolled_back_at === null);

/** The applied migrations that this version does not know, in their order. */
function unknownMigrations(migrations: readonly Migration[], applied: readonly AppliedMigration[]) {
  const known = new Set(migrations.map(({ name }) => name));
  return standing(applied)
    .map((row) => row.migration_name)
    .filter((name) => !known.has(name))
    .sort();
}

/** The newest applied migration that this version does not know; null: it knows all of them. */
export async function newestUnknown(provider: 'sqlite' | 'postgresql', readRows: ReadRows): Promise<string | null> {
  const applied = (await readRows({ sql: selectApplied, parameters: [] })) as readonly AppliedMigration[];
  return unknownMigrations(readMigrations(shippedMigrations(provider)), applied).at(-1) ?? null;
}

/** Whether the floor decides over this database, and it has a table for it. */
export const mayKnowFloor = (migrations: readonly Migration[], applied: readonly AppliedMigration[]): boolean =>
  unknownMigrations(migrations, applied).length > 0 && applied.some((row) => row.migration_name === makesFloor);

/** The schema of a database against the migrations of this version. */
export interface JudgedSchema {
  /** The migrations that are still to be applied. */
  readonly pending: readonly Migration[];
  /** A sentence for people where a newer version made the schema and this one serves it; else null. */
  readonly newer: string | null;
}

/**
 * Judges the schema. `floor`: the row of the database; null where it has none. Throws `MigrationError` where an applied
 * migration was edited, where one was begun and not finished, where version 0.1.0 made the schema, and where there are
 * unknown migrations and the floor does not say that this version serves them.
 */
export function judgeSchema(
  migrations: readonly Migration[],
  applied: readonly AppliedMigration[],
  floor: SchemaFloor | null,
): JudgedSchema {
  const unfinished = standing(applied).find((row) => row.finished_at === null);
  if (unfinished) throw new MigrationError(`migration ${unfinished.migration_name} was begun and not finished`);
  const checksums = new Map(standing(applied).map((row) => [row.migration_name, row.checksum]));
  for (const { name, checksum } of migrations)
    if (checksums.has(name) && checksums.get(name) !== checksum)
      throw new MigrationError(`migration ${name} was edited after it was applied`);
  const pending = migrations.filter(({ name }) => !checksums.has(name));
  const [oldest = '', ...others] = unknownMigrations(migrations, applied);
  if (oldest === '') {
    if (checksums.size > 0 && pending.some(({ name }) => name === dropsOldTables))
      throw new MigrationError(
        'the database is of kubepass 0.1.0, and this version upgrades from 0.2.0 on. Nothing was changed: install 0.2.0, ' +
          'start it once with this database, then start this version',
      );
    return { pending, newer: null };
  }
  const newest = others.at(-1) ?? oldest;
  // A floor above an unknown migration does not tell whether that one is necessary.
  const isKnown = floor !== null && oldest > floor.migration && migrations.some(({ name }) => name === floor.migration);
  if (isKnown && newest <= floor.newest && pending.length === 0)
    return {
      pending,
      newer:
        `the database belongs to a newer version, this version serves it: it has migration ${newest}, which this version ` +
        'need not know. No migration is applied; records that the newer version alone knows are neither shown nor changed',
    };
  throw new MigrationError(
    `the database belongs to a newer version of kubepass: it has migration ${newest}, which this version does not know. ` +
      'Start the newer version again, or restore the backup from before the upgrade',
  );
}

/** The header, as a migration begins: the newest migration that a version must know to serve the schema behind it. */
const servesLine = /^-- serves: (\w+)\n/;

export function readMigrations(directory: string): readonly Migration[] {
  const names = readdirSync(directory)
    .filter((name) => existsSync(join(directory, name, 'migration.sql')))
    .sort();
  if (names.length === 0) throw new MigrationError(`there are no migrations in ${directory}`);
  return names.map((name, at) => {
    const sql = readFileSync(join(directory, name, 'migration.sql'), 'utf8');
    const serves = servesLine.exec(sql)?.[1] ?? name;
    const lines = sql.match(/^\s*--\s*serves\b.*$/gim) ?? [];
    if (lines.length > (serves === name ? 0 : 1) || (serves !== name && !names.slice(0, at).includes(serves)))
      throw new MigrationError(
        `migration ${name} has a wrong header: its first line alone may be "-- serves: " and the name of an older migration`,
      );
    return { name, sql, checksum: hash('sha256', sql, 'hex'), serves };
  });
}

/** A database before it is opened. */
export interface FoundDatabase {
  /** How many migrations a start would apply; null: nothing is in the database yet. */
  readonly pending: number | null;
  /** As in `JudgedSchema`. */
  readonly newer: string | null;
  readonly issuers: readonly FoundIssuer[];
}

/** An issuer in it. A CA that was pinned before clusters had issuers is the active one, with no fingerprints. */
export type FoundIssuer = Pick<RecordedIssuer, 'cluster' | 'name' | 'state' | 'spkiSha256' | 'fingerprints'>;

/** For each table that may have the issuers, the latest first, how they are selected. */
export const selectIssuers = [
  ['ClusterIssuer', 'SELECT "cluster", "name", "state", "spkiSha256", "fingerprints" FROM "ClusterIssuer"'],
  [
    'CertificateAuthorityPin',
    `SELECT "cluster", '${defaultIssuer}' AS "name", 'active' AS "state", "spkiSha256", '[]' AS "fingerprints"
      FROM "CertificateAuthorityPin"`,
  ],
] as const;

export const foundIssuers = (rows: readonly unknown[]): readonly FoundIssuer[] =>
  (rows as readonly FoundIssuer[]).map((row) => ({ ...row, fingerprints: jsonRead(row.fingerprints) as string[] }));

/** An object of a schema, such as `trigger AuditRecord_no_delete`. */
export interface SchemaObject {
  readonly object: string;
  readonly definition: string;
  /** The table that it is of. */
  readonly table?: string;
}

/** With what the objects that were found are compared. */
interface MadeSchema {
  readonly made: readonly SchemaObject[];
  /** The tables that this version knows. */
  readonly tables: ReadonlySet<string>;
  /** As `newestUnknown`. */
  readonly newest: string | null;
}

/**
 * Why these are not the objects that the migrations make, in words that go on after the database's name; null: they
 * are. A trigger that no migration makes is one reason, because it may undo a write. Others are none: an index of an
 * operator, and what belongs to a table that this version does not know. Where the schema is a newer version's, tables
 * may have more columns, and views, which protect nothing, may show them.
 */
export function whyOther(found: readonly SchemaObject[], { made, tables, newest }: MadeSchema): string | null {
  const doubt =
    newest === null ? '' : `; only the newer version, which knows migration ${newest}, can tell whether it is sound`;
  const byName = new Map(found.map((one) => [one.object, one.definition]));
  for (const { object, definition } of made) {
    const other = byName.get(object);
    if (other === undefined) return `lacks the ${object}`;
    const isSame = other === definition || (newest !== null && (/^view /.test(object) || isWider(other, definition)));
    if (!isSame) return `has a ${object} that was changed${doubt}`;
  }
  const known = new Set(made.map(({ object }) => object));
  const added = found.find(
    ({ object, table = '' }) => /^trigger /.test(object) && tables.has(table) && !known.has(object),
  );
  return added === undefined ? null : `has the ${added.object}, which no migration makes${doubt}`;
}

/** Whether a table's text is another one with more columns, where SQLite puts them: together, behind the others. */
function isWider(text: string, than: string): boolean {
  let same = 0;
  while (same < than.length && text[same] === than[same]) same += 1;
  const added = text.slice(same, text.length - (than.length - same));
  return /^CREATE TABLE /.test(than) && text.endsWith(than.slice(same)) && /^,|,$/.test(added);
}
