import { readFile } from 'node:fs/promises';
import type { ClientCertificatesConfig } from '../config/callers-config.js';
import { tlsSettingsForCertificates, type TlsPair, tryHandshake } from '../http/server/tls-settings.js';
import { readCallersTrust, type CallersTrust } from '../identity/client-certificates.js';
import type { Log } from '../context/context.js';
import { displayDistinguishedName } from '@kubepass/x509';
import { keepInForce, type InForce, type Remark } from './in-force.js';

/** The CAs by which callers are let in. */
export type CallersTrustInForce = InForce<CallersTrust>;

export interface CallersTrustOptions {
  readonly clock: () => Date;
  readonly intervalMilliseconds: number;
  /** The pair of the listener that asks for client certificates. */
  readonly pair: () => TlsPair;
  /** Why these CAs must not be used; null where they may. */
  readonly whyNot: (trust: CallersTrust) => string | null;
}

type Files = Pick<ClientCertificatesConfig, 'certificateAuthorityFile' | 'revocationListFile'>;

/**
 * The CAs of callers and their CRLs, kept equal to their files. Files that cannot be used replace none. Throws where the first
 * ones cannot be used.
 */
export function openCallersTrust(
  files: Files,
  log: Log,
  { clock, intervalMilliseconds, pair, whyNot }: CallersTrustOptions,
): Promise<CallersTrustInForce> {
  const { certificateAuthorityFile, revocationListFile } = files;
  return keepInForce({
    files: revocationListFile === null ? [certificateAuthorityFile] : [certificateAuthorityFile, revocationListFile],
    async load(warn) {
      const trust = await read(files, pair());
      const why = whyNot(trust);
      if (why !== null) throw new Error(why);
      warnOfEnded(trust, clock(), warn);
      return trust;
    },
    intervalMilliseconds,
    log,
    told: {
      replaced: 'the CAs of callers, or their CRLs, were read again',
      fieldsOf: ({ authorities }) => ({ authorities: authorities.length }),
      refused: 'the CAs of callers, or their CRLs, cannot be used as they are now: those in force stay',
    },
  });
}

async function read({ certificateAuthorityFile, revocationListFile }: Files, pair: TlsPair): Promise<CallersTrust> {
  const pem = await readFile(certificateAuthorityFile, 'utf8');
  const lists = revocationListFile === null ? null : await readFile(revocationListFile, 'utf8');
  try {
    const trust = await readCallersTrust(pem, lists);
    // The server names its CAs to each caller, and no handshake has room for more than 64 KiB of names.
    await tryHandshake({ ...tlsSettingsForCertificates(pair, pem), requestCert: true });
    return trust;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const where = revocationListFile === null ? '' : ` and ${revocationListFile}`;
    throw new Error(`callers.clientCertificates: ${certificateAuthorityFile}${where}: ${reason}`, { cause: error });
  }
}

function warnOfEnded({ authorities }: CallersTrust, now: Date, warn: Remark): void {
  for (const { certificate, list } of authorities) {
    const authority = displayDistinguishedName(certificate.subject);
    const { notAfter } = certificate;
    if (now > notAfter) warn({ authority, notAfter }, 'a CA of callers has ended: its certificates are refused');
    if (list !== null && now > list.nextUpdate)
      warn({ authority, nextUpdate: list.nextUpdate }, 'a CRL of callers has ended: nobody gets in by its CA');
  }
}
