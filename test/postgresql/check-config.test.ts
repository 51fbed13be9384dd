// Tests src/start/check-config.ts, src/store/postgresql/connect.ts, src/store/postgresql/errors.ts,
// src/config/database-config.ts
import { afterEach, beforeEach, expect, inject, it } from 'vitest';
import { checkConfig } from '../../src/start/check-config.js';
import { readConfig } from '../../src/config/config.js';
import { readEnvironment } from '../../src/config/env.js';
import { freshDatabase, ownerRole, query, type TestDatabase } from '../helpers/postgresql/databases.js';
import { install, type Installation, written } from '../helpers/misconfigurations.js';
import { temporaryDirectory } from '../helpers/temporary-directory.js';

let directory: ReturnType<typeof temporaryDirectory>;
let installation: Installation;
let database: TestDatabase;
beforeEach(async () => {
  directory = temporaryDirectory();
  installation = await install(directory.path);
  database = await freshDatabase(inject('databases'));
});
afterEach(async () => {
  await database.drop();
  directory.remove();
});

const check = (url: string) => {
  const environment = { ...written(installation), DATABASE_URL: url };
  return checkConfig(readConfig(readEnvironment(environment)), new Date());
};
const changed = (change: (url: URL) => void): string => {
  const url = new URL(database.url);
  change(url);
  return url.href;
};

it('finds the tables of this version, and changes nothing', async () => {
  expect(await check(database.url)).toMatchObject({ errors: [], database: { pending: 0, issuers: [] } });
});

it('names host, port, database, user and remedy where a connection is refused, and never the password', async () => {
  const { hostname, port, pathname, password } = new URL(database.url);
  const at = (name: string, user = 'kubepass') =>
    `DATABASE_URL: PostgreSQL on ${hostname}, port ${port}, database "${name}", user "${user}": `;
  const name = pathname.slice(1);
  const one = async (url: string) => {
    const { errors } = await check(url);
    expect(errors.join()).not.toMatch(new RegExp(`${password}|wrong-password`));
    return errors;
  };
  expect(await one(changed((url) => (url.password = 'wrong-password')))).toEqual([
    `${at(name)}password authentication failed for user "kubepass"; mend user and password in the URL (percent-encoded where need be) or PGPASSWORD, or pg_hba.conf`,
  ]);
  expect(await one(changed((url) => (url.password = '')))).toEqual([
    expect.stringMatching(/: give the password in the URL|; give the password in the URL/),
  ]);
  expect(await one(changed((url) => (url.pathname = '/nowhere')))).toEqual([
    `${at('nowhere')}database "nowhere" does not exist; make the database as docs/postgresql.md says, or mend its name in the URL`,
  ]);
  expect(await one(changed((url) => url.searchParams.set('sslmode', 'verify-full')))).toEqual([
    expect.stringMatching(/does not support SSL.*; turn on TLS there, or say sslmode=disable/),
  ]);
  expect(await one(changed((url) => (url.search = '?sslmode=verify-full&sslrootcert=/nowhere/ca.crt')))).toEqual([
    expect.stringContaining('a file that the parameters of the URL name cannot be read: ENOENT'),
  ]);
});

it('says who has to migrate where this role may not, and applies nothing', async () => {
  await query(database.ownerUrl, async (client) => {
    await client.query(
      `DELETE FROM "_prisma_migrations" WHERE "migration_name" = (SELECT max("migration_name") FROM "_prisma_migrations")`,
    );
  });
  expect((await check(database.url)).errors).toEqual([
    expect.stringMatching(
      /^DATABASE_URL: migration \d+_\w+ is not applied, and this role may not: run `kubepass migrate`/,
    ),
  ]);
  expect(await check(database.ownerUrl)).toMatchObject({ errors: [], database: { pending: 1 } });
});

it('tells an empty database from one without rights', async () => {
  const empty = await freshDatabase({ ...inject('databases'), template: 'template0' });
  const admin = new URL(inject('databases').adminUrl);
  admin.pathname = new URL(empty.url).pathname;
  await query(admin.href, (client) => client.query(`ALTER SCHEMA public OWNER TO ${ownerRole}`));
  expect(await check(empty.ownerUrl)).toMatchObject({ errors: [], database: { pending: null } });
  expect((await check(empty.url)).errors).toEqual([
    expect.stringContaining('this role may not: run `kubepass migrate`'),
  ]);
  await empty.drop();
});
