import { hash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { defaultIssuer, type RecordedIssuer } from '../../model/issuer.js';
import { jsonRead } from '../steps/statement.js';

/** The database cannot be migrated to this version's schema. Migrations that failed changed nothing. */
export class MigrationError extends Error {
  override readonly name = 'MigrationError';
}

export interface MigrationOptions {
  /** The folder of the migrations (default: those that belong to this version). */
  readonly directory?: string;
  /** Is told from time to time how far the records of an older version are moved. */
  readonly onProgress?: (message: string) => void;
}

export interface Migration {
  readonly name: string;
  readonly sql: string;
  /** SHA-256 of the file, lower-case hex. */
  readonly checksum: string;
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

/**
 * The migrations that are still to be applied. Throws `MigrationError` where an applied migration was edited or is
 * unknown here, or where one was begun and not finished.
 */
export function pendingMigrations(
  migrations: readonly Migration[],
  applied: readonly AppliedMigration[],
): readonly Migration[] {
  const standing = applied.filter((row) => row.rolled_back_at === null);
  const unfinished = standing.find((row) => row.finished_at === null);
  if (unfinished) throw new MigrationError(`migration ${unfinished.migration_name} was begun and not finished`);
  const checksums = new Map(standing.map((row) => [row.migration_name, row.checksum]));
  for (const { name, checksum } of migrations)
    if (checksums.has(name) && checksums.get(name) !== checksum)
      throw new MigrationError(`migration ${name} was edited after it was applied`);
  const known = new Set(migrations.map(({ name }) => name));
  const newest = [...checksums.keys()]
    .filter((name) => !known.has(name))
    .sort()
    .at(-1);
  if (newest !== undefined)
    throw new MigrationError(
      `the database belongs to a newer version of kubepass: it has migration ${newest}, which this version does not know. ` +
        'Start the newer version again, or restore the backup from before the upgrade',
    );
  return migrations.filter(({ name }) => !checksums.has(name));
}

export function readMigrations(directory: string): readonly Migration[] {
  const migrations = readdirSync(directory)
    .filter((name) => existsSync(join(directory, name, 'migration.sql')))
    .sort()
    .map((name) => {
      const sql = readFileSync(join(directory, name, 'migration.sql'), 'utf8');
      return { name, sql, checksum: hash('sha256', sql, 'hex') };
    });
  if (migrations.length === 0) throw new MigrationError(`there are no migrations in ${directory}`);
  return migrations;
}

/** A database before it is opened. */
export interface FoundDatabase {
  /** How many migrations a start would apply; null: nothing is in the database yet. */
  readonly pending: number | null;
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
}

/**
 * Why these are not the objects that the migrations make, in words that go on after the database's name; null: they
 * are. A trigger that no migration makes is one reason, because it may undo a write. Others, such as an index of an
 * operator, are none.
 */
export function whyOther(found: readonly SchemaObject[], made: readonly SchemaObject[]): string | null {
  for (const { object, definition } of made) {
    const other = found.find((one) => one.object === object);
    if (other === undefined) return `lacks the ${object}`;
    if (other.definition !== definition) return `has a ${object} that was changed`;
  }
  const added = found.find(({ object }) => /^trigger /.test(object) && !made.some((one) => one.object === object));
  return added === undefined ? null : `has the ${added.object}, which no migration makes`;
}
