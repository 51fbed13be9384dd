import { readFile } from 'node:fs/promises';
import { isSoleProcess } from '../backup/open-store.js';
import { Restorations } from '../backup/recorded-restorations.js';
import type { Config } from '../config/config.js';
import type { IssuanceContext } from '../context/context.js';
import { AttemptsUnderWay } from '../context/under-way.js';
import { describeCertificateAuthority } from '../kubernetes/certificate-authorities.js';
import type { PublicAddress } from '../model/enforcement.js';
import type { Store } from '../store/store.js';
import type { OpenedAccess } from './open-access.js';
import type { OpenedClusters } from './open-clusters.js';
import type { OpenedDatabase } from './open-database.js';
import type { OpenedWebhooks } from './open-webhooks.js';
import type { PoliciesInForce } from './policies-in-force.js';
import type { Runtime } from './runtime.js';

/** The parts with which the use cases work. */
interface IssuanceParts {
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
  const restorations = new Restorations({
    ...database,
    store,
    clock,
    random,
    log,
    signsHere: () => clusters.all.some(({ issuers }) => issuers !== null),
  });
  const context: IssuanceContext = {
    store,
    clusters: clusters.byName,
    policySet: policies.current,
    clock,
    random,
    signatures: clusters.signatures,
    owner,
    soleProcess: isSoleProcess(config),
    settings: { ...config.issuing, ...config.renewal, expiryNoticeSeconds: config.expiry.noticeSeconds },
    log,
    deliveriesOf: webhooks.deliveriesOf,
    probes: clusters.probes,
    identityBlocks: access.identityBlocks,
    directory: config.directory,
    directoryUse: access.directoryUse,
    denyList: access.denyList,
    listedNames: access.listedNames,
    publicAddress: await openPublicAddress(config.publicAddress),
    measures: metrics.issuance,
    keyMeasures: metrics.keys,
    attempts: new AttemptsUnderWay(),
    tracing,
    lostRecords: { instance: database.instance, recordLost: (step) => restorations.recordLost(step) },
  };
  return { context, restorations };
}

/** Reads the CA at the address where clusters reach the service. */
async function openPublicAddress(config: Config['publicAddress']): Promise<PublicAddress | null> {
  if (config === null) return null;
  const file = config.certificateAuthorityFile;
  const certificateAuthority = file && describeCertificateAuthority(await readFile(file, 'utf8')).pem;
  return { url: config.url, certificateAuthority };
}
