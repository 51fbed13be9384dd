import type { RouteContext } from './route-context.js';
import { addApiTokens } from './api-tokens/routes.js';
import { addAuditEvents, addEvidence } from './audit-events/routes.js';
import { addRenewal } from './certificate-requests/renewal.js';
import { addCertificateRequests } from './certificate-requests/routes.js';
import { addCertificates } from './certificates/routes.js';
import { addClusterCsrs } from './cluster-csrs/routes.js';
import { addChanges } from './changes/routes.js';
import { addCallers, addWhoami } from './callers/routes.js';
import { addCertificateList, addClusters, addExecKubeconfig } from './clusters/routes.js';
import { addDirectoryUsers } from './directory-users/routes.js';
import { addEnforcement } from './enforcement/routes.js';
import { addIdentities } from './identities/routes.js';
import { addTimeline } from './identities/timeline.js';
import { addInspections } from './inspections/routes.js';
import { addIssuers } from './issuers/routes.js';
import { addKubeconfigs } from './certificate-requests/kubeconfigs.js';
import { addPolicies } from './policies/routes.js';
import { addRestored } from './health/restored.js';
import { addSessions } from './login/sessions.js';
import type { App } from './server/types.js';
import { addWebhookDeliveries } from './webhook-deliveries/routes.js';

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
