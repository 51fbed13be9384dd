/**
 * The service as a child process that kills itself with SIGKILL at a named point of the issuance. `CRASH_AT` names the
 * point, and `CRASH_ON` counts the passages (1, 2, …). Without `CRASH_AT` it is the unchanged service, with a clock
 * that is `CLOCK_AHEAD_SECONDS` ahead. SIGUSR2 ends the writer thread.
 */
import type { Worker } from 'node:worker_threads';
import { buildApp } from '../../src/start/app.js';
import { compose } from '../../src/start/compose.js';
import { loadConfig } from '../../src/config/config.js';
import type { ClusterConnection } from '../../src/kubernetes/cluster-connection.js';
import type { CsrObjects } from '../../src/kubernetes/csr-object.js';
import { readEnvironment } from '../../src/config/env.js';
import { createLogger } from '../../src/observability/logger.js';
import type { Signer } from '../../src/signing/signer.js';
import type { Step, Writer } from '../../src/store/steps/step.js';
import { signingBy } from '../helpers/signers.js';
import type { CrashPoint } from './crash-points.js';
import { executes } from '../helpers/operations.js';

const crashAt = process.env['CRASH_AT'] as CrashPoint | undefined;
let passagesLeft = Number(process.env['CRASH_ON'] ?? 1);

function pass(point: CrashPoint): void {
  if (point !== crashAt) return;
  passagesLeft -= 1;
  if (passagesLeft === 0) process.kill(process.pid, 'SIGKILL');
}

const tellsOf = (step: Step, type: string) => step.events.some((event) => event.type === type);

const createdFirst = 'after the object is created, before the intent is committed';
const created = Promise.withResolvers<undefined>();
const intended = Promise.withResolvers<undefined>();

const crashingWriter = (writer: Writer): Writer => ({
  async commit(step) {
    if (tellsOf(step, 'IssuanceStarted')) {
      pass('before the intent is committed');
      if (crashAt === createdFirst) await created.promise;
      pass(createdFirst);
    }
    if (tellsOf(step, 'CertificateIssued')) pass('before the outcome is committed');
    if (tellsOf(step, 'CertificateExpiring')) pass('before the announcement is committed');
    if (executes(step, '"ExpiryProgress"')) pass('before it is remembered how far the announcements have come');
    if (tellsOf(step, 'IssuerActivated')) pass('before the activation is committed');
    const result = await writer.commit(step);
    if (tellsOf(step, 'IssuerActivated')) pass('after the activation is committed');
    if (tellsOf(step, 'IssuanceStarted')) {
      pass('after the intent is committed');
      intended.resolve(undefined);
    }
    if (tellsOf(step, 'CertificateIssued')) pass('after the outcome is committed');
    if (tellsOf(step, 'CertificateExpiring')) pass('after the announcement is committed');
    if (tellsOf(step, 'IdentityBlocked')) pass('after a block is committed, before it is in the list');
    if (tellsOf(step, 'IdentityUnblocked')) pass('after the end of a block is committed, before it is in the list');
    if (tellsOf(step, 'ApiTokenRevoked')) pass('after the end of a token is committed, before it is in the list');
    if (executes(step, 'UPDATE "IdempotencyKey"')) pass('after the answer is recorded');
    return result;
  },
});

const crashingSigner = (signer: Signer): Signer =>
  signingBy(signer, async (sign) => {
    pass('before the signature');
    const certificate = await sign();
    pass('after the signature');
    return certificate;
  });

const crashingConnection = (connection: ClusterConnection): ClusterConnection => {
  const { csrs } = connection;
  const crashing: CsrObjects = {
    async create(csr) {
      const object = await csrs.create(csr);
      created.resolve(undefined);
      // The object is created beside the commit. Here the process dies when both are done.
      if (crashAt !== createdFirst) await intended.promise;
      pass('after the object is created');
      return object;
    },
    async approve(csr, reason, message) {
      const approved = await csrs.approve(csr, reason, message);
      pass('after the object is approved');
      return approved;
    },
    find: (name) => csrs.find(name),
    list: () => csrs.list(),
    delete: (csr) => csrs.delete(csr),
  };
  return new Proxy(connection, {
    get: (target, property) => {
      if (property === 'csrs') return crashing;
      const value: unknown = Reflect.get(target, property, target);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
};

let writerThread: Worker | undefined;
process.on('worker', (thread) => {
  if (thread.threadName === 'writer-thread') writerThread = thread;
});
process.on('SIGUSR2', () => void writerThread?.terminate());

const logger = createLogger();
const config = loadConfig(readEnvironment());
const aheadMilliseconds = Number(process.env['CLOCK_AHEAD_SECONDS'] ?? 0) * 1000;
const { context, begin, browsers } = await compose(config, logger, {
  clock: () => new Date(Date.now() + aheadMilliseconds),
  writer: crashingWriter,
  signer: crashingSigner,
  connection: crashingConnection,
});
const app = buildApp(context, {
  ...{ logger },
  browsers,
  ...(config.publicAddress && { publicUrl: config.publicAddress.url }),
});
const address = await app.listen({ host: config.host, port: config.port });
void begin();
process.send?.({ address });
