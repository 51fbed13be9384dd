import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { inject } from 'vitest';
import { folder, type MadeDatabase, type State } from '../fixtures/databases/states.js';
import { freshDatabase, ownerRole, query, type TestDatabase } from './postgresql/databases.js';

/** The answers that its own code gave about the database. */
export const madeDatabase = ({ name }: State, database: 'sqlite' | 'postgresql'): MadeDatabase =>
  (JSON.parse(readFileSync(join(folder, `${name}.json`), 'utf8')) as Record<typeof database, MadeDatabase>)[database];

/** The environment of a service that has the CA and the policies which the old databases were made with. */
export const oldEnvironment = {
  KUBEPASS_CONFIG: join(folder, 'kubepass.yaml'),
  KUBEPASS_POLICIES_DIR: join(folder, 'policies'),
};

/** Puts the database where a service with this data dir finds it. Answers its file. */
export function placeOldSqlite({ name }: Pick<State, 'name'>, dataDir: string): string {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const file = join(dataDir, 'kubepass.db');
  writeFileSync(file, gunzipSync(readFileSync(join(folder, `${name}.db.gz`))), { mode: 0o600 });
  return file;
}

/** The database on the test server, as its owner restored it from the dump. The caller drops it. */
export async function placeOldPostgresql({ name }: Pick<State, 'name'>): Promise<TestDatabase> {
  const source = inject('databases');
  const database = await freshDatabase({ ...source, template: 'template0' });
  const admin = new URL(source.adminUrl);
  admin.pathname = new URL(database.url).pathname;
  await query(admin.href, (client) => client.query(`ALTER SCHEMA public OWNER TO ${ownerRole}`));
  const dump = gunzipSync(readFileSync(join(folder, `${name}.sql.gz`))).toString('utf8');
  await query(database.ownerUrl, (client) => client.query(dump));
  return database;
}
