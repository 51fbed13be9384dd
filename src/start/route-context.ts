import type { Context } from '../context/context.js';
import type { ProvisioningContext } from '../directory/change-user.js';
import type { InspectingContext } from '../inspections/inspect-upload.js';
import type { ProbingContext } from '../clusters/issuers/probe-issuer.js';
import type { ReviewContext } from '../access/answer-subject-access-review.js';
import type { DraftingContext } from '../requests/drafts.js';
import type { ExplainingContext } from '../requests/read-requests.js';
import type { DeliveriesContext } from '../webhooks/webhook-deliveries.js';
import type { ApiTokensContext } from '../callers/routes/api-token-routes.js';
import type { AuditEventsContext } from '../log/audit-event-routes.js';
import type { CallersContext } from '../callers/routes/caller-routes.js';
import type { ChangesContext } from '../log/change-routes.js';
import type { CertificateListsContext } from '../clusters/cluster-routes.js';
import type { RestoredContext } from '../backup/restoration-routes.js';
import type { HealthContext, MetricsContext } from '../http/pages/health-routes.js';
import type { LoginContext } from '../callers/routes/login-routes.js';
import type { SessionsContext } from '../callers/routes/session-routes.js';
import type { HttpContext } from '../http/server/http-context.js';

/**
 * Everything that routes work with: the context of the use cases, and what keeps a state for HTTP alone. Each route
 * names the part that it needs. A use case takes the context and the calling principal, and checks permissions by
 * itself. Expected refusals are values (`Outcome`); faults are thrown.
 */
export type RouteContext = Context &
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
