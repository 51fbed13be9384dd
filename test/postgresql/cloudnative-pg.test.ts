// Tests deploy/postgresql/cloudnative-pg.yaml, deploy/postgresql/roles.sql
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { query } from '../helpers/postgresql/databases.js';
import { type PostgresqlServer, startPostgresql } from '../helpers/postgresql/server.js';

const cluster = parse(readFileSync('deploy/postgresql/cloudnative-pg.yaml', 'utf8')) as {
  readonly metadata: { readonly name: string; readonly namespace: string };
  readonly spec: {
    readonly bootstrap: {
      readonly initdb: {
        readonly database: string;
        readonly owner: string;
        readonly secret: { readonly name: string };
        readonly postInitApplicationSQL: readonly string[];
      };
    };
    readonly managed: {
      readonly roles: readonly { readonly name: string; readonly passwordSecret: { readonly name: string } }[];
    };
  };
};
const { database, owner, secret, postInitApplicationSQL } = cluster.spec.bootstrap.initdb;
const [service] = cluster.spec.managed.roles;

/** The statements of `roles.sql`, those before `\connect` and those behind it. */
const [clusterWide = [], inDatabase = []] = readFileSync('deploy/postgresql/roles.sql', 'utf8')
  .replaceAll(/^--.*$/gm, '')
  .split('\\connect kubepass\n')
  .map((part) =>
    part
      .split(';')
      .map((statement) => statement.trim())
      .filter((statement) => statement !== ''),
  );

describe('deploy/postgresql/cloudnative-pg.yaml', () => {
  let server: PostgresqlServer;
  beforeAll(async () => {
    server = await startPostgresql({ durable: false });
  });
  afterAll(() => server.remove());

  const run = (name: string, statements: readonly string[]) =>
    query(server.urlOf(name), async (client) => {
      for (const statement of statements) await client.query(statement);
    });

  /** The owners and rights of the database and its schema, and the attributes of the roles. */
  const rights = () =>
    query(server.urlOf(database), async (client) => {
      const { rows } = await client.query(`
        SELECT pg_get_userbyid(d.datdba) AS "owner", d.datacl::text AS "databaseRights", d.encoding,
          pg_get_userbyid(n.nspowner) AS "schemaOwner", n.nspacl::text AS "schemaRights",
          (SELECT json_agg(json_build_array(rolname, rolcanlogin, rolsuper, rolcreaterole, rolcreatedb, rolbypassrls) ORDER BY rolname)
             FROM pg_roles WHERE rolname LIKE 'kubepass%') AS "roles"
        FROM pg_database d, pg_namespace n WHERE d.datname = current_database() AND n.nspname = 'public'`);
      return rows as unknown;
    });

  it('gives the rights that roles.sql gives', async () => {
    // As the operator does: the owner and the database first, then the statements, as a superuser in the database.
    await run('postgres', [`CREATE ROLE ${owner} LOGIN`, `CREATE DATABASE ${database} OWNER ${owner} ENCODING 'UTF8'`]);
    await run(database, postInitApplicationSQL);
    const given = await rights();
    // The role may be there already.
    await run(database, postInitApplicationSQL);
    expect(await rights()).toEqual(given);

    await run('postgres', [
      `DROP DATABASE ${database}`,
      ...[owner, service?.name ?? ''].map((role) => `DROP ROLE ${role}`),
    ]);
    await run('postgres', clusterWide);
    await run(database, inDatabase);
    expect(await rights()).toEqual(given);
  });

  it('fits to the values that ci/ has for it, and holds no password', () => {
    const { postgresql } = (
      parse(readFileSync('deploy/chart/kubepass/ci/ha-cnpg-values.yaml', 'utf8')) as {
        readonly database: { readonly postgresql: object };
      }
    ).database;
    const login = (username: string, name: string) => ({ username, passwordSecret: { name } });
    expect(postgresql).toEqual({
      host: `${cluster.metadata.name}-rw`,
      caSecret: { name: `${cluster.metadata.name}-ca`, key: 'ca.crt' },
      service: login('kubepass', service?.passwordSecret.name ?? ''),
      owner: login('kubepass_owner', secret.name),
    });
    expect([database, owner, service?.name]).toEqual(['kubepass', 'kubepass_owner', 'kubepass']);
    expect(postInitApplicationSQL.join(';')).not.toMatch(/PASSWORD/i);
  });
});
