import { randomUUID } from 'node:crypto';
import type { ClusterConnection } from '../kubernetes/cluster-connection.js';
import type { Config } from '../config/config.js';
import { prepareDataDir, readSecretFile } from '../config/secrets.js';
import type { Log } from '../context/context.js';
import { type RequestTracing, type Tracing, untraced } from '../model/tracing.js';
import type { Signer } from '../signing/signer.js';
import type { Writer } from '../store/steps/step.js';
import { publicRandomOctets } from '@kubepass/x509';
import type { AuthenticatorOverrides } from './authenticators.js';
import { openMetrics, type OpenedMetrics } from './metrics.js';
import type { RetentionOverrides } from './retention.js';
import { readFile } from 'node:fs/promises';

/** Replacements for real parts, and wrappers around them, for tests. */
export interface Overrides extends RetentionOverrides, AuthenticatorOverrides {
  readonly clock?: () => Date;
  readonly writer?: (writer: Writer) => Writer;
  /** Whether SQLite's writer gets a thread of its own, as it does unless a test has too many services to start. */
  readonly writerThread?: boolean;
  /** The same for the thread that makes and verifies signatures with P-256. */
  readonly cryptoThread?: boolean;
  readonly signer?: (signer: Signer) => Signer;
  readonly connection?: (connection: ClusterConnection) => ClusterConnection;
  /** How often the outbox of webhooks is looked through. */
  readonly webhookRoundMilliseconds?: number;
  /** How often the files of certificates and secrets are looked at. */
  readonly tlsRoundMilliseconds?: number;
  /** How often the policies' files are looked at. */
  readonly policyRoundMilliseconds?: number;
  /** How often housekeeping has a round. */
  readonly housekeepingMilliseconds?: number;
  /** How often the figures of the database are counted. */
  readonly countMilliseconds?: number;
  /** How long one text of metrics is told. */
  readonly metricsTextMilliseconds?: number;
}

/** The surroundings in which every part of this process is opened. */
export interface Runtime {
  readonly config: Config;
  readonly overrides: Overrides;
  readonly clock: () => Date;
  /** Octets that others may see, for ids. */
  readonly random: (octets: number) => Buffer;
  /** Identifies this process as the owner of the attempts it works on. */
  readonly owner: string;
  readonly log: Log;
  readonly tracing: Tracing;
  /** Null where nobody collects traces. */
  readonly requestTracing: RequestTracing | null;
  readonly metrics: OpenedMetrics;
  /** How often the files of certificates and secrets are looked at. */
  readonly intervalMilliseconds: number;
  /** Takes how each part is closed when the part is open. */
  readonly closings: Closings;
}

/** Opens the way to traces and metrics, and prepares the data dir. */
export async function openRuntime(
  config: Config,
  givenLog: Log,
  overrides: Overrides,
  closings: Closings,
): Promise<Runtime> {
  const clock = overrides.clock ?? (() => new Date());
  const traces = await openTraces(config, givenLog);
  const { tracing } = traces;
  closings.push(() => traces.close());
  const log = tracedLog(givenLog, tracing);
  const warning = await prepareDataDir(config.dataDir);
  if (warning !== null) log.warn({}, warning);
  return {
    config,
    overrides,
    clock,
    random: publicRandomOctets(),
    owner: randomUUID(),
    log,
    tracing,
    requestTracing: traces.requests,
    metrics: openMetrics(config, clock, overrides.metricsTextMilliseconds),
    intervalMilliseconds: overrides.tlsRoundMilliseconds ?? 5_000,
    closings,
  };
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

export interface OpenedTraces {
  readonly tracing: Tracing;
  /** Null where nobody collects traces. */
  readonly requests: RequestTracing | null;
  close(): Promise<void>;
}

/** Opens the way to the collector of traces, if there is one. Nothing of OpenTelemetry is loaded otherwise. */
export async function openTraces({ tracing: config }: Config, log: Log): Promise<OpenedTraces> {
  if (config === null) return { tracing: untraced, requests: null, close: () => Promise.resolve() };
  for (const warning of config.warnings) log.warn({}, warning);
  const { url, sampler, certificateAuthorityFile, clientCertificate } = config;
  const certificateAuthority = certificateAuthorityFile === null ? null : await readFile(certificateAuthorityFile);
  const client = clientCertificate && {
    cert: await readFile(clientCertificate.certFile),
    key: await secretIn(clientCertificate.keyFile, log),
  };
  const { openTraces: open } = await import('../observability/traces/open-traces.js');
  const { tracing, close } = open({
    ...{ url, sampler, certificateAuthority, log },
    clientCertificate: client,
  });
  log.info({ ...sampler }, 'spans go to a collector of traces');
  return { tracing, requests: tracing, close };
}

async function secretIn(file: string, log: Log): Promise<Buffer> {
  const { content, warning } = await readSecretFile(file);
  if (warning !== null) log.warn({}, warning);
  return content;
}

/** A log whose lines name the trace that is under way. */
export function tracedLog(log: Log, tracing: Tracing): Log {
  if (tracing === untraced) return log;
  const named = (fields: object): object => {
    const traceId = tracing.traceId();
    return traceId === null ? fields : { ...fields, traceId };
  };
  return {
    info: (fields, message) => {
      log.info(named(fields), message);
    },
    warn: (fields, message) => {
      log.warn(named(fields), message);
    },
    error: (fields, message) => {
      log.error(named(fields), message);
    },
  };
}
