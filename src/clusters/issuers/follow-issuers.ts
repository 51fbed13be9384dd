import type { Context } from '../../context/context.js';
import { inRounds, type Rounds } from '../../context/in-rounds.js';
import type { IssuerFigures } from '../../model/issuer.js';
import type { ClusterIssuers } from '../../signing/cluster-issuers.js';
import { announceIssuerExpiry } from './announce-issuer-expiry.js';

const usualTimes = {
  /** How soon a change by another replica is seen at the latest. */
  roundMilliseconds: 5_000,
  /** How often keys are looked at, and live certificates are counted. */
  lookedAtMilliseconds: 15_000,
};

/** The issuers that are followed, with the figures that metrics show. */
export interface FollowedIssuers {
  /** The figures of the last look; empty before the first one. */
  figures(): readonly IssuerFigures[];
  /** Begins to follow. */
  begin(): Rounds;
}

/** Follows the issuers of all clusters: their states, their keys, their live certificates and their ends. */
export function followIssuers(context: Context, times: Partial<typeof usualTimes> = {}): FollowedIssuers {
  const { roundMilliseconds, lookedAtMilliseconds } = { ...usualTimes, ...times };
  const told = new Set<string>();
  const figures = new Map<string, readonly IssuerFigures[]>();
  let lookedAt = -Infinity;
  const round = async (isStopped: () => boolean) => {
    const isLookDue = performance.now() - lookedAt >= lookedAtMilliseconds;
    if (isLookDue) lookedAt = performance.now();
    for (const { issuers } of context.clusters.values()) {
      if (issuers === null || isStopped()) continue;
      const { cluster } = issuers;
      try {
        await issuers.refresh();
        if (isLookDue) {
          const looked = await lookAt(context, issuers);
          tellOfKeys(context.log, issuers, figures.get(cluster) ?? [], looked);
          figures.set(cluster, looked);
        }
        await announceIssuerExpiry(context, issuers, told);
      } catch (error) {
        context.log.error({ err: error, cluster }, 'the issuers of a cluster could not be followed, it is tried again');
      }
    }
  };
  return {
    figures: () => [...figures.values()].flat(),
    begin: () => inRounds(round, roundMilliseconds),
  };
}

/** Tells each key that cannot be used any more, or again: nobody may ask for a certificate for hours. */
function tellOfKeys(
  log: Context['log'],
  issuers: ClusterIssuers,
  before: readonly IssuerFigures[],
  looked: readonly IssuerFigures[],
): void {
  for (const { cluster, name, state, keyAvailable } of looked) {
    // The key of one that is retired may go.
    if (keyAvailable === null || state === 'retired') continue;
    const wasAvailable = before.find((one) => one.name === name)?.keyAvailable ?? true;
    if (wasAvailable === keyAvailable) continue;
    const fields = { cluster, issuer: name };
    if (keyAvailable) log.info(fields, 'the key of an issuer can be used again');
    else {
      const { problem: reason } = issuers.loaded(name)?.key.availability() ?? {};
      log.warn({ ...fields, reason }, 'the key of an issuer cannot be used now');
    }
  }
}

async function lookAt({ store, clock }: Context, issuers: ClusterIssuers): Promise<readonly IssuerFigures[]> {
  const now = clock();
  const looks = [...issuers.recorded().values()].map(async ({ cluster, name, state, fingerprints, probe }) => {
    const loaded = issuers.loaded(name);
    const { live } = await store.issuers.served(cluster, fingerprints, now);
    // A key looks for itself: nobody waits here for an agent that is silent.
    const key = loaded && loaded.key.availability();
    const notAfter = loaded?.certified?.notAfter ?? null;
    return { cluster, name, state, live, notAfter, probe, keyAvailable: key && key.available };
  });
  return Promise.all(looks);
}
