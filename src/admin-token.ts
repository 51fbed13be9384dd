import { runProgram } from '@kubepass/inspect/command-line';
import { recoverAdminToken } from './compose/api-tokens.js';
import { loadConfig } from './config/config.js';
import { readEnvironment } from './config/env.js';
import { createLogger } from './observability/logger.js';

const usage = `usage: admin-token

Makes an admin token after a lock-out. With SQLite the service must not be running.
`;

/** `npm run admin-token`. */
await runProgram({ name: 'admin-token', usage, options: {}, takesArguments: false }, async () => {
  const { file, token } = await recoverAdminToken(loadConfig(readEnvironment()));
  const { id, name, breakGlass, expiresAt } = token;
  if (breakGlass) createLogger().warn({ tokenId: id, principal: name, expiresAt }, 'a break-glass token was made');
  process.stdout.write(`a new ${breakGlass ? 'break-glass token, for an hour,' : 'admin token'} is in ${file}\n`);
  return 0;
});
