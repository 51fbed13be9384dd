import { join } from 'node:path';
import { mkdirSync } from 'node:fs';
import Database from 'better-sqlite3';
import { migrateSqlite } from '../src/store/sqlite/migrate-sqlite.js';
import { query } from '../test/helpers/postgresql/databases.js';

/**
 * The size of a directory. Its first group has as many members as `largestGroup` and the users allow, the others 100.
 */
export interface DirectorySize {
  readonly users: number;
  readonly groups: number;
  readonly largestGroup: number;
}

const membersOfOthers = 100;

/** The id of the user, or group, of this number. */
export const seededId = (kind: 'user' | 'group', n: number): string =>
  `00000000-0000-7000-8${kind === 'user' ? '000' : '001'}-${String(n).padStart(12, '0')}`;

/** Fills the SQLite database of a service that was not started yet. */
export async function seedSqliteDirectory(directory: string, size: DirectorySize): Promise<void> {
  const dataDir = join(directory, 'data');
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const file = join(dataDir, 'kubepass.db');
  await migrateSqlite(file);
  const database = new Database(file);
  try {
    database.pragma('synchronous = OFF');
    for (const sql of directoryStatements(size, 'SQLite')) database.exec(sql);
  } finally {
    database.close();
  }
}

/** The same on PostgreSQL, as the role that owns the tables. */
export const seedPostgresqlDirectory = (ownerUrl: string, size: DirectorySize): Promise<void> =>
  query(ownerUrl, async (client) => {
    for (const sql of [...directoryStatements(size, 'PostgreSQL'), 'VACUUM ANALYZE']) await client.query(sql);
  });

/** The statements that fill the tables. Every fiftieth user is not active. */
export function directoryStatements(
  { users, groups, largestGroup }: DirectorySize,
  database: 'SQLite' | 'PostgreSQL',
): readonly string[] {
  const instant = database === 'SQLite' ? '1767225600000' : `TIMESTAMP '2026-01-01'`;
  const padded = (n: string) => (database === 'SQLite' ? `printf('%012d', ${n})` : `lpad((${n})::text, 12, '0')`);
  const numbers = (name: string, last: number) =>
    `"${name}"("${name}") AS (SELECT 1 UNION ALL SELECT "${name}" + 1 FROM "${name}" WHERE "${name}" < ${String(last)})`;
  const id = (kind: 'user' | 'group') => `'${seededId(kind, 0).slice(0, 24)}' || ${padded('"i"')}`;
  return [
    `INSERT INTO "DirectoryUser" ("n", "id", "person", "userName", "nameKey", "liveName", "externalId", "active", "displayName", "displayKey",
      "name", "emails", "principal", "principalKey", "version", "createdAt", "changedAt")
      WITH RECURSIVE ${numbers('i', users)}
      SELECT "i", ${id('user')}, ${id('user')}, 'User-' || "i" || '@corp.example', 'user-' || "i" || '@corp.example', 'user-' || "i" || '@corp.example',
        '00u' || "i", "i" % 50 <> 0, 'User ' || "i", 'user ' || "i", '{"formatted":"Some Body","familyName":"Body","givenName":"Some"}',
        '[{"value":"somebody@corp.example","type":"work","primary":true}]', 'User-' || "i" || '@corp.example',
        'user-' || "i" || '@corp.example', 1, ${instant}, ${instant} FROM "i"`,
    `INSERT INTO "DirectoryEmail" ("key", "type", "userN")
      WITH RECURSIVE ${numbers('i', users)} SELECT 'mail-' || "i" || '@corp.example', 'work', "i" FROM "i"`,
    `INSERT INTO "DirectoryGroup" ("n", "id", "displayName", "displayKey", "externalId", "version", "createdAt", "changedAt")
      WITH RECURSIVE ${numbers('i', groups)}
      SELECT "i", ${id('group')}, 'Group ' || "i", 'group ' || "i", '00g' || "i", 1, ${instant}, ${instant} FROM "i"`,
    `INSERT INTO "DirectoryMembership" ("groupN", "userN")
      WITH RECURSIVE ${numbers('i', Math.min(largestGroup, users))} SELECT 1, "i" FROM "i"`,
    `INSERT INTO "DirectoryMembership" ("groupN", "userN")
      WITH RECURSIVE ${numbers('i', groups)}, ${numbers('j', membersOfOthers)}
      SELECT "i", 1 + ("i" * 37 + "j" * ${String(Math.max(1, Math.floor(users / membersOfOthers)))}) % ${String(users)}
      FROM "i" CROSS JOIN "j" WHERE "i" > 1`,
  ];
}
