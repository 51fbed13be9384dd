import type { IssuanceContext } from '../context/context.js';
import type { ProvisioningContext } from '../directory/change-user.js';
import type { InspectingContext } from '../inspections/inspect-upload.js';
import type { ProbingContext } from '../issuers/probe-issuer.js';
import type { ReviewContext } from '../access/review-access.js';
import type { DraftingContext } from '../requests/drafts.js';
import type { ExplainingContext } from '../requests/read-requests.js';
import type { DeliveriesContext } from '../webhooks/webhook-deliveries.js';
import type { ApiTokensContext } from './api-tokens/routes.js';
import type { AuditEventsContext } from './audit-events/routes.js';
import type { CallersContext } from './callers/routes.js';
import type { ChangesContext } from './changes/routes.js';
import type { CertificateListsContext } from './clusters/routes.js';
import type { RestoredContext } from './health/restored.js';
import type { HealthContext, MetricsContext } from './health/routes.js';
import type { LoginContext } from './login/routes.js';
import type { SessionsContext } from './login/sessions.js';
import type { HttpContext } from './server/http-context.js';

/**
 * Everything that routes work with: the context of the use cases, and what keeps a state for HTTP alone. Each route
 * names the part that it needs. A use case takes the context and the calling principal, and checks permissions by
 * itself. Expected refusals are values (`Outcome`); faults are thrown.
 */
export type RouteContext = IssuanceContext &
  HttpContext &
  HealthContext &
  MetricsContext &
  CallersContext &
  LoginContext &
  SessionsContext &
  ApiTokensContext &
  ExplainingContext &
  DraftingContext &
  ReviewContext &
  CertificateListsContext &
  ProbingContext &
  ProvisioningContext &
  InspectingContext &
  DeliveriesContext &
  AuditEventsContext &
  ChangesContext &
  RestoredContext;
