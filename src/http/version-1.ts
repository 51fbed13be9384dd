import type { Services } from '../services.js';
import type { App } from './types.js';
import { addApiTokens } from './api-tokens/routes.js';
import { addAuditEvents } from './audit-events/routes.js';
import { addCertificates } from './certificates/routes.js';
import { addClusterCsrs } from './cluster-csrs/routes.js';
import { addClusters } from './clusters/routes.js';
import { addCreateCertificateRequest } from './certificate-requests/create-certificate-request.js';
import { addCreateKubeconfig } from './kubeconfigs/routes.js';
import { addDecideCertificateRequest } from './certificate-requests/decide-certificate-request.js';
import { addEvaluatePolicies } from './policies/evaluate-policies.js';
import { addInspections } from './inspections/routes.js';
import { addIssuedCertificate } from './certificate-requests/issued-certificate.js';
import { addPolicies } from './policies/routes.js';
import { addPolicySchema } from './policies/policy-schema.js';
import { addReadCertificateRequests } from './certificate-requests/routes.js';
import { addReplayPolicies } from './policies/replay.js';
import { addRequestKubeconfig } from './certificate-requests/request-kubeconfig.js';
import { addWebhookDeliveries } from './webhook-deliveries/routes.js';
import { addWhoami } from './whoami/routes.js';

/** Everything under `/v1`; all of it is for authenticated callers. */
export function addVersion1(app: App, services: Services): void {
  addCreateCertificateRequest(app, services);
  addReadCertificateRequests(app, services);
  addDecideCertificateRequest(app, services);
  addIssuedCertificate(app, services);
  addRequestKubeconfig(app, services);
  addCreateKubeconfig(app, services);
  addCertificates(app, services);
  addClusters(app, services);
  addClusterCsrs(app, services);
  addPolicies(app, services);
  addEvaluatePolicies(app, services);
  addReplayPolicies(app, services);
  addPolicySchema(app, services);
  addAuditEvents(app, services);
  addApiTokens(app, services);
  addInspections(app, services);
  addWebhookDeliveries(app, services);
  addWhoami(app);
}
