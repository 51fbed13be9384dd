import { resolve } from 'node:path';
import { print, runProgram, UsageError } from '@kubepass/inspect/command-line';
import { backUpDatabase, filesApart, secretsElsewhere } from '../backup/back-up-database.js';
import { verifiedInWords } from '../backup/verify-database.js';
import { loadConfig } from '../config/config.js';
import { readEnvironment } from '../config/env.js';

const usage = `usage: kubepass backup FILE

Writes a backup of the configured SQLite database, also while the service runs.
`;

const program = { name: 'kubepass backup', usage, options: {}, takesArguments: true } as const;

/** `kubepass backup FILE`. */
export const run = (args: readonly string[]): Promise<void> =>
  runProgram(program, args, async ({ positionals }) => {
    const [file, ...others] = positionals;
    if (file === undefined || others.length > 0) throw new UsageError('name one file');
    const config = loadConfig(readEnvironment());
    const verified = await backUpDatabase(config, resolve(file));
    const apart = filesApart(config).map(
      ({ path, what, secret }) => `  ${path}${secret ? ' (secret)' : ''}: ${what}\n`,
    );
    print(
      `the database is in ${file}; ${verifiedInWords(verified)}\n` +
        `it holds the database alone. Keep a copy of these in another place:\n${apart.join('')}` +
        secretsElsewhere(config)
          .map((sentence) => `${sentence}\n`)
          .join(''),
    );
    return 0;
  });
