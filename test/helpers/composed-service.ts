import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { compose, type Composition, type Overrides } from '../../src/compose/compose.js';
import { loadConfig } from '../../src/config/config.js';
import { readEnvironment } from '../../src/config/env.js';
import { testPolicies } from './issuance.js';

export interface LogLine {
  readonly level: 'info' | 'warn' | 'error';
  readonly fields: object;
  readonly message: string;
}

/** The service on a data dir, wired as the process does it, without HTTP. `log` receives its log lines. */
export function composeOn(
  directory: string,
  environment: Readonly<Record<string, string>> = {},
  overrides: Overrides = {},
  log: LogLine[] = [],
): Promise<Composition> {
  const policiesDir = join(directory, 'policies');
  mkdirSync(policiesDir, { recursive: true });
  writeFileSync(join(policiesDir, 'test.yaml'), testPolicies);
  const config = loadConfig(
    readEnvironment({ KUBEPASS_DATA_DIR: join(directory, 'data'), KUBEPASS_POLICIES_DIR: policiesDir, ...environment }),
  );
  const lines = (level: LogLine['level']) => (fields: object, message: string) => {
    log.push({ level, fields, message });
  };
  return compose(
    config,
    { info: lines('info'), warn: lines('warn'), error: lines('error') },
    {
      writerThread: false,
      cryptoThread: false,
      ...overrides,
    },
  );
}
