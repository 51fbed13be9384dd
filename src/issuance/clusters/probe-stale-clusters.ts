import type { IssuanceContext } from '../context.js';
import { probeCluster } from './probe-cluster.js';

const believedHours = 24;

/**
 * Probes, beside everything else, the clusters that sign for themselves and were not probed for a day. Resolves when
 * all are done; never rejects.
 */
export async function probeStaleClusters(context: IssuanceContext): Promise<void> {
  const stale = [...context.clusters].filter(([name, { signer }]) => signer.needsCluster && !isFresh(context, name));
  await Promise.all(stale.map(([name]) => probe(context, name)));
}

async function probe(context: IssuanceContext, cluster: string): Promise<void> {
  try {
    const { result } = await probeCluster(context, cluster, { measureLifetimeCap: false }, null);
    const { signs, accepts, reason, message } = result;
    context.log.info({ cluster, signs, accepts, reason, why: message }, 'a cluster was probed');
  } catch (error) {
    context.log.error({ err: error, cluster }, 'a cluster could not be probed');
  }
}

function isFresh({ probes, clock }: IssuanceContext, cluster: string): boolean {
  const last = probes.last(cluster);
  return last !== null && clock().getTime() - last.probedAt.getTime() < believedHours * 3_600_000;
}
