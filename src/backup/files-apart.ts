import { existsSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import type { Config } from '../config/config.js';
import { keptCheckpointFile } from './kept-checkpoint.js';

/** A file or folder that a backup of the database does not hold. */
export interface FileApart {
  readonly path: string;
  readonly what: string;
  /** Whether it may be read by nobody else. */
  readonly secret: boolean;
}

/** All files on which the service depends beside its database, as far as they exist, each once. */
export function filesApart(config: Config): readonly FileApart[] {
  const { database, dataDir, configFile, policiesDir, clusters, audit } = config;
  const files: FileApart[] = [];
  const add = (path: string | null, what: string, secret = false) => {
    if (path !== null && existsSync(path) && !files.some((file) => file.path === path))
      files.push({ path, what, secret });
  };
  add(configFile, 'the configuration');
  add(policiesDir, 'the policies');
  for (const { name, signer } of clusters) {
    if (signer.kind !== 'localCA') continue;
    add(signer.certFile, `the certificate of the CA of cluster ${name}`);
    add(signer.keyFile, `the key of the CA of cluster ${name}`, true);
  }
  for (const file of audit.checkpointKeyFiles ?? [join(dataDir, 'checkpoint.key')])
    add(file, 'a key that signs checkpoints of the audit log', true);
  if (database.kind === 'sqlite')
    add(`${database.file}.revoked.ndjson`, 'the list of revocations; the newest copy counts, not that of the backup');
  add(keptCheckpointFile(config), 'the last checkpoint; the newest copy counts, not that of the backup');
  for (const path of pathsIn({ ...config, database: null, dataDir: null }))
    add(path, 'named by the configuration', true);
  return files;
}

/** Every path of a configuration is absolute. */
function pathsIn(value: unknown): readonly string[] {
  if (typeof value === 'string') return isAbsolute(value) ? [value] : [];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(pathsIn) : [];
}
