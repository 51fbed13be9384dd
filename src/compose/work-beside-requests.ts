import { clearUnrecordedObjects } from '../issuance/clusters/clear-unrecorded-objects.js';
import { probeStaleClusters } from '../issuance/clusters/probe-cluster.js';
import { watchUnknownIdentities } from '../issuance/clusters/watch-unknown-identities.js';
import { within } from '../issuance/attempts/attempts-under-way.js';
import type { IssuanceContext, IssuingCluster } from '../issuance/context.js';
import { keepRevocationConfigMap } from '../issuance/enforcement/keep-revocation-config-map.js';
import { watchReviewers } from '../issuance/enforcement/watch-reviewers.js';
import { startHousekeeping } from '../issuance/housekeeping.js';
import type { DenyList } from '../issuance/lifecycle/deny-list.js';
import type { WebhookDispatcher } from '../webhooks/webhook-dispatcher.js';
import { loadSecondReader } from '../x509/peculiar/second-reading.js';
import type { OpenedClientCertificates } from './callers/client-certificates.js';
import type { Closings } from './closings.js';
import type { CountingOptions, FigureCounting } from './count-figures.js';
import type { KnownClusters } from './known-clusters.js';
import type { RetentionToBegin } from './retention.js';

/** How long a service that stops waits for the issuances under way. */
const drainSeconds = 10;
/** How long it waits for webhook deliveries under way: one that is cut off is sent again. */
const webhookDrainMilliseconds = 5_000;

/** The parts whose work goes on beside the requests. */
export interface WorkBesideRequests {
  readonly context: IssuanceContext;
  readonly denyList: DenyList;
  readonly counting: FigureCounting;
  readonly countingOptions: Partial<CountingOptions>;
  readonly housekeepingMilliseconds: number | undefined;
  readonly retention: RetentionToBegin;
  readonly dispatcher: WebhookDispatcher;
  readonly known: KnownClusters;
  readonly clientCertificates: OpenedClientCertificates | null;
}

/** Begins the work beside the requests. Resolves when the requests that an earlier process left are recovered. */
export async function beginWork(parts: WorkBesideRequests, closings: Closings): Promise<void> {
  const { context, denyList, dispatcher, retention } = parts;
  const housekeeping = startHousekeeping(context, parts.housekeepingMilliseconds);
  closings.push(async () => {
    // The next start recovers those that take longer.
    await within(
      drainSeconds,
      housekeeping.stop().then(() => context.attempts.allEnded()),
    );
  });
  const ofClusters = [...context.clusters].flatMap(([name, cluster]) => beginClusterWork(context, name, cluster));
  closings.push(async () => {
    await Promise.all(ofClusters.map((work) => work.stop()));
  });
  denyList.start();
  closings.push(() => denyList.stop());
  context.identityBlocks.start();
  closings.push(() => {
    context.identityBlocks.stop();
  });
  const reviewers = watchReviewers(context);
  closings.push(() => {
    reviewers.stop();
  });
  const counting = parts.counting.begin({ ...context, ...parts.countingOptions });
  closings.push(() => counting.stop());
  retention.begin();
  closings.push(() => retention.stop());
  dispatcher.start();
  closings.push(() => dispatcher.stop(webhookDrainMilliseconds));
  // Only certificates of clusters are read twice.
  if ([...context.clusters.values()].some(({ signer }) => signer.needsCluster)) loadSecondReader();
  void probeStaleClusters(context);
  void parts.known.ask();
  parts.clientCertificates?.begin();
  await housekeeping.recovered;
}

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
