import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { freePort } from '../../test/helpers/free-ports.js';
import type { Target } from '../load/http-connection.js';
import type { Peers } from './build-peers.js';
import type { Contender, SigningJob } from './contender.js';
import { PeerProcess } from './peer-process.js';
import { filesStorage, type Storage } from './storage.js';

const host = '127.0.0.1';

/** The same certificate that the service issues: for clients, for an hour. */
const config = { signing: { default: { usages: ['digital signature', 'client auth'], expiry: '1h' } } };

/** The database of certdb, with its tables. */
export interface Certdb {
  readonly driver: 'sqlite3' | 'postgres';
  readonly source: string;
  readonly storage: Storage;
}

/** SQLite with the driver's own settings. */
export function certdbInFile(directory: string, schema: string): Certdb {
  const source = join(directory, 'certdb.sqlite');
  if (!existsSync(source)) new Database(source).exec(schema).close();
  return { driver: 'sqlite3', source, storage: filesStorage(source) };
}

/**
 * Starts `cfssl serve`, which signs any CSR from anybody. It knows no callers, has no policies, and records nothing
 * without `certdb`.
 */
export async function startCfssl(
  { program }: NonNullable<Peers['cfssl']>,
  directory: string,
  job: SigningJob,
  certdb: Certdb | null,
): Promise<Contender> {
  const file = (name: string, text: string) => {
    writeFileSync(join(directory, name), text);
    return join(directory, name);
  };
  const target: Target = { host, port: await freePort(), ca: null };
  const dbConfig = certdb && JSON.stringify({ driver: certdb.driver, data_source: certdb.source });
  const cfssl = new PeerProcess(
    program,
    [
      'serve',
      ...['-address', host, '-port', String(target.port), '-loglevel', '3'],
      ...['-ca', job.certFile, '-ca-key', job.keyFile],
      ...['-config', file('config.json', JSON.stringify(config))],
      ...(dbConfig === null ? [] : ['-db-config', file('db.json', dbConfig)]),
    ],
    join(directory, 'cfssl.log'),
  );
  const readyMilliseconds = await cfssl.untilReady(target);
  return {
    target,
    pid: cfssl.pid,
    database: null,
    readyMilliseconds,
    storage: certdb?.storage ?? null,
    expectedStatus: 200,
    requestFor: (csr) => ({
      path: '/api/v1/cfssl/sign',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ certificate_request: csr }),
    }),
    certificateIn: (body) => (JSON.parse(body) as { result: { certificate: string } }).result.certificate,
    hold: () => cfssl.hold(),
    release: () => cfssl.release(),
    stop: () => cfssl.stop(),
  };
}
