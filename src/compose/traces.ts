import { readFile } from 'node:fs/promises';
import type { Config } from '../config/config.js';
import { readSecretFile } from '../config/secrets.js';
import type { Log } from '../context/context.js';
import { untraced, type RequestTracing, type Tracing } from '../model/tracing.js';

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
