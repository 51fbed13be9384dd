import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/**
 * The directory with PostgreSQL's `initdb` and `postgres`: from `KUBEPASS_TEST_POSTGRESQL_BIN`, from Debian's package,
 * or from the path. Null if none of them runs.
 */
export function postgresqlBinaries(): string | null {
  const debian = '/usr/lib/postgresql';
  const versions = existsSync(debian) ? readdirSync(debian).sort((a, b) => Number(b) - Number(a)) : [];
  const told = process.env['KUBEPASS_TEST_POSTGRESQL_BIN'];
  const places = [
    ...(told === undefined ? [] : [told]),
    ...versions.map((version) => join(debian, version, 'bin')),
    ...(process.env['PATH'] ?? '').split(':'),
  ];
  return places.find((place) => ['initdb', 'postgres'].every((name) => runs(join(place, name)))) ?? null;
}

const runs = (file: string): boolean =>
  existsSync(file) && spawnSync(file, ['--version'], { stdio: 'ignore' }).status === 0;
