import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { readMigrations, shippedMigrations } from '../../src/store/schema/migrations.js';

/** The migration that a newer version has more than this one. */
export const newerMigration = '29990101000000_more';

/** A copy of the sources with one more migration, which processes run as a version that comes after this one. */
export interface NewerVersion {
  /** The path of its program, whose first argument is a verb. */
  readonly program: string;
}

/**
 * Makes a newer version in `directory`, which exists. `sql`: its migration, without the header. `serves`: whether that
 * says that versions serve which know the newest migration of this one. The service may write to its table `More`.
 */
export function newerVersion(
  directory: string,
  provider: 'sqlite' | 'postgresql',
  { sql, serves }: { readonly sql: string; readonly serves: boolean },
): NewerVersion {
  for (const copied of ['src', 'prisma', 'package.json', 'tsconfig.json'])
    cpSync(copied, join(directory, copied), { recursive: true });
  for (const linked of ['node_modules', 'packages', 'scripts', 'openapi', 'docs'])
    symlinkSync(resolve(linked), join(directory, linked));
  const header = serves ? `-- serves: ${readMigrations(shippedMigrations(provider)).at(-1)?.name ?? ''}\n` : '';
  const migration = join(directory, 'prisma', 'migrations', provider, newerMigration);
  mkdirSync(migration);
  writeFileSync(join(migration, 'migration.sql'), header + sql);
  const grant = join(directory, 'src', 'store', 'postgresql', 'grant.ts');
  const rights = readFileSync(grant, 'utf8');
  const more = rights.replace("  WriterMark: '", "  More: 'SELECT, INSERT',\n  WriterMark: '");
  if (more === rights) throw new Error(`${grant} names no rights on WriterMark`);
  writeFileSync(grant, more);
  return { program: join(directory, 'src', 'programs', 'kubepass.ts') };
}
