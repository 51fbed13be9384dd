import { ClientCertificates, readCallersTrust, type CallersTrust } from '../callers/client-certificates.js';
import type { IssuingCluster } from '../context/context.js';
import type { Runtime } from './runtime.js';
import type { TlsInForce } from './tls-in-force.js';
import { UserAuthorities } from '../clusters/user-authorities.js';
import { readFile } from 'node:fs/promises';
import type { ClientCertificatesConfig } from '../config/callers-config.js';
import type { ClusterConfig } from '../config/cluster-config.js';
import { tlsSettingsForCertificates, type TlsPair, tryHandshake } from '../http/server/tls-settings.js';
import { displayDistinguishedName, messageOf } from '@kubepass/x509';
import type { FilesInForce, InForce, Remarks } from './in-force.js';

/** How often clusters are asked which CA their users have. */
const askEveryMilliseconds = 60_000;

/**
 * Opens the way in by client certificate; null where the configuration has none. Throws where the CAs of callers cannot
 * be used, or one of them is the user CA of a cluster.
 */
export async function openClientCertificates(
  { config: { callers, clusters: configs, roles }, clock, log, files, closings }: Runtime,
  clusters: readonly IssuingCluster[],
  tls: TlsInForce | null,
) {
  const config = callers.clientCertificates;
  // The configuration is refused where it has them without TLS.
  if (config === null || tls === null) return null;
  if (config.identity === 'commonName' && config.usernamePrefix === '' && callers.oidc.some(isWithoutPrefix))
    log.warn({}, 'client certificates and an issuer can give the same name: a usernamePrefix would keep them apart');
  const named = configs.filter(namesUserAuthority);
  const userAuthorities = await UserAuthorities.of(clusters, new Set(named.map(({ name }) => name)));
  const whyNot = (read: CallersTrust) => userAuthorities.whyShared(read);
  const trust = await openCallersTrust(config, files, clock, tls, whyNot);

  let shared: string | null = null;
  const look = (current = trust.current()): void => {
    const found = userAuthorities.whyShared(current);
    if (found === shared) return;
    if (found === null) log.info({}, 'client certificates of callers are accepted again');
    else log.error({ reason: found }, 'client certificates of callers are refused');
    shared = found;
  };
  trust.follow(look);
  const ask = async (): Promise<void> => {
    await userAuthorities.ask();
    look();
  };
  let timer: NodeJS.Timeout | undefined;
  closings.push(() => clearInterval(timer));
  return {
    wayIn: new ClientCertificates({
      identity: config.identity,
      usernamePrefix: config.usernamePrefix,
      othersPrefixes: [...callers.oidc, ...callers.serviceAccounts].map(({ usernamePrefix }) => usernamePrefix),
      trust: () => trust.current(),
      whyNone: () => shared,
      roles,
      clock,
    }),
    trust,
    /** Asks the clusters for their user CAs from now on. */
    begin() {
      void ask();
      timer = setInterval(() => void ask(), askEveryMilliseconds).unref();
    },
  };
}

/** Whether the configuration itself says which CA signs for the users of a cluster. */
export const namesUserAuthority = ({ clientCertificateAuthorityFile: file, signer }: ClusterConfig): boolean =>
  file !== null || signer.kind === 'localCA';

const isWithoutPrefix = ({ usernamePrefix }: { readonly usernamePrefix: string }): boolean => usernamePrefix === '';

/** The CAs by which callers are let in. */
export type CallersTrustInForce = InForce<CallersTrust>;

type Files = Pick<ClientCertificatesConfig, 'certificateAuthorityFile' | 'revocationListFile'>;

/**
 * The CAs of callers and their CRLs, kept equal to their files. Files that cannot be used replace nothing. Throws where
 * the first ones cannot be used. `tls`: the pair of the listener that asks for client certificates. `whyNot`: why these
 * CAs must not be used; null where they may.
 */
function openCallersTrust(
  config: Files,
  files: FilesInForce,
  clock: () => Date,
  tls: TlsInForce,
  whyNot: (trust: CallersTrust) => string | null,
): Promise<CallersTrustInForce> {
  const { certificateAuthorityFile, revocationListFile } = config;
  return files.keep('callers', {
    files: revocationListFile === null ? [certificateAuthorityFile] : [certificateAuthorityFile, revocationListFile],
    async load(remarks) {
      const trust = await readCallersFiles(config, tls.current());
      const why = whyNot(trust);
      if (why !== null) throw new Error(why);
      warnOfEnded(trust, clock(), remarks);
      return trust;
    },
    told: {
      replaced: 'the CAs of callers, or their CRLs, were read again',
      fieldsOf: ({ authorities }) => ({ authorities: authorities.length }),
      refused: 'the CAs of callers, or their CRLs, cannot be used as they are now: those in force stay',
    },
  });
}

/** Reads the CAs of callers and their CRLs. Throws where the listener with this pair cannot use them. */
export async function readCallersFiles(
  { certificateAuthorityFile, revocationListFile }: Files,
  pair: TlsPair,
): Promise<CallersTrust> {
  const pem = await readFile(certificateAuthorityFile, 'utf8');
  const lists = revocationListFile === null ? null : await readFile(revocationListFile, 'utf8');
  try {
    const trust = await readCallersTrust(pem, lists);
    // The server names its CAs to each caller, and no handshake has room for more than 64 KiB of names.
    await tryHandshake({ ...tlsSettingsForCertificates(pair, pem), requestCert: true });
    return trust;
  } catch (error) {
    const reason = messageOf(error);
    const where = revocationListFile === null ? '' : ` and ${revocationListFile}`;
    throw new Error(`callers.clientCertificates: ${certificateAuthorityFile}${where}: ${reason}`, { cause: error });
  }
}

export function warnOfEnded({ authorities }: CallersTrust, now: Date, remarks: Remarks): void {
  for (const { certificate, list } of authorities) {
    const authority = displayDistinguishedName(certificate.subject);
    const { notAfter } = certificate;
    if (now > notAfter)
      remarks.warn({ authority, notAfter }, 'a CA of callers has ended: its certificates are refused');
    if (list !== null && now > list.nextUpdate)
      remarks.warn({ authority, nextUpdate: list.nextUpdate }, 'a CRL of callers has ended: nobody gets in by its CA');
  }
}
