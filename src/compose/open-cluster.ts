import { readFile } from 'node:fs/promises';
import { brokenConnection } from '../cluster/broken-connection.js';
import {
  type ClientTrust,
  describeCertificateAuthority,
  readClientTrust,
  trustOfCluster,
} from '../cluster/certificate-authorities.js';
import type { ClusterConnection } from '../cluster/cluster-connection.js';
import { kubeApiserverClient } from '../cluster/csr-object.js';
import { ClusterForbiddenError } from '../cluster/cluster-error.js';
import type { ClusterConfig, LocalCAConfig } from '../config/cluster-config.js';
import { readSecretFile } from '../config/secrets.js';
import type { IssuingCluster, Log } from '../issuance/context.js';
import type { Cluster } from '../model/cluster.js';
import { loadSigningAuthority } from '../x509/strict/signing-authority.js';
import { KubernetesSigner } from '../signer/kubernetes.js';
import { LocalCaSigner } from '../signer/local-ca.js';
import type { Signer } from '../signer/signer.js';
import type { Store } from '../store/store.js';
import { generateMissingAuthority, pinAuthority } from './certificate-authority-files.js';

export interface ClusterWiring {
  readonly store: Store;
  readonly clock: () => Date;
  readonly random: (octets: number) => Buffer;
  readonly log: Log;
  /** Why a cluster is known not to sign user certificates; null: it signs, or that is not known. */
  readonly whyNotSigning: (cluster: string) => string | null;
  /** What a test puts around the signer. */
  readonly wrapSigner: (signer: Signer) => Signer;
  /** The same for the connection. */
  readonly wrapConnection: (connection: ClusterConnection) => ClusterConnection;
}

/** A cluster with what signs for it. One that cannot be reached is served all the same, and says so when it is used. */
export async function openCluster(config: ClusterConfig, wiring: ClusterWiring): Promise<IssuingCluster> {
  const connection = await openConnection(config, wiring);
  return config.signer.kind === 'localCA'
    ? openLocalCaCluster(config, config.signer, connection, wiring)
    : openKubernetesCluster(config, connection, wiring);
}

async function openLocalCaCluster(
  config: ClusterConfig,
  ca: LocalCAConfig,
  connection: ClusterConnection | null,
  wiring: ClusterWiring,
): Promise<IssuingCluster> {
  const { store, clock, log, wrapSigner } = wiring;
  if (ca.generate) await generateMissingAuthority(config.name, ca, store, clock(), log);
  const certificatePem = await readFile(ca.certFile, 'utf8');
  const key = await readSecretFile(ca.keyFile);
  if (key.warning !== null) log.warn({}, key.warning);
  const authority = loadSigningAuthority(certificatePem, key.content.toString('utf8'));
  await pinAuthority(config.name, authority.spkiSha256, store, clock());

  const clientTrust = readClientTrust((await readPem(config.clientCertificateAuthorityFile)) ?? certificatePem);
  const serving = (await readPem(config.servingCertificateAuthorityFile)) ?? connection?.servingCertificateAuthority;
  const signer = new LocalCaSigner(authority, wiring.random);
  return {
    cluster: clusterOf(config, connection, serving ?? certificatePem),
    signer: wrapSigner(signer),
    connection,
    clientTrust: fixedTrust(clientTrust),
    blastRadius: blastRadiusOf(config, connection),
  };
}

async function openKubernetesCluster(
  config: ClusterConfig,
  connection: ClusterConnection | null,
  { clock, wrapSigner, whyNotSigning }: ClusterWiring,
): Promise<IssuingCluster> {
  if (connection === null) throw new TypeError(`cluster "${config.name}" has no connection`);
  const serving = (await readPem(config.servingCertificateAuthorityFile)) ?? connection.servingCertificateAuthority;
  const clientCa = await readPem(config.clientCertificateAuthorityFile);
  const signer = new KubernetesSigner(
    {
      name: config.name,
      csrs: connection.csrs,
      watch: connection.watchCsrs(kubeApiserverClient),
      whoAmI: () => connection.whoAmI(),
      whyNotSigning: () => whyNotSigning(config.name),
    },
    clock,
  );
  return {
    cluster: clusterOf(config, connection, serving ?? ''),
    signer: wrapSigner(signer),
    connection,
    clientTrust: clientCa === null ? trustOfCluster(connection, clock) : fixedTrust(readClientTrust(clientCa)),
    blastRadius: blastRadiusOf(config, connection),
  };
}

async function openConnection(
  { name, connection, allowExec }: ClusterConfig,
  { clock, log, wrapConnection }: ClusterWiring,
): Promise<ClusterConnection | null> {
  if (connection === null) return null;
  const report = (error: unknown) => {
    const missing = error instanceof ClusterForbiddenError ? { missing: error.missing } : {};
    log.warn({ err: error, cluster: name, ...missing }, 'the watch on a cluster is interrupted');
  };
  try {
    // The client of Kubernetes takes some 70 MB of memory, which who signs with a CA of their own need not spend.
    const { openClusterConnection } = await import('../cluster/cluster-connection.js');
    return wrapConnection(await openClusterConnection(connection, { allowExec, report, clock }));
  } catch (error) {
    // The other clusters are served; this one answers with what is wrong.
    log.error({ err: error, cluster: name }, 'a cluster cannot be reached as it is configured');
    return brokenConnection(error);
  }
}

/** Begins to read the role bindings where they are to be read. They end with the connection. */
function blastRadiusOf(
  { readRoleBindings }: ClusterConfig,
  connection: ClusterConnection | null,
): IssuingCluster['blastRadius'] {
  if (!readRoleBindings || connection === null) return () => null;
  const roleBindings = connection.roleBindings();
  return (username, groups) => roleBindings.blastRadius(username, groups);
}

function clusterOf(
  config: ClusterConfig,
  connection: ClusterConnection | null,
  servingCertificateAuthority: string,
): Cluster {
  return {
    name: config.name,
    server: config.server,
    // Who goes another way to the API server may meet another certificate.
    tlsServerName: connection?.server === config.server ? connection.tlsServerName : null,
    signer: config.signer.kind,
    servingCertificateAuthority: describeCertificateAuthority(servingCertificateAuthority).pem,
    allowPrivilegedGroups: config.allowPrivilegedGroups,
    nameAlphabet: config.nameAlphabet,
    readsRoleBindings: config.readRoleBindings,
  };
}

const readPem = (file: string | null): Promise<string | null> =>
  file === null ? Promise.resolve(null) : readFile(file, 'utf8');

const fixedTrust = (trust: ClientTrust) => (): Promise<ClientTrust | null> => Promise.resolve(trust);
