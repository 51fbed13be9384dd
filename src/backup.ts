import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { backUpDatabase, filesApart } from './backup/backup.js';
import { verifiedInWords } from './backup/verify-database.js';
import { loadConfig } from './config/config.js';
import { readEnvironment } from './config/env.js';

const usage = 'usage: backup FILE\n';

/** `npm run backup -- FILE` writes a backup of the SQLite database, also while the service runs. */
try {
  const { positionals } = parseArgs({ allowPositionals: true });
  const [file, ...others] = positionals;
  if (file === undefined || others.length > 0) throw new TypeError(usage);
  const config = loadConfig(readEnvironment());
  const verified = await backUpDatabase(config, resolve(file));
  const apart = filesApart(config).map(({ path, what, secret }) => `  ${path}${secret ? ' (secret)' : ''}: ${what}\n`);
  process.stdout.write(
    `the database is in ${file}; ${verifiedInWords(verified)}\n` +
      `it holds the database alone. Keep a copy of these in another place:\n${apart.join('')}`,
  );
} catch (error) {
  process.stderr.write(`${(error instanceof Error ? error.message : String(error)).trimEnd()}\n`);
  process.exitCode = error instanceof TypeError ? 2 : 1;
}
