import { print, runProgram } from '@kubepass/inspect/command-line';
import { migrateDatabase } from '../backup/open-store.js';
import { loadConfig } from '../config/config.js';
import { readEnvironment } from '../config/env.js';

const usage = `usage: kubepass migrate [--grant-to ROLE]

Migrates a PostgreSQL whose tables belong to another role than the service's. DATABASE_URL is the owner's. --grant-to
names the role of the service, which then may do what it needs.
`;
const options = { 'grant-to': { type: 'string' } } as const;

const program = { name: 'kubepass migrate', usage, options, takesArguments: false } as const;

/** `kubepass migrate [--grant-to ROLE]`. */
export const run = (args: readonly string[]): Promise<void> =>
  runProgram(program, args, async ({ values }) => {
    const role = values['grant-to'] ?? null;
    const { applied, newer } = await migrateDatabase(loadConfig(readEnvironment()), role);
    if (newer === null || applied.length > 0)
      print(`applied: ${applied.join(', ') || 'nothing, the schema is up to date'}\n`);
    if (newer !== null) print(`${newer}. No right was changed\n`);
    else if (role !== null) print(`role ${role} may do what the service needs\n`);
    return 0;
  });
