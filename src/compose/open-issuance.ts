import { AttemptsUnderWay } from '../context/under-way.js';
import type { IssuanceContext } from '../context/context.js';
import { Restorations } from '../backup/recorded-restorations.js';
import type { Store } from '../store/store.js';
import { isSoleProcess } from '../backup/open-store.js';
import type { OpenedAccess } from './open-access.js';
import { openPublicAddress, type OpenedClusters } from './open-clusters.js';
import type { OpenedDatabase } from './open-database.js';
import type { PoliciesInForce } from './policies-in-force.js';
import type { Runtime } from './runtime.js';
import type { OpenedWebhooks } from './open-webhooks.js';

/** The parts with which the use cases work. */
export interface IssuanceParts {
  readonly store: Store;
  readonly database: OpenedDatabase;
  readonly access: OpenedAccess;
  readonly clusters: OpenedClusters;
  readonly policies: PoliciesInForce;
  readonly webhooks: OpenedWebhooks;
}

export interface OpenedIssuance {
  readonly context: IssuanceContext;
  /** How often the database was put back from a backup, and what that lost. */
  readonly restorations: Restorations;
}

/** Makes the context in which the use cases work. */
export async function openIssuance(
  { config, clock, random, owner, log, tracing, metrics }: Runtime,
  { store, database, access, clusters, policies, webhooks }: IssuanceParts,
): Promise<OpenedIssuance> {
  const { found, instance } = database;
  const restorations = new Restorations({
    ...{ store, clock, random, log, found },
    signsHere: () => clusters.all.some(({ authority }) => authority !== undefined),
  });
  const context: IssuanceContext = {
    store,
    clusters: clusters.byName,
    policySet: () => policies.current(),
    clock,
    random,
    signatures: clusters.signatures,
    owner,
    soleProcess: isSoleProcess(config),
    settings: { ...config.issuing, ...config.renewal, expiryNoticeSeconds: config.expiry.noticeSeconds },
    log,
    deliveriesOf(announcement) {
      const deliveries = webhooks.deliveriesOf(announcement);
      for (const { id } of deliveries) tracing.keep(id);
      return deliveries;
    },
    probes: clusters.probes,
    identityBlocks: access.identityBlocks,
    directory: config.directory,
    directoryUse: access.directoryUse,
    denyList: access.denyList,
    publicAddress: await openPublicAddress(config.publicAddress),
    measures: metrics.issuance,
    attempts: new AttemptsUnderWay(),
    tracing,
    lostRecords: { instance, recordLost: (step) => restorations.recordLost(step) },
  };
  return { context, restorations };
}
