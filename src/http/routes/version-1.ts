import type { Services } from '../../services.js';
import type { App } from '../types.js';
import { addApiTokens } from './api-tokens.js';
import { addAuditEvents } from './audit-events.js';
import { addCertificates } from './certificates.js';
import { addClusterCsrs } from './cluster-csrs.js';
import { addClusters } from './clusters.js';
import { addCreateCertificateRequest } from './create-certificate-request.js';
import { addCreateKubeconfig } from './create-kubeconfig.js';
import { addDecideCertificateRequest } from './decide-certificate-request.js';
import { addInspections } from './inspections.js';
import { addIssuedCertificate } from './issued-certificate.js';
import { addPolicies } from './policies.js';
import { addReadCertificateRequests } from './read-certificate-requests.js';
import { addRequestKubeconfig } from './request-kubeconfig.js';
import { addWebhookDeliveries } from './webhook-deliveries.js';
import { addWhoami } from './whoami.js';

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
  addAuditEvents(app, services);
  addApiTokens(app, services);
  addInspections(app, services);
  addWebhookDeliveries(app, services);
  addWhoami(app);
}
