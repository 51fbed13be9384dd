import { complain, print, runProgram } from '@kubepass/inspect/command-line';
import { codeOf } from '@kubepass/x509';
import { adminTokenFile, readApiToken, recoverAdminToken } from '../start/api-tokens.js';
import { loadConfig, type Config } from '../config/config.js';
import { readEnvironment } from '../config/env.js';
import { createLogger } from '../observability/logger.js';

const usage = `usage: kubepass admin-token           makes an admin token
       kubepass admin-token --show    writes the token in the data dir to standard output

Makes an admin token after a lock-out. With SQLite the service must not be running. With --show it may run, and nothing
is made.
`;

const program = {
  name: 'kubepass admin-token',
  usage,
  options: { show: { type: 'boolean' } },
  takesArguments: false,
} as const;

/** `kubepass admin-token`. */
export const run = (args: readonly string[]): Promise<void> =>
  runProgram(program, args, async ({ values }) => {
    const config = loadConfig(readEnvironment());
    if (values.show === true) return show(config);
    const { file, token } = await recoverAdminToken(config);
    const { id, name, breakGlass, expiresAt } = token;
    createLogger().warn({ tokenId: id, principal: name, expiresAt }, 'an admin token was made on the host');
    print(`a new ${breakGlass ? 'break-glass token, for an hour,' : 'admin token'} is in ${file}\n`);
    return 0;
  });

/** Opens no database, so a service on SQLite may run meanwhile. */
async function show(config: Config): Promise<number> {
  const file = adminTokenFile(config);
  const remarks = { warn: (_: object, message: string) => complain(`warning: ${message}\n`) };
  try {
    print(`${await readApiToken(file, remarks)}\n`);
    return 0;
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error;
    const { firstAdminTokenFile: first } = config;
    const elsewhere =
      first === null
        ? 'the replica that started first has it; without --show, admin-token makes another one'
        : `the first admin's token is in ${first}, and so in the Secret or the file that you made`;
    throw new Error(`${file} is not there: ${elsewhere}`, { cause: error });
  }
}
