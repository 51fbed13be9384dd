import { randomBytes } from 'node:crypto';
import { ClusterProbes } from '../context/last-probes.js';
import type { IssuingCluster } from '../context/context.js';
import type { Store } from '../store/store.js';
import type { Signatures } from '@kubepass/x509';
import { openCluster } from './open-cluster.js';
import type { Runtime } from './runtime.js';
import { openSignatures } from './signatures.js';

/** The clusters of the configuration, with their signers. */
export interface OpenedClusters {
  readonly byName: ReadonlyMap<string, IssuingCluster>;
  /** In the order of the configuration. */
  readonly all: readonly IssuingCluster[];
  readonly probes: ClusterProbes;
  readonly signatures: Signatures;
}

/** Opens the clusters, one after the other. `instance`: the id of the log in which requests are recorded. */
export async function openClusters(
  { config, overrides, clock, log, tracing, metrics, closings }: Runtime,
  store: Store,
  instance: string,
): Promise<OpenedClusters> {
  const signatures = openSignatures(overrides.cryptoThread ?? true, log, closings);
  const probes = new ClusterProbes(store);
  metrics.follow({ store, probes });
  const all: IssuingCluster[] = [];
  for (const cluster of config.clusters) {
    const opened = await openCluster(cluster, {
      store,
      clock,
      random: randomBytes,
      signatures,
      log,
      tracing,
      instance,
      whyNotSigning: (name) => probes.whyNotSigning(name),
      measure: (name) => metrics.clusters.callsTo(name),
      wrapSigner: overrides.signer ?? ((signer) => signer),
      wrapConnection: overrides.connection ?? ((connection) => connection),
    });
    closings.push(() => opened.connection?.close());
    all.push(opened);
  }
  await probes.load(all.map(({ cluster }) => cluster));
  return { byName: new Map(all.map((one) => [one.cluster.name, one])), all, probes, signatures };
}
