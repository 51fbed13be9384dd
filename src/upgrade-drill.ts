import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { drillUpgrade, inWords } from './backup/upgrade-drill.js';
import { loadConfig } from './config/config.js';
import { readEnvironment } from './config/env.js';

/**
 * `npm run upgrade:drill` tries the upgrade to this version on a copy of the configured SQLite database, while the
 * service of the older version may run. It ends with 1 where that fails. The options come before the environment.
 */
try {
  const { values } = parseArgs({ options: { 'data-dir': { type: 'string' }, config: { type: 'string' } } });
  const { 'data-dir': dataDir, config: configFile } = values;
  const environment = readEnvironment();
  const config = loadConfig({
    ...environment,
    ...(dataDir !== undefined && { dataDir: resolve(dataDir) }),
    ...(configFile !== undefined && { configFile: resolve(configFile) }),
  });
  const { seconds, counts } = await drillUpgrade(config);
  process.stdout.write(
    `the copy was migrated in ${seconds.toFixed(1)} s and has ${inWords(counts)}; its audit log verifies\n`,
  );
} catch (error) {
  process.stderr.write(`the upgrade would not work: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
