import type { OfferedSignIns } from '../model/offered-sign-ins.js';
import type { ApiTokenService } from './api-tokens.js';
import type { AuditEventService } from './audit-events.js';
import type { Authenticator } from './authenticator.js';
import type { BudgetService } from './budgets.js';
import type { CertificateRequestService } from './certificate-requests.js';
import type { CertificateService } from './certificates.js';
import type { ClusterService } from './clusters.js';
import type { DirectoryUserService } from './directory-users.js';
import type { EnforcementService } from './enforcement.js';
import type { HealthService } from './health.js';
import type { IdempotencyService } from './idempotency.js';
import type { IdentityService } from './identities.js';
import type { InspectionService } from './inspections.js';
import type { LoginService } from './login.js';
import type { MetricsService } from './metrics.js';
import type { PolicyService } from './policies.js';
import type { RestoredService } from './restored.js';
import type { ScimService } from './scim.js';
import type { SessionService } from './sessions.js';
import type { WebhookDeliveryService } from './webhook-deliveries.js';

/**
 * The use cases that the HTTP edge calls. Every method takes the calling principal and checks its permissions. Expected
 * refusals are values (`Outcome`); faults are thrown.
 */
export interface Services {
  readonly scim: ScimService;
  readonly directoryUsers: DirectoryUserService;
  readonly authenticator: Authenticator;
  readonly certificateRequests: CertificateRequestService;
  readonly certificates: CertificateService;
  readonly identities: IdentityService;
  readonly clusters: ClusterService;
  readonly policies: PolicyService;
  readonly auditEvents: AuditEventService;
  readonly apiTokens: ApiTokenService;
  readonly sessions: SessionService;
  /** Public: how programs sign in. */
  readonly offeredSignIns: OfferedSignIns;
  readonly logins: LoginService;
  readonly enforcement: EnforcementService;
  readonly inspections: InspectionService;
  readonly webhookDeliveries: WebhookDeliveryService;
  readonly metrics: MetricsService;
  readonly restored: RestoredService;
  readonly health: HealthService;
  readonly idempotency: IdempotencyService;
  readonly budgets: BudgetService;
  /** The time of the service, for views of what ends by itself. */
  readonly clock: () => Date;
}
