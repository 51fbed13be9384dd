import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createSecureContext } from 'node:tls';
import type { Config } from '../config/config.js';
import { readSecretFile } from '../config/secrets.js';
import { tlsSettings, type TlsPair } from '../http/server/tls-settings.js';
import type { Log } from '../issuance/context.js';
import { watchSteadily } from '../workers/steady-watch.js';
import { fileReading } from './file-reading.js';

export interface TlsInForce {
  current(): TlsPair;
  /** Calls `use` with each later pair. */
  follow(use: (pair: TlsPair) => void): void;
  /** Reads the files now. If they cannot be served, the pair in force stays, and the log says so. */
  reload(): Promise<void>;
  stop(): void;
}

/** The files that the service shows to its callers. */
export type TlsFiles = NonNullable<Config['tls']>;

/**
 * The certificate and key of the service, kept equal to their files. A pair that cannot be served replaces none. Throws
 * where the first one cannot be served.
 */
export async function openTls(
  files: TlsFiles,
  log: Log,
  { clock, intervalMilliseconds }: { readonly clock: () => Date; readonly intervalMilliseconds: number },
): Promise<TlsInForce> {
  const look = () => fileReading([files.certFile, files.keyFile]);
  const { reading } = await look();
  let current = await load(files, log);
  const { validFrom, validTo } = current;
  if (!isValidAt(current, clock())) log.warn({ validFrom, validTo }, 'the TLS certificate is not valid now');
  let use: (pair: TlsPair) => void = () => undefined;

  const replace = async (): Promise<void> => {
    try {
      const next = await load(files, log);
      if (next.cert.equals(current.cert) && next.key.equals(current.key)) return;
      if (!isValidAt(next, clock()))
        throw new Error(`${files.certFile} is valid from ${next.validFrom} to ${next.validTo}, so not now`);
      use(next);
      current = next;
      log.info(
        { validTo: next.validTo, fingerprintSha256: next.fingerprintSha256 },
        'another TLS certificate is served',
      );
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      log.error({ reason }, 'the TLS files were changed and cannot be served: the certificate in force stays');
    }
  };
  const watch = watchSteadily({
    read: look,
    initial: reading,
    intervalMilliseconds,
    act: replace,
    onFailure(error) {
      log.error({ err: error }, 'the TLS files could not be looked at');
    },
  });
  return {
    current: () => current,
    follow(listener) {
      use = listener;
    },
    reload: () => watch.again(),
    stop: () => watch.stop(),
  };
}

interface LoadedPair {
  readonly cert: Buffer;
  readonly key: Buffer;
  readonly fingerprintSha256: string;
  readonly validFrom: string;
  readonly validTo: string;
}

const isValidAt = ({ validFrom, validTo }: LoadedPair, now: Date) =>
  new Date(validFrom) <= now && now <= new Date(validTo);

/** Reads the pair. Throws where TLS cannot be spoken with it, for example because the key belongs to another certificate. */
async function load({ certFile, keyFile }: TlsFiles, log: Log): Promise<LoadedPair> {
  const key = await readSecretFile(keyFile);
  const cert = await readFile(certFile);
  try {
    createSecureContext(tlsSettings({ cert, key: key.content }));
    const { fingerprint256, validFromDate, validToDate } = new X509Certificate(cert);
    if (key.warning !== null) log.warn({}, key.warning);
    return {
      cert,
      key: key.content,
      fingerprintSha256: fingerprint256.replaceAll(':', '').toLowerCase(),
      validFrom: validFromDate.toISOString(),
      validTo: validToDate.toISOString(),
    };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`TLS cannot be served with ${certFile} and ${keyFile}: ${reason}`, { cause: error });
  }
}
