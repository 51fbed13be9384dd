import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { ClusterConfig } from '../config/cluster-config.js';
import type { IssuerConfig } from '../config/issuer-config.js';
import type { IssuingCluster } from '../context/context.js';
import type { ClusterProbes } from '../context/under-way.js';
import { whyTrustShared } from '../clusters/shared-trust.js';
import { trustOfIssuers } from '../clusters/issuers/client-bundle.js';
import { brokenConnection } from '../kubernetes/broken-connection.js';
import {
  type ClientTrust,
  describeCertificateAuthority,
  readClientTrust,
  trustOfCluster,
} from '../kubernetes/certificate-authorities.js';
import type { ClusterConnection } from '../kubernetes/cluster-connection.js';
import { ClusterForbiddenError } from '../kubernetes/cluster-error.js';
import type { Cluster } from '../model/cluster.js';
import { CryptoThread, threadedSignatures } from '../signing/crypto-thread.js';
import { KubernetesSigner } from '../signing/kubernetes-signer.js';
import { LocalCaSigner } from '../signing/local-ca-signer.js';
import {
  followIssuerFiles,
  type FollowParts,
  judgeAllIssuers,
  type JudgedIssuers,
  openIssuers,
} from '../signing/open-issuers.js';
import { encodeCertificates, type Signatures, signaturesHere } from '@kubepass/x509';
import { readAuthorityFile } from './in-force.js';
import type { Runtime } from './runtime.js';

/** The parts that all clusters share. */
interface SharedParts {
  /** The id of the log in which requests are recorded. */
  readonly instance: string;
  readonly probes: ClusterProbes;
  readonly signatures: Signatures;
}

/** The parts that each cluster is opened with. */
interface ClusterParts extends SharedParts {
  /** The clusters that are open already. */
  readonly opened: readonly IssuingCluster[];
  /** The issuers of the clusters that kubepass signs for, by the cluster's name. */
  readonly judged: ReadonlyMap<string, JudgedIssuers>;
}

const localCAs = (clusters: readonly ClusterConfig[]) =>
  clusters.flatMap(({ name, signer }) => (signer.kind === 'localCA' ? [{ cluster: name, config: signer }] : []));

/** Opens the clusters, one after the other, in the order of the configuration. */
export async function openClusters(
  runtime: Runtime,
  shared: SharedParts,
): Promise<ReadonlyMap<string, IssuingCluster>> {
  const { signatures, probes } = shared;
  const judged = await judgeAllIssuers(localCAs(runtime.config.clusters), { ...runtime, signatures });
  const all: IssuingCluster[] = [];
  for (const config of runtime.config.clusters) {
    const cluster = await openCluster(config, runtime, { ...shared, judged, opened: all });
    runtime.closings.push(() => cluster.connection?.close());
    all.push(cluster);
  }
  await probes.load(all.map(({ cluster }) => cluster));
  return new Map(all.map((one) => [one.cluster.name, one]));
}

/** Opens a cluster with its signer. One that cannot be reached is served all the same, and fails at its use. */
async function openCluster(config: ClusterConfig, runtime: Runtime, parts: ClusterParts): Promise<IssuingCluster> {
  const connection = await openConnection(config, runtime);
  const opened = await openSigner(config, connection, runtime, parts);
  const clientAuthority = await readPem(config.clientCertificateAuthorityFile);
  const named = clientAuthority === null ? null : readClientTrust(clientAuthority);
  const servingFile = config.servingCertificateAuthorityFile;
  const serving = servingFile === null ? connection?.servingCertificateAuthority : await readAuthorityFile(servingFile);
  return {
    cluster: clusterOf(config, connection, serving ?? opened.authority ?? ''),
    signer: runtime.overrides.signer?.(opened.signer) ?? opened.signer,
    issuers: opened.issuers,
    connection,
    clientTrust: opened.clientTrust(named),
    // They are read from now on, and until the connection ends.
    roleBindings: config.readRoleBindings ? (connection?.roleBindings() ?? null) : null,
  };
}

/** Opens a signer, and finds its CA where the configuration does not name one: one row for each kind. */
function openSigner(
  { name, signer }: ClusterConfig,
  connection: ClusterConnection | null,
  runtime: Runtime,
  parts: ClusterParts,
) {
  switch (signer.kind) {
    case 'localCA':
      return openLocalCa(name, signer.issuers, runtime, parts);
    case 'kubernetes':
      return openKubernetes(name, connection, runtime, parts);
  }
}

