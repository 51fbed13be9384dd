import { readFile } from 'node:fs/promises';
import { brokenConnection } from '../kubernetes/broken-connection.js';
import type { ClusterConnection } from '../kubernetes/cluster-connection.js';
import { loadSigningAuthority, type Signatures, type SigningAuthority } from '@kubepass/x509';
import {
  type ClientTrust,
  describeCertificateAuthority,
  readClientTrust,
  trustOfCluster,
} from '../kubernetes/certificate-authorities.js';
import { ClusterForbiddenError } from '../kubernetes/cluster-error.js';
import type { ClusterConfig, LocalCAConfig } from '../config/cluster-config.js';
import type { Config } from '../config/config.js';
import { readSecretFile } from '../config/secrets.js';
import type { IssuingCluster, Log } from '../context/context.js';
import type { Cluster } from '../model/cluster.js';
import type { ClusterCallMeasure } from '../model/measures.js';
import type { PublicAddress } from '../model/enforcement.js';
import type { Tracing } from '../model/tracing.js';
import { KubernetesSigner } from '../signing/kubernetes.js';
import { LocalCaSigner } from '../signing/local-ca.js';
import type { Signer } from '../signing/signer.js';
import type { Store } from '../store/store.js';
import { generateMissingAuthority, pinAuthority } from './certificate-authority-files.js';

export interface ClusterWiring {
  readonly store: Store;
  readonly clock: () => Date;
  readonly random: (octets: number) => Buffer;
  readonly signatures: Signatures;
  readonly log: Log;
  readonly tracing: Tracing;
  /** The id of the log in which requests are recorded. */
  readonly instance: string;
  /** Why a cluster is known not to sign user certificates; null: it signs, or that is not known. */
  readonly whyNotSigning: (cluster: string) => string | null;
  /** Measures the calls to a cluster. */
  readonly measure: (cluster: string) => ClusterCallMeasure;
  /** Lets tests put something around the signer. */
  readonly wrapSigner: (signer: Signer) => Signer;
  /** The same for the connection. */
  readonly wrapConnection: (connection: ClusterConnection) => ClusterConnection;
}

/**
 * Opens a cluster with its signer. A cluster that cannot be reached is served all the same, and says so when it is
 * used.
 */
export async function openCluster(config: ClusterConfig, wiring: ClusterWiring): Promise<IssuingCluster> {
  const connection = await openConnection(config, wiring);
  const opened = await openSigner(config, connection, wiring);
  const clientAuthority = await readPem(config.clientCertificateAuthorityFile);
  const serving = (await readPem(config.servingCertificateAuthorityFile)) ?? connection?.servingCertificateAuthority;
  return {
    cluster: clusterOf(config, connection, serving ?? opened.authority ?? ''),
    signer: wiring.wrapSigner(opened.signer),
    ...(opened.signingAuthority && { authority: opened.signingAuthority }),
    connection,
    clientTrust: clientAuthority === null ? opened.clientTrust : fixedTrust(readClientTrust(clientAuthority)),
    blastRadius: blastRadiusOf(config, connection),
  };
}

/** A signer, and its CA where the configuration does not name one. */
interface OpenedSigner {
  readonly signer: Signer;
  /** The CA, where its key is held here. */
  readonly signingAuthority?: SigningAuthority;
  /** PEM of the CA; null where the signer does not know it. */
  readonly authority: string | null;
  readonly clientTrust: () => Promise<ClientTrust | null>;
}

/** The wiring of the signers: one row for each. */
function openSigner(
  config: ClusterConfig,
  connection: ClusterConnection | null,
  wiring: ClusterWiring,
): OpenedSigner | Promise<OpenedSigner> {
  switch (config.signer.kind) {
    case 'localCA':
      return openLocalCa(config.name, config.signer, wiring);
    case 'kubernetes':
      return openKubernetes(config.name, connection, wiring);
  }
}

