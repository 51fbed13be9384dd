import { existsSync, lstatSync, statSync } from 'node:fs';
import { link, rename } from 'node:fs/promises';
import { dirname, isAbsolute, join } from 'node:path';
import { codeOf } from '@kubepass/x509';
import type { Config } from '../config/config.js';
import { defaultIssuer } from '../model/issuer.js';
import { syncDirectory, syncFile } from '../config/secrets.js';
import { copySqlite } from '../store/sqlite/sqlite-file.js';
import { makePrivateFile } from '../store/sqlite/process-lock.js';
import { removeDatabase } from './replace-database.js';
import {
  CommandRefusedError,
  expectDatabase,
  outOfSpace,
  type VerifiedDatabase,
  verifySqlite,
} from './verify-database.js';
import { keptCheckpointFile } from './checkpoint-beside-database.js';

/**
 * Writes a backup of the SQLite database to a new file, also while the service runs, and checks it. The file is there
 * whole or not at all. Throws `CommandRefusedError`.
 */
export async function backUpDatabase({ database }: Pick<Config, 'database'>, to: string): Promise<VerifiedDatabase> {
  if (database.kind !== 'sqlite')
    throw new CommandRefusedError('the database is PostgreSQL: make a backup with pg_dump (docs/backup.md)');
  const { file } = database;
  expectDatabase(file);
  if (!existsSync(dirname(to))) throw new CommandRefusedError(`there is no directory ${dirname(to)}`);
  if (isTaken(to)) throw new CommandRefusedError(`${to} exists, and no backup is overwritten: name another file`);
  const part = `${to}.part`;
  // It is ours alone: of two backups to one file, one is refused, and leaves the other's part alone.
  if (!madePart(part, dirname(to)))
    throw new CommandRefusedError(`${part} exists: a backup is being made, or one was cut off. If none is, remove it`);
  try {
    await copySqlite(file, part);
    const verified = await verifySqlite(part);
    await syncFile(part);
    await giveName(part, to);
    return verified;
  } catch (error) {
    throw outOfSpace(error, dirname(to)) ?? error;
  } finally {
    await removeDatabase(part);
  }
}

function madePart(part: string, directory: string): boolean {
  try {
    return makePrivateFile(part);
  } catch (error) {
    throw outOfSpace(error, directory) ?? error;
  }
}

/** Also by a symbolic link that leads nowhere. */
const isTaken = (path: string): boolean => lstatSync(path, { throwIfNoEntry: false }) !== undefined;

/** A second name, unlike a rename, fails where the name is taken. Some file systems know none. */
async function giveName(part: string, to: string): Promise<void> {
  try {
    await link(part, to);
  } catch (error) {
    const code = codeOf(error);
    if (code === 'EEXIST' || isTaken(to)) throw new CommandRefusedError(`${to} exists by now, and is not overwritten`);
    if (code !== 'EPERM' && code !== 'ENOTSUP' && code !== 'EOPNOTSUPP' && code !== 'ENOSYS') throw error;
    await rename(part, to);
  }
  await syncDirectory(dirname(to));
}

/** A file or folder that a backup of the database does not hold. */
interface FileApart {
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
    if (path === null || files.some((file) => file.path === path)) return;
    const stats = statSync(path, { throwIfNoEntry: false });
    // The socket of an agent is no file to keep.
    if (stats !== undefined && !stats.isSocket()) files.push({ path, what, secret });
  };
  add(configFile, 'the configuration');
  add(policiesDir, 'the policies');
  for (const { name, signer } of clusters) {
    if (signer.kind !== 'localCA') continue;
    for (const issuer of signer.issuers) {
      const { certFile, key, anchorFile } = issuer;
      const of = issuerInWords(issuer.name, name);
      add(certFile, `the certificate of ${of}`);
      if (key.kind === 'file') add(key.file, `the key of ${of}`, true);
      if (key.kind === 'file' && key.passphrase !== null && 'file' in key.passphrase)
        add(key.passphrase.file, `the passphrase of the key of ${of}: keep it apart from the key`, true);
      add(anchorFile, `the CAs that the API servers trust for ${of}`);
    }
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

/** Sentences about what the service depends on, and what is in no file that could be copied. */
export const secretsElsewhere = ({ clusters }: Pick<Config, 'clusters'>): readonly string[] =>
  clusters.flatMap(({ name: cluster, signer }) =>
    signer.kind === 'localCA'
      ? signer.issuers.flatMap(({ name, key }) => {
          const of = issuerInWords(name, cluster);
          if (key.kind === 'agent')
            return [`the key of ${of} is behind the agent at ${key.socket}: keep a copy by the means of what holds it`];
          return key.passphrase !== null && 'fd' in key.passphrase
            ? [`the passphrase of the key of ${of} is given at the start: without it the key is lost`]
            : [];
        })
      : [],
  );

const issuerInWords = (issuer: string, cluster: string): string =>
  issuer === defaultIssuer ? `the CA of cluster ${cluster}` : `issuer ${issuer} of cluster ${cluster}`;

/** Every path of a configuration is absolute. */
function pathsIn(value: unknown): readonly string[] {
  if (typeof value === 'string') return isAbsolute(value) ? [value] : [];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(pathsIn) : [];
}
