import { resolve } from 'node:path';
import { complain, print, runProgram } from '@kubepass/inspect/command-line';
import { messageOf } from '@kubepass/x509';
import { drillUpgrade, inWords } from '../backup/upgrade-drill.js';
import { loadConfig } from '../config/config.js';
import { readEnvironment } from '../config/env.js';

const usage = `usage: kubepass upgrade drill [--data-dir DIR] [--config FILE]

Tries the upgrade to this version on a copy of the configured SQLite database, while the service of the older version
may run. The options come before the environment. Exit code: 1 where the upgrade would not work.
`;
const options = { 'data-dir': { type: 'string' }, config: { type: 'string' } } as const;

const program = { name: 'kubepass upgrade drill', usage, options, takesArguments: false } as const;

/** `kubepass upgrade drill`. */
export const run = (args: readonly string[]): Promise<void> =>
  runProgram(program, args, async ({ values }) => {
    const { 'data-dir': dataDir, config: configFile } = values;
    try {
      const config = loadConfig({
        ...readEnvironment(),
        ...(dataDir !== undefined && { dataDir: resolve(dataDir) }),
        ...(configFile !== undefined && { configFile: resolve(configFile) }),
      });
      const { seconds, counts, newer } = await drillUpgrade(config);
      if (newer !== null) print(`${newer}\n`);
      print(`the copy was migrated in ${seconds.toFixed(1)} s and has ${inWords(counts)}; its audit log verifies\n`);
      return 0;
    } catch (error) {
      complain(`the upgrade would not work: ${messageOf(error)}\n`);
      return 1;
    }
  });
