import { parseArgs } from 'node:util';
import { migrateDatabase } from './backup/open-store.js';
import { loadConfig } from './config/config.js';
import { readEnvironment } from './config/env.js';

/**
 * `npm run migrate [-- --grant-to ROLE]` migrates a PostgreSQL whose tables belong to another role than the service's.
 * DATABASE_URL is the owner's.
 */
try {
  const { values } = parseArgs({ options: { 'grant-to': { type: 'string' } } });
  const role = values['grant-to'] ?? null;
  const applied = await migrateDatabase(loadConfig(readEnvironment()), role, (message) => {
    process.stdout.write(`${message}\n`);
  });
  process.stdout.write(`applied: ${applied.join(', ') || 'nothing, the schema is up to date'}\n`);
  if (role !== null) process.stdout.write(`role ${role} may do what the service needs\n`);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
