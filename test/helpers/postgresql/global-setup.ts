import type { TestProject } from 'vitest/node';
import { prepareDatabases, type DatabaseSource } from './databases.js';
import { startPostgresql } from './server.js';

declare module 'vitest' {
  interface ProvidedContext {
    readonly databases: DatabaseSource;
  }
}

/** One server for all tests of a run; each store that a test opens is a database of its own. */
export default async function setUp(project: TestProject): Promise<() => Promise<void>> {
  const server = await startPostgresql({ durable: false });
  project.provide('databases', await prepareDatabases(server));
  return () => server.remove();
}
