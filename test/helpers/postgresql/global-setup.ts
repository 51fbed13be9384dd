import type { TestProject } from 'vitest/node';
import { prepareDatabases, type DatabaseSource } from './databases.js';
import { startPostgresql, type PostgresqlServer } from './server.js';

declare module 'vitest' {
  interface ProvidedContext {
    readonly databases: DatabaseSource;
  }
}

let server: PostgresqlServer | undefined;

/** One server for all tests of a run; each store that a test opens is its own database. */
export async function setup(project: TestProject): Promise<void> {
  server = await startPostgresql({ durable: false });
  project.provide('databases', await prepareDatabases(server));
}

export async function teardown(): Promise<void> {
  await server?.remove();
}
