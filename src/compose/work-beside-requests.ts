import { clearUnrecordedObjects } from '../clusters/clear-unrecorded-objects.js';
import { probeStaleClusters } from '../clusters/probe-cluster.js';
import { watchSharedTrust } from '../clusters/shared-trust.js';
import { watchUnknownIdentities } from '../clusters/watch-unknown-identities.js';
import { within } from '../context/under-way.js';
import type { IssuanceContext, IssuingCluster } from '../context/context.js';
import { keepRevocationConfigMap } from '../access/keep-revocation-config-map.js';
import { watchReviewers } from '../access/watch-reviewers.js';
import { startHousekeeping } from './housekeeping.js';
import { loadSecondReader } from '../peculiar/second-reading.js';
import type { CountingOptions } from '../observability/metrics/count-figures.js';
import type { Overrides, Runtime } from './runtime.js';
import type { OpenedParts, OpenedRouteContext } from './open-route-context.js';

/** How long a service that stops waits for the issuances under way. */
const drainSeconds = 10;
/** How long it waits for webhook deliveries under way: one that is cut off is sent again. */
const webhookDrainMilliseconds = 5_000;

/** Begins the work beside the requests. Resolves when the requests that an earlier process left are recovered. */
export async function beginWork(
  { metrics, overrides, closings }: Runtime,
  { access, audit, clientCertificates, issuance, webhooks }: OpenedParts,
  { known, followedIssuers }: Pick<OpenedRouteContext, 'known' | 'followedIssuers'>,
): Promise<void> {
  const { context } = issuance;
  const { denyList, identityBlocks, listedNames } = access;
  const { dispatcher } = webhooks;
  audit.begin();
  const housekeeping = startHousekeeping(context, overrides.housekeepingMilliseconds);
  closings.push(async () => {
    // The next start recovers those that take longer.
    await within(
      drainSeconds,
      housekeeping.stop().then(() => Promise.all([context.attempts.allEnded(), context.probes.stop()])),
    );
  });
  const ofClusters = [...context.clusters].flatMap(([name, cluster]) => beginClusterWork(context, name, cluster));
  closings.push(async () => {
    await Promise.all(ofClusters.map((work) => work.stop()));
  });
  denyList.start();
  closings.push(() => denyList.stop());
  identityBlocks.start();
  closings.push(() => identityBlocks.stop());
  listedNames.start();
  closings.push(() => listedNames.stop());
  const following = followedIssuers.begin();
  closings.push(() => following.stop());
  const reviewers = watchReviewers(context);
  closings.push(() => reviewers.stop());
  const counting = metrics.counting.begin({ ...context, ...countingOptions(overrides) });
  closings.push(() => counting.stop());
  audit.beginRetention();
  dispatcher.start();
  closings.push(() => dispatcher.stop(webhookDrainMilliseconds));
  // Only certificates of clusters are read twice.
  if ([...context.clusters.values()].some(({ signer }) => signer.needsCluster)) loadSecondReader();
  void probeStaleClusters(context);
  if (context.clusters.size > 1) closings.push(watchSharedTrust([...context.clusters.values()], context.log));
  void known.ask();
  clientCertificates?.begin();
  await housekeeping.recovered;
}

const countingOptions = ({ countMilliseconds }: Overrides): Partial<CountingOptions> =>
  countMilliseconds === undefined
    ? {}
    : { recordsMilliseconds: countMilliseconds, certificatesMilliseconds: countMilliseconds, partOfTime: 1 };

function beginClusterWork(
  context: IssuanceContext,
  name: string,
  { cluster, connection, signer }: IssuingCluster,
): readonly { stop(): Promise<void> }[] {
  if (connection === null) return [];
  return [
    watchUnknownIdentities(context, name, connection),
    ...(signer.needsCluster ? [clearUnrecordedObjects(context, name, connection)] : []),
    ...(cluster.revocation.mode === 'admission'
      ? [keepRevocationConfigMap(context, name, cluster.revocation, connection)]
      : []),
  ];
}