async function openLocalCa(
  cluster: string,
  configs: readonly IssuerConfig[],
  { clock, log, files, metrics, store, closings }: Runtime,
  { judged, opened }: ClusterParts,
) {
  const parts = { store, clock, log, keyMeasures: metrics.keys };
  const issuers = await openIssuers(judged.get(cluster), parts);
  closings.push(async () => {
    for (const { key } of issuers.all()) await key.close();
  });
  const keep: FollowParts['keep'] = (options) => files.keep('issuers', options);
  const whyNot: FollowParts['whyNot'] = ({ chain, anchors }) =>
    whyTrustShared(opened, cluster, { chains: [...chain, ...anchors], trusted: anchors });
  closings.push(await followIssuerFiles(issuers, configs, { ...parts, keep, whyNot }));
  return {
    signer: new LocalCaSigner(issuers, randomBytes),
    issuers,
    authority: encodeCertificates(issuers.all()[0]?.certified?.anchors ?? []),
    clientTrust: (named: ClientTrust | null) => trustOfIssuers(issuers, named),
  };
}

function openKubernetes(
  cluster: string,
  connection: ClusterConnection | null,
  { clock }: Runtime,
  { instance, probes }: ClusterParts,
) {
  if (connection === null) throw new TypeError(`cluster "${cluster}" has no connection`);
  const signingCluster = {
    name: cluster,
    instance,
    csrs: connection.csrs,
    watch: connection.csrWatch,
    whoAmI: () => connection.whoAmI(),
    whyNotSigning: () => probes.whyNotSigning(cluster),
  };
  return {
    signer: new KubernetesSigner(signingCluster, clock),
    issuers: null,
    authority: null,
    clientTrust: (named: ClientTrust | null) =>
      named === null ? trustOfCluster(connection, clock) : () => Promise.resolve(named),
  };
}

async function openConnection(
  { name, connection, allowExec }: ClusterConfig,
  { overrides, clock, log, metrics, tracing }: Runtime,
): Promise<ClusterConnection | null> {
  if (connection === null) return null;
  const report = (error: unknown) => {
    const missing = error instanceof ClusterForbiddenError ? { missing: error.missing } : {};
    log.warn({ err: error, cluster: name, ...missing }, 'the watch on a cluster is interrupted');
  };
  try {
    // Loaded here, because the Kubernetes client takes some 70 MB of memory that local CAs need not spend.
    const { openClusterConnection } = await import('../kubernetes/cluster-connection.js');
    const options = { allowExec, report, clock, measure: metrics.clusters.callsTo(name), tracing };
    const opened = await openClusterConnection(connection, options);
    return overrides.connection?.(opened) ?? opened;
  } catch (error) {
    // The other clusters are served; this one answers with what is wrong.
    log.error({ err: error, cluster: name }, 'a cluster cannot be reached as it is configured');
    return brokenConnection(error);
  }
}

function clusterOf(
  config: ClusterConfig,
  connection: ClusterConnection | null,
  servingCertificateAuthority: string,
): Cluster {
  return {
    name: config.name,
    server: config.server,
    apiServers: config.apiServers,
    // Another address of the API server may have another certificate.
    tlsServerName: connection?.server === config.server ? connection.tlsServerName : null,
    signer: config.signer.kind,
    servingCertificateAuthority: describeCertificateAuthority(servingCertificateAuthority).pem,
    allowPrivilegedGroups: config.allowPrivilegedGroups,
    nameAlphabet: config.nameAlphabet,
    readsRoleBindings: config.readRoleBindings,
    revocation: config.revocation,
    sharedTrust: config.sharedTrust,
  };
}

const readPem = (file: string | null): Promise<string | null> =>
  file === null ? Promise.resolve(null) : readFile(file, 'utf8');

/** Signatures with P-256 are made and verified on a thread of their own. */
export function openSignatures({ overrides, log, closings }: Runtime): Signatures {
  if (overrides.cryptoThread === false) return signaturesHere;
  const thread = new CryptoThread({
    report: (error) => {
      log.error({ err: error }, 'the thread that makes and verifies signatures ended by itself');
    },
  });
  closings.push(() => thread.close());
  thread.begin();
  return threadedSignatures(thread);
}
