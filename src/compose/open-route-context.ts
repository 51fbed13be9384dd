import { randomBytes } from 'node:crypto';
import { CertificateLists } from '../access/revocation-lists.js';
import { UnknownCertificates } from '../access/unknown-certificates.js';
import type { CallersConfig } from '../config/callers-config.js';
import { IdempotencyKeys } from '../context/idempotency-keys.js';
import { Changes } from '../evidence/changes.js';
import { SharedVerification } from '../evidence/read-audit-events.js';
import type { OfferedSignIns } from '../http/callers/routes.js';
import type { RouteContext } from '../http/route-context.js';
import { ApiTokens } from '../identity/api-tokens.js';
import { InspectionPool } from '../inspections/inspection-pool.js';
import { KnownClusters } from '../inspections/known-clusters.js';
import { type FollowedIssuers, followIssuers } from '../issuers/follow-issuers.js';
import { showCertificate } from '../kubernetes/show-certificate.js';
import type { StandingFaults } from '../model/measures.js';
import { healthService } from '../observability/health.js';
import { DraftPool } from '../policy/workers/draft-pool.js';
import { RecordedPolicySets } from '../requests/read-requests.js';
import { LocalCaSigner } from '../signing/local-ca.js';
import { apiTokenWriter } from './api-tokens.js';
import type { OpenedClientCertificates } from './client-certificates.js';
import type { OpenedAccess } from './open-access.js';
import type { OpenedAudit } from './open-audit.js';
import type { OpenedClusters } from './open-clusters.js';
import type { OpenedDatabase } from './open-database.js';
import type { OpenedIssuance } from './open-issuance.js';
import type { OpenedWebhooks } from './open-webhooks.js';
import type { PoliciesInForce } from './policies-in-force.js';
import type { Runtime } from './runtime.js';
import type { TlsInForce } from './tls-in-force.js';
import type { OpenedWaysIn } from './ways-in.js';

/** All parts that are open when the context of routes is. */
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

export interface OpenedRouteContext {
  readonly context: RouteContext;
  /** The clusters as inspections know them. */
  readonly known: KnownClusters;
  readonly followedIssuers: FollowedIssuers;
  /** Says that what an earlier process left is recovered: from now on the service is ready. */
  readonly setRecovered: () => void;
}

/** Opens everything that routes work with, with the threads for what may take long. */
export function openRouteContext(runtime: Runtime, parts: OpenedParts): OpenedRouteContext {
  const { config, clock, log, metrics, closings } = runtime;
  const { access, audit, database, clusters, issuance, waysIn, webhooks } = parts;
  const { budgets } = database;
  const { store } = issuance.context;
  const followedIssuers = followIssuers(issuance.context);
  metrics.follow({
    queue: () => store.queue(),
    probes: clusters.probes,
    faults: faultsOf(runtime, parts),
    issuers: () => followedIssuers.figures(),
  });
  const ofThreads = (work: string) => ({
    report: (error: unknown) => {
      log.error({ err: error }, `a worker that ${work} ended by itself`);
    },
  });
  const { threadTimes: times = {} } = runtime.overrides;
  const pool = new InspectionPool({ ...ofThreads('inspects uploads'), ...times });
  closings.push(() => pool.close());
  const drafts = new DraftPool({ ...ofThreads('tries policies out'), evaluate: times, replay: times });
  closings.push(() => drafts.close());
  const known = new KnownClusters(clusters.all, clock);
  let isRecovered = false;
  const useCases = issuance.context;
  const context: RouteContext = {
    ...useCases,
    recordedPolicySets: new RecordedPolicySets(useCases),
    certificateLists: new CertificateLists(useCases, access.denyList),
    probePorts: {
      signerOf: (issuer) => new LocalCaSigner({ active: () => issuer }, randomBytes),
      show: (server, shown) => showCertificate(server, shown),
    },
    drafts,
    checkpoints: audit.checkpoints,
    verification: new SharedVerification(store.auditEvents),
    changes: new Changes(store.changes, database.instance, randomBytes),
    apiTokens: new ApiTokens({
      reader: store.apiTokens,
      writer: apiTokenWriter(store.writer),
      authenticator: access.authenticators.apiTokens,
      admins: config.callers.apiTokens.admins,
      clusters: useCases.clusters,
      clock,
      random: randomBytes,
    }),
    unknownCertificates: new UnknownCertificates(useCases),
    reviewMeasures: metrics.callers.reviews,
    inspecting: { thresholds: config.inspection, known, pool },
    budgets,
    idempotency: new IdempotencyKeys(store),
    sessions: waysIn.signIn.sessions,
    logins: waysIn.signIn.logins,
    authenticator: waysIn.callers,
    offeredSignIns: offeredSignIns(config.callers),
    health: healthOf(runtime, parts, () => isRecovered),
    webhooks,
    metrics,
    restored: issuance.restorations,
  };
  return {
    context,
    known,
    followedIssuers,
    setRecovered: () => {
      isRecovered = true;
    },
  };
}

/** The ways in of the configuration that programs find by themselves: an issuer is among them if it has a `cli`. */
const offeredSignIns = ({ oidc, serviceAccounts }: CallersConfig): OfferedSignIns => ({
  oidc: oidc.flatMap(({ name, issuer, scopes, audiences, cli }) =>
    cli === null ? [] : [{ name, issuer, clientId: cli.clientId, scopes, audiences }],
  ),
  serviceAccounts: serviceAccounts.map(({ cluster, audience }) => ({ cluster, audience })),
});

/** The faults that stand until somebody mends them. */
const faultsOf = ({ files }: Runtime, { audit, policies }: OpenedParts): StandingFaults => ({
  areFilesRefused: (kind) => (kind === 'policies' ? policies.isRefused() : files.isRefused(kind)),
  isRetentionFailing: () => audit.notes().length > 0,
});

function healthOf({ config, clock }: Runtime, parts: OpenedParts, isRecovered: () => boolean): RouteContext['health'] {
  const { access, audit, clusters, database, issuance, policies, tls, waysIn, webhooks } = parts;
  return healthService({
    clock,
    isRecovered,
    policies,
    tls,
    webhooks,
    store: issuance.context.store,
    clusters: clusters.all,
    probes: clusters.probes,
    denyList: access.denyList,
    checkpointSeconds: config.audit.checkpointSeconds,
    issuers: waysIn.issuers,
    restored: () => issuance.restorations.summary(),
    notes: () =>
      [database.schemaNote, database.keptCheckpoint.note, access.kept.note, ...audit.notes()].filter(
        (note) => note !== null,
      ),
  });
}
