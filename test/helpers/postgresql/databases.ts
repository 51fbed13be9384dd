import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { grantServiceRights } from '../../../src/store/postgresql/grant.js';
import { migratePostgresql } from '../../../src/store/postgresql/migrate-postgresql.js';
import type { PostgresqlServer } from './server.js';

/** The roles of `deploy/postgresql/roles.sql`: one owns the tables, and the service runs as the other. */
export const ownerRole = 'kubepass_owner';
export const serviceRole = 'kubepass';

export interface TestDatabase {
  /** The URL that the service has. */
  readonly url: string;
  readonly ownerUrl: string;
  drop(): Promise<void>;
}

/** The data with which a worker makes its own databases. */
export interface DatabaseSource {
  readonly adminUrl: string;
  readonly template: string;
}

/**
 * Makes the roles, and a database that the others are copied from. Its owner has migrated it, and the service has its
 * rights.
 */
export async function prepareDatabases(server: PostgresqlServer): Promise<DatabaseSource> {
  const adminUrl = server.urlOf('postgres');
  const template = 'kubepass_template';
  await query(adminUrl, async (client) => {
    for (const role of [ownerRole, serviceRole])
      await client.query(`CREATE ROLE ${role} LOGIN PASSWORD ${client.escapeLiteral(new URL(adminUrl).password)}`);
    await client.query(`CREATE DATABASE ${template} OWNER ${ownerRole}`);
  });
  const ownerUrl = server.urlOf(template, ownerRole);
  await query(server.urlOf(template), (client) => client.query(`ALTER SCHEMA public OWNER TO ${ownerRole}`));
  await migratePostgresql(ownerUrl);
  await grantServiceRights(ownerUrl, serviceRole);
  return { adminUrl, template };
}

/** A database with the service's schema and no rows; `template0`: without the schema too. */
export async function freshDatabase({ adminUrl, template }: DatabaseSource): Promise<TestDatabase> {
  const name = `test_${randomBytes(8).toString('hex')}`;
  // In memory this takes a third of the time of the other strategy, which writes each page into the log of changes.
  await asAdmin(adminUrl, `CREATE DATABASE ${name} TEMPLATE ${template} OWNER ${ownerRole} STRATEGY FILE_COPY`);
  const urlAs = (role: string) => {
    const url = new URL(adminUrl);
    url.username = role;
    url.pathname = name;
    return url.href;
  };
  return {
    url: urlAs(serviceRole),
    ownerUrl: urlAs(ownerRole),
    drop: () => asAdmin(adminUrl, `DROP DATABASE ${name} WITH (FORCE)`),
  };
}

/** A worker makes and drops hundreds of databases, and a connection costs as much as a third of that. */
const admins = new Map<string, Promise<pg.Client>>();

/** Runs SQL on the worker's own connection to a server, which stays open until the server or the worker ends. */
async function asAdmin(adminUrl: string, sql: string): Promise<void> {
  const admin = admins.get(adminUrl) ?? connectAdmin(adminUrl);
  admins.set(adminUrl, admin);
  await (await admin).query(sql);
}

async function connectAdmin(adminUrl: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: adminUrl });
  const forget = () => admins.delete(adminUrl);
  client.on('error', forget).on('end', forget);
  try {
    await client.connect();
  } catch (error) {
    forget();
    throw error;
  }
  return client;
}

export async function query<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
