import type { RouteContext } from './route-context.js';
import { addApiTokens } from '../callers/routes/api-token-routes.js';
import { addAuditEvents, addEvidence } from '../log/audit-event-routes.js';
import { addRenewal } from '../requests/renewal-routes.js';
import { addCertificateRequests } from '../requests/request-routes.js';
import { addCertificates } from '../access/certificate-routes.js';
import { addClusterCsrs } from '../clusters/cluster-csr-routes.js';
import { addChanges } from '../log/change-routes.js';
import { addCallers, addWhoami } from '../callers/routes/caller-routes.js';
import { addCertificateList, addClusters, addExecKubeconfig } from '../clusters/cluster-routes.js';
import { addDirectoryUsers } from '../directory/directory-routes.js';
import { addEnforcement } from '../access/revocation-enforcement-routes.js';
import { addIdentities } from '../access/identity-routes.js';
import { addTimeline } from '../access/timeline-routes.js';
import { addInspections } from '../inspections/inspection-routes.js';
import { addIssuers } from '../clusters/issuers/issuer-routes.js';
import { addKubeconfigs } from '../requests/kubeconfig-routes.js';
import { addPolicies } from '../requests/policy-routes.js';
import { addRestored } from '../backup/restoration-routes.js';
import { addSessions } from '../callers/routes/session-routes.js';
import type { App } from '../http/server/types.js';
import { addWebhookDeliveries } from '../webhooks/webhook-routes.js';

/** Adds the routes of a resource under `/v1`. */
export type AddResource = (app: App, context: RouteContext) => void;

/** Resources that need no authentication. */
export const publicResources: readonly AddResource[] = [addCertificateList, addCallers];

/** All of them are for authenticated callers. */
export const everyResource: readonly AddResource[] = [
  addCertificateRequests,
  addKubeconfigs,
  addRenewal,
  addCertificates,
  addIdentities,
  addTimeline,
  addDirectoryUsers,
  addClusters,
  addExecKubeconfig,
  addClusterCsrs,
  addIssuers,
  addEnforcement,
  addPolicies,
  addAuditEvents,
  addEvidence,
  addChanges,
  addApiTokens,
  addSessions,
  addInspections,
  addWebhookDeliveries,
  addWhoami,
  addRestored,
];