async function openLocalCa(cluster: string, ca: LocalCAConfig, wiring: ClusterWiring): Promise<OpenedSigner> {
  const { store, clock, log } = wiring;
  if (ca.generate) await generateMissingAuthority(cluster, ca, store, clock(), log);
  const certificatePem = await readFile(ca.certFile, 'utf8');
  const key = await readSecretFile(ca.keyFile);
  if (key.warning !== null) log.warn({}, key.warning);
  const authority = loadSigningAuthority(certificatePem, key.content.toString('utf8'));
  await pinAuthority(cluster, authority.spkiSha256, store, clock());
  return {
    signer: new LocalCaSigner(authority, wiring.random, wiring.signatures),
    signingAuthority: authority,
    authority: certificatePem,
    clientTrust: fixedTrust(readClientTrust(certificatePem)),
  };
}

function openKubernetes(
  cluster: string,
  connection: ClusterConnection | null,
  { clock, instance, whyNotSigning }: ClusterWiring,
): OpenedSigner {
  if (connection === null) throw new TypeError(`cluster "${cluster}" has no connection`);
  const signingCluster = {
    name: cluster,
    instance,
    csrs: connection.csrs,
    watch: connection.csrWatch,
    whoAmI: () => connection.whoAmI(),
    whyNotSigning: () => whyNotSigning(cluster),
  };
  return {
    signer: new KubernetesSigner(signingCluster, clock),
    authority: null,
    clientTrust: trustOfCluster(connection, clock),
  };
}

async function openConnection(
  { name, connection, allowExec }: ClusterConfig,
  { clock, log, measure, tracing, wrapConnection }: ClusterWiring,
): Promise<ClusterConnection | null> {
  if (connection === null) return null;
  const report = (error: unknown) => {
    const missing = error instanceof ClusterForbiddenError ? { missing: error.missing } : {};
    log.warn({ err: error, cluster: name, ...missing }, 'the watch on a cluster is interrupted');
  };
  try {
    // Loaded here, because the Kubernetes client takes some 70 MB of memory that local CAs need not spend.
    const { openClusterConnection } = await import('../kubernetes/cluster-connection.js');
    const options = { allowExec, report, clock, measure: measure(name), tracing };
    return wrapConnection(await openClusterConnection(connection, options));
  } catch (error) {
    // The other clusters are served; this one answers with what is wrong.
    log.error({ err: error, cluster: name }, 'a cluster cannot be reached as it is configured');
    return brokenConnection(error);
  }
}

/** Begins to read the role bindings where the configuration asks for it. That ends with the connection. */
function blastRadiusOf(
  { readRoleBindings }: ClusterConfig,
  connection: ClusterConnection | null,
): IssuingCluster['blastRadius'] {
  if (!readRoleBindings || connection === null) return () => null;
  const roleBindings = connection.roleBindings();
  return (username, groups) => roleBindings.blastRadius(username, groups);
}

/** Reads the CA at the address where clusters reach the service. */
export async function openPublicAddress(config: Config['publicAddress']): Promise<PublicAddress | null> {
  if (config === null) return null;
  const pem = await readPem(config.certificateAuthorityFile);
  return { url: config.url, certificateAuthority: pem && describeCertificateAuthority(pem).pem };
}

function clusterOf(
  config: ClusterConfig,
  connection: ClusterConnection | null,
  servingCertificateAuthority: string,
): Cluster {
  return {
    name: config.name,
    server: config.server,
    // Another address of the API server may have another certificate.
    tlsServerName: connection?.server === config.server ? connection.tlsServerName : null,
    signer: config.signer.kind,
    servingCertificateAuthority: describeCertificateAuthority(servingCertificateAuthority).pem,
    allowPrivilegedGroups: config.allowPrivilegedGroups,
    nameAlphabet: config.nameAlphabet,
    readsRoleBindings: config.readRoleBindings,
    revocation: config.revocation,
  };
}

const readPem = (file: string | null): Promise<string | null> =>
  file === null ? Promise.resolve(null) : readFile(file, 'utf8');

const fixedTrust = (trust: ClientTrust) => (): Promise<ClientTrust | null> => Promise.resolve(trust);
