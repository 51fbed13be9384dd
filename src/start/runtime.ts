import { readFile } from 'node:fs/promises';
import type { Config } from '../config/config.js';
import { readSecretFile } from '../config/secrets.js';
import type { TracingConfig } from '../config/tracing-config.js';
import type { Log } from '../context/context.js';
import type { ProbeTimes } from '../context/under-way.js';
import type { ClusterConnection } from '../kubernetes/cluster-connection.js';
import type { Tracing } from '../model/tracing.js';
import type { Metrics } from '../observability/metrics/metrics.js';
import type { Signer } from '../signing/signer.js';
import type { Writer } from '../store/steps/step.js';
import type { Store } from '../store/store.js';
import type { ThreadTimes } from '../workers/worker-pool.js';
import type { FilesInForce } from './in-force.js';

/** Replacements for real parts, and wrappers around them, for tests. */
export interface Overrides {
  readonly clock?: () => Date;
  readonly writer?: (writer: Writer) => Writer;
  /** Whether SQLite's writer gets a thread of its own, as it does unless a test has too many services to start. */
  readonly writerThread?: boolean;
  /** The same for the thread that makes and verifies signatures with P-256. */
  readonly cryptoThread?: boolean;
  readonly signer?: (signer: Signer) => Signer;
  readonly connection?: (connection: ClusterConnection) => ClusterConnection;
  /** Finds the tokens of callers. */
  readonly tokenReader?: (reader: Store['apiTokens']) => Store['apiTokens'];
  /** How often the audit log tells of the uses of a break-glass token. */
  readonly breakGlassMilliseconds?: number;
  /** How often the log is looked through for rows that the database lost. */
  readonly lostRowsMilliseconds?: number;
  /** How often the outbox of webhooks is looked through. */
  readonly webhookRoundMilliseconds?: number;
  /** How often the files of certificates and secrets are looked at. */
  readonly tlsRoundMilliseconds?: number;
  /** How often the policies' files are looked at. */
  readonly policyRoundMilliseconds?: number;
  /** How long threads may take that inspect uploads and try policies out. */
  readonly threadTimes?: Partial<ThreadTimes>;
  /** How often housekeeping has a round. */
  readonly housekeepingMilliseconds?: number;
  /** How often the figures of the database are counted. */
  readonly countMilliseconds?: number;
  /** How long one text of metrics is told. */
  readonly metricsTextMilliseconds?: number;
  readonly retentionRoundMilliseconds?: number;
  readonly probeTimes?: ProbeTimes;
  /** How many events an archive has at most; a multiple of 256. */
  readonly eventsPerArchive?: number;
}

/** The surroundings in which the parts of this process are opened. */
export interface Runtime {
  readonly config: Config;
  readonly overrides: Overrides;
  readonly clock: () => Date;
  readonly log: Log;
  readonly tracing: Tracing;
  readonly metrics: Metrics;
  /** The files of certificates and secrets, which are read again. */
  readonly files: FilesInForce;
  readonly store: Store;
  /** Takes how each part is closed when the part is open. */
  readonly closings: Closings;
}

/** Closes the parts that are open, the last one first. */
export class Closings {
  readonly #closings: (() => Promise<void> | void)[] = [];

  push(close: () => Promise<void> | void): void {
    this.#closings.push(close);
  }

  /** Closes each part once, however often it is called. */
  async close(): Promise<void> {
    for (const close of this.#closings.splice(0).reverse()) await close();
  }
}

/** Opens the way to the collector of traces; null where there is none. Nothing of OpenTelemetry is loaded then. */
export async function openTraces({ tracing: config }: Config, log: Log) {
  if (config === null) return null;
  for (const warning of config.warnings) log.warn({}, warning);
  const { url, sampler } = config;
  const { certificateAuthority, client } = await readTracingFiles(config, log);
  const { openTraces: open } = await import('../observability/traces/open-traces.js');
  const traces = open({ url, sampler, certificateAuthority, clientCertificate: client, log });
  log.info({ ...sampler }, 'spans go to a collector of traces');
  return traces;
}

/** Reads the files with which the collector of traces is called; null in place of those that are not named. */
export async function readTracingFiles(
  { certificateAuthorityFile, clientCertificate }: TracingConfig,
  remarks: Pick<Log, 'warn'>,
) {
  return {
    certificateAuthority: certificateAuthorityFile === null ? null : await readFile(certificateAuthorityFile),
    client: clientCertificate && {
      cert: await readFile(clientCertificate.certFile),
      key: await readSecretFile(clientCertificate.keyFile, remarks),
    },
  };
}

/** A log whose lines name the trace that is under way. */
export function tracedLog(log: Log, tracing: Tracing): Log {
  const named = (fields: object): object => {
    const traceId = tracing.traceId();
    return traceId === null ? fields : { ...fields, traceId };
  };
  return {
    info: (fields, message) => log.info(named(fields), message),
    warn: (fields, message) => log.warn(named(fields), message),
    error: (fields, message) => log.error(named(fields), message),
  };
}
