import { recoverAdminToken } from './compose/api-tokens.js';
import { loadConfig } from './config/config.js';
import { readEnvironment } from './config/env.js';

/** `npm run admin-token` makes an admin token after a lock-out. With SQLite the service must not be running. */
try {
  const file = await recoverAdminToken(loadConfig(readEnvironment()));
  process.stdout.write(`a new admin token is in ${file}\n`);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
