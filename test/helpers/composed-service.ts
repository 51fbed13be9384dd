import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { compose, type Composition } from '../../src/start/compose.js';
import type { Overrides } from '../../src/start/runtime.js';
import { loadConfig } from '../../src/config/config.js';
import { readEnvironment } from '../../src/config/env.js';
import type { Certificate } from '../../src/model/certificate.js';
import { testPolicies } from './issuance.js';
import { placeAuthority } from './local-authority.js';
import { placeMigratedDatabase } from './migrated-database.js';
import { admin } from './principals.js';
import { createKubeconfig } from '../../src/requests/collect-kubeconfig.js';

export interface LogLine {
  readonly level: 'info' | 'warn' | 'error';
  readonly fields: object;
  readonly message: string;
}

/**
 * The service on a data dir, wired as the process does it, without HTTP. `log` receives its log lines. A data dir that
 * is not there has an empty database and a CA after this, so that no test has to wait for them to be made.
 */
export async function composeOn(
  directory: string,
  environment: Readonly<Record<string, string>> = {},
  overrides: Overrides = {},
  log: LogLine[] = [],
): Promise<Composition> {
  const policiesDir = join(directory, 'policies');
  mkdirSync(policiesDir, { recursive: true });
  const dataDir = join(directory, 'data');
  if (!existsSync(dataDir)) {
    await placeAuthority(dataDir);
    await placeMigratedDatabase(join(dataDir, 'kubepass.db'));
  }
  writeFileSync(join(policiesDir, 'test.yaml'), testPolicies);
  const config = loadConfig(
    readEnvironment({ KUBEPASS_DATA_DIR: dataDir, KUBEPASS_POLICIES_DIR: policiesDir, ...environment }),
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

/** A certificate of team A for the username, as an admin asks for it. */
export async function issued({ context }: Composition, username: string): Promise<Certificate> {
  const ask = { username, groups: ['team-a'] };
  const outcome = await createKubeconfig(context, admin, ask, { idempotency: null });
  if (!outcome.ok || outcome.value.kind !== 'collected') throw new Error('nothing was issued');
  return outcome.value.kubeconfig.certificate;
}
