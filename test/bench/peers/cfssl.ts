import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { freePort } from '../../helpers/free-ports.js';
import type { Target } from '../load/http-connection.js';
import type { Peers } from './build-peers.js';
import type { Contender, SigningJob } from './contender.js';
import { PeerProcess } from './peer-process.js';
import { filesStorage } from './storage.js';

const host = '127.0.0.1';

/** The same certificate that the service issues: for clients, for an hour. */
const config = { signing: { default: { usages: ['digital signature', 'client auth'], expiry: '1h' } } };

/**
 * Starts `cfssl serve`, which signs any CSR from anybody. It knows no callers, has no policies, and records nothing
 * unless `certdb` is set. certdb is SQLite with the driver's own settings.
 */
export async function startCfssl(
  { program, certdbSchema }: NonNullable<Peers['cfssl']>,
  directory: string,
  job: SigningJob,
  { certdb }: { readonly certdb: boolean },
): Promise<Contender> {
  const file = (name: string, text: string) => {
    writeFileSync(join(directory, name), text);
    return join(directory, name);
  };
  const target: Target = { host, port: await freePort(), ca: null };
  const database = join(directory, 'certdb.sqlite');
  if (certdb && !existsSync(database)) new Database(database).exec(certdbSchema).close();
  const cfssl = new PeerProcess(
    program,
    [
      'serve',
      ...['-address', host, '-port', String(target.port), '-loglevel', '3'],
      ...['-ca', job.certFile, '-ca-key', job.keyFile],
      ...['-config', file('config.json', JSON.stringify(config))],
      ...(certdb ? ['-db-config', file('db.json', JSON.stringify({ driver: 'sqlite3', data_source: database }))] : []),
    ],
    join(directory, 'cfssl.log'),
  );
  const readyMilliseconds = await cfssl.untilReady(target);
  return {
    target,
    pid: cfssl.pid,
    databasePid: null,
    readyMilliseconds,
    storage: certdb ? filesStorage(database) : null,
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
