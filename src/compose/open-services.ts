import { randomBytes } from 'node:crypto';
import type { Services } from '../http/server/services.js';
import { ApiTokens } from '../identity/api-tokens.js';
import { clusterService } from '../clusters/cluster-service.js';
import { directoryUserService, scimService } from '../directory/directory-service.js';
import { enforcementService } from '../access/enforcement-service.js';
import { auditEventService } from '../evidence/audit-event-service.js';
import { CertificateLists } from '../access/revocation-lists.js';
import { identityService } from '../access/identity-service.js';
import { policyService } from '../requests/policy-service.js';
import { certificateRequestService, certificateService } from '../requests/certificate-request-service.js';
import { IdempotencyKeys } from '../context/idempotency-keys.js';
import type { StandingFaults } from '../model/measures.js';
import { DraftPool } from '../policy/workers/draft-pool.js';
import { apiTokenWriter } from './api-tokens.js';
import type { OpenedClientCertificates } from './client-certificates.js';
import { offeredSignIns } from './offered-sign-ins.js';
import type { OpenedWaysIn } from './ways-in.js';
import { healthService } from '../observability/health.js';
import { openInspections, type OpenedInspections } from './open-inspections.js';
import { measuredReviews, metricsService } from './metrics.js';
import type { OpenedAccess } from './open-access.js';
import type { OpenedAudit } from './open-audit.js';
import type { OpenedClusters } from './open-clusters.js';
import type { OpenedDatabase } from './open-database.js';
import type { OpenedIssuance } from './open-issuance.js';
import type { PoliciesInForce } from './policies-in-force.js';
import type { Runtime } from './runtime.js';
import type { TlsInForce } from './tls-in-force.js';
import type { OpenedWebhooks } from './open-webhooks.js';

/** All parts that are open when the services are. */
export interface OpenedParts {
  readonly database: OpenedDatabase;
  readonly access: OpenedAccess;
  readonly clusters: OpenedClusters;
  readonly policies: PoliciesInForce;
  readonly webhooks: OpenedWebhooks;
  readonly audit: OpenedAudit;
  readonly issuance: OpenedIssuance;
  readonly waysIn: OpenedWaysIn;
  readonly tls: TlsInForce | null;
  readonly clientCertificates: OpenedClientCertificates | null;
}

export interface OpenedServices extends Pick<OpenedInspections, 'known'> {
  readonly services: Services;
  /** Says that what an earlier process left is recovered: from now on the service is ready. */
  readonly setRecovered: () => void;
}

/** Opens the use cases that HTTP calls, with the threads for what may take long. */
export function openServices(runtime: Runtime, parts: OpenedParts): OpenedServices {
  const { config, clock, log, metrics, closings } = runtime;
  metrics.followFaults(faultsOf(parts));
  const { database, issuance, waysIn, webhooks } = parts;
  const { budgets } = database;
  const { sessions, logins } = waysIn.signIn;
  const { store } = issuance.context;
  const inspecting = { store, clusters: parts.clusters.all, budgets, clock, log };
  const { inspections, known } = openInspections(config, inspecting, closings);
  const drafts = new DraftPool({
    report: (error) => {
      log.error({ err: error }, 'a worker that tries policies out ended by itself');
    },
  });
  closings.push(() => drafts.close());
  let isRecovered = false;
  const services: Services = {
    ...useCasesOf(runtime, parts, drafts),
    ...{ inspections, budgets, clock, sessions, logins },
    authenticator: waysIn.callers,
    offeredSignIns: offeredSignIns(config.callers),
    health: healthOf(runtime, parts, () => isRecovered),
    webhookDeliveries: webhooks.deliveries,
    metrics: metricsService(metrics),
    restored: issuance.restorations,
  };
  return {
    services,
    known,
    setRecovered: () => {
      isRecovered = true;
    },
  };
}

/** The faults that stand until somebody mends them. */
const faultsOf = ({ audit, clientCertificates, policies, tls, waysIn, webhooks }: OpenedParts): StandingFaults => ({
  areFilesRefused: {
    policies: () => policies.isRefused(),
    tls: () => tls?.isRefused() ?? false,
    callers: () => clientCertificates?.trust.isRefused() ?? false,
    webhooks: () => webhooks.isRefused(),
    issuers: () => waysIn.areIssuersRefused(),
  },
  isRetentionFailing: () => audit.retention.notes().length > 0,
});

/** The use cases that work in the context of issuing. */
function useCasesOf(
  { config, metrics }: Runtime,
  { access, audit, database, issuance }: OpenedParts,
  drafts: DraftPool,
) {
  const { context } = issuance;
  const { store, clusters, clock } = context;
  return {
    certificateRequests: certificateRequestService(context),
    certificates: certificateService(context),
    identities: identityService(context),
    scim: scimService(context, database.budgets),
    directoryUsers: directoryUserService(context),
    clusters: clusterService(context, new CertificateLists(context, access.denyList)),
    policies: policyService(context, drafts),
    auditEvents: auditEventService(store, audit.checkpoints),
    apiTokens: new ApiTokens({
      reader: store.apiTokens,
      writer: apiTokenWriter(store.writer),
      authenticator: access.authenticators.apiTokens,
      admins: config.callers.apiTokens.admins,
      clusters,
      clock,
      random: randomBytes,
    }),
    enforcement: measuredReviews(enforcementService(context), metrics.callers),
    idempotency: new IdempotencyKeys(store),
  };
}

function healthOf({ config, clock }: Runtime, parts: OpenedParts, isRecovered: () => boolean): Services['health'] {
  const { access, audit, clusters, database, issuance, policies, tls, waysIn, webhooks } = parts;
  return healthService({
    ...{ clock, isRecovered, policies, tls, webhooks },
    store: issuance.context.store,
    clusters: clusters.all,
    probes: clusters.probes,
    denyList: access.denyList,
    checkpointSeconds: config.audit.checkpointSeconds,
    issuers: waysIn.issuers,
    restored: () => issuance.restorations.summary(),
    notes: () =>
      [database.schemaNote, database.keptCheckpoint.note, access.kept.note, ...audit.retention.notes()].filter(
        (note) => note !== null,
      ),
  });
}
