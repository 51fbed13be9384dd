import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { messageOf } from '@kubepass/x509';
import type { Config } from '../config/config.js';
import { readSecretFile } from '../config/secrets.js';
import { tlsSettings, type TlsPair, tryHandshake } from '../http/server/tls-settings.js';
import type { Log } from '../context/context.js';
import type { FilesInForce, InForce, Remarks } from './in-force.js';

/** The certificate and key that are shown to callers. */
export type TlsInForce = InForce<LoadedPair>;

/** The files that the service shows to its callers. */
type TlsFiles = NonNullable<Config['tls']>;

/**
 * The certificate and key of the service, kept equal to their files. A pair that cannot be served does not replace the
 * pair in force. Throws where the first one cannot be served.
 */
export async function openTls(
  { certFile, keyFile }: TlsFiles,
  files: FilesInForce,
  clock: () => Date,
  log: Pick<Log, 'warn'>,
): Promise<TlsInForce> {
  const tls = await files.keep('tls', {
    files: [certFile, keyFile],
    load: (remarks) => readTlsPair({ certFile, keyFile }, remarks),
    admit(next) {
      if (!isValidAt(next, clock()))
        throw new Error(`${certFile} is valid from ${next.validFrom} to ${next.validTo}, so not now`);
    },
    isSame: (one, other) => one.cert.equals(other.cert) && one.key.equals(other.key),
    told: {
      replaced: 'another TLS certificate is served',
      fieldsOf: ({ validTo, fingerprintSha256 }) => ({ validTo, fingerprintSha256 }),
      refused: 'the TLS files were changed and cannot be served: the certificate in force stays',
    },
  });
  warnUnlessValid(tls.current(), clock(), log);
  return tls;
}

/** The service serves all the same: somebody may be about to put another one there. */
export function warnUnlessValid(pair: LoadedPair, now: Date, log: Pick<Log, 'warn'>): void {
  const { validFrom, validTo } = pair;
  if (!isValidAt(pair, now)) log.warn({ validFrom, validTo }, 'the TLS certificate is not valid now');
  if (pair.isSelfIssued)
    log.warn({}, 'the TLS certificate is self-signed: callers cannot know it unless each of them has a copy');
}

/** PEM, and what the certificate says. */
interface LoadedPair extends TlsPair {
  readonly cert: Buffer;
  readonly key: Buffer;
  readonly fingerprintSha256: string;
  readonly validFrom: string;
  readonly validTo: string;
  readonly isSelfIssued: boolean;
}

const isValidAt = ({ validFrom, validTo }: LoadedPair, now: Date) =>
  new Date(validFrom) <= now && now <= new Date(validTo);

/** Reads the pair. Throws where TLS cannot use it, for example because the key belongs to another certificate. */
export async function readTlsPair({ certFile, keyFile }: TlsFiles, remarks: Remarks): Promise<LoadedPair> {
  const key = await readSecretFile(keyFile, remarks);
  const cert = await readFile(certFile);
  try {
    const certificate = new X509Certificate(cert);
    // OpenSSL itself finds no fault with a key of another algorithm, until somebody calls.
    if (!certificate.checkPrivateKey(createPrivateKey(key)))
      throw new Error('the key and the certificate mismatch: the key belongs to another one');
    await tryHandshake(tlsSettings({ cert, key }));
    const { fingerprint256, validFromDate, validToDate } = certificate;
    return {
      cert,
      key,
      fingerprintSha256: fingerprint256.replaceAll(':', '').toLowerCase(),
      validFrom: validFromDate.toISOString(),
      validTo: validToDate.toISOString(),
      isSelfIssued: certificate.subject === certificate.issuer,
    };
  } catch (error) {
    const reason = messageOf(error);
    throw new Error(`TLS cannot be served with ${certFile} and ${keyFile}: ${reason}`, { cause: error });
  }
}
