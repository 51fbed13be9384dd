import type { ApiTokens } from '../../identity/api-tokens.js';
import type { Budgets } from '../../identity/spent-budgets.js';
import type { Callers } from '../../identity/callers/callers.js';
import type { Logins, Sessions } from '../../identity/sessions.js';
import type { InspectingContext } from '../../inspections/inspect-upload.js';
import type { ProbingContext } from '../../issuers/probe-issuer.js';
import type { CertificateLists } from '../../access/revocation-lists.js';
import type { IssuanceContext } from '../../context/context.js';
import type { ProvisioningContext } from '../../directory/change-user.js';
import type { ReviewContext } from '../../access/review-access.js';
import type { ProvingContext } from '../../evidence/prove-log.js';
import type { SharedVerification } from '../../evidence/read-audit-events.js';
import type { Changes } from '../../evidence/changes.js';
import type { DraftingContext } from '../../requests/drafts.js';
import type { ExplainingContext } from '../../requests/read-requests.js';
import type { IdempotencyKeys } from '../../context/idempotency-keys.js';
import type { Restorations } from '../../backup/recorded-restorations.js';
import type { HealthService } from '../../model/health.js';
import type { MetricsText } from '../../model/measures.js';
import type { Outcome } from '../../model/outcome.js';
import type { Principal } from '../../model/principal.js';
import type { DeliveriesContext } from '../../webhooks/webhook-deliveries.js';

/** How programs sign in besides API tokens. It is public, and holds no secret. */
export interface OfferedSignIns {
  /** Identity providers with a public client for the command line. */
  readonly oidc: readonly {
    readonly name: string;
    readonly issuer: string;
    readonly clientId: string;
    readonly scopes: readonly string[];
    /** One of them must be in the token. */
    readonly audiences: readonly string[];
  }[];
  /** A token of a service account of this cluster needs this audience. */
  readonly serviceAccounts: readonly { readonly cluster: string; readonly audience: string }[];
}

/**
 * Everything that routes work with: the context of the use cases, and what keeps a state for HTTP alone. A use case
 * takes the context and the calling principal, and checks permissions by itself. Expected refusals are values
 * (`Outcome`); faults are thrown.
 */
export interface RouteContext
  extends
    IssuanceContext,
    ProbingContext,
    ReviewContext,
    ExplainingContext,
    DraftingContext,
    ProvingContext,
    ProvisioningContext {
  readonly verification: Pick<SharedVerification, 'verify'>;
  readonly changes: Pick<Changes, 'read' | 'wait'>;
  readonly inspecting: InspectingContext['inspecting'];
  readonly webhooks: DeliveriesContext['webhooks'];
  readonly apiTokens: Pick<ApiTokens, 'create' | 'list' | 'revoke'>;
  readonly sessions: Pick<Sessions, 'beginWithToken' | 'whyNotWithToken' | 'list' | 'end'>;
  readonly logins: Pick<Logins, 'issuers' | 'begin' | 'finish'>;
  /** Public: how programs sign in. */
  readonly offeredSignIns: OfferedSignIns;
  /** Finds out who a caller is, whatever the way in. */
  readonly authenticator: Pick<Callers, 'authenticate' | 'authenticateReviewer' | 'useProof'>;
  readonly budgets: Pick<Budgets, 'begin' | 'spend' | 'states'>;
  readonly idempotency: Pick<IdempotencyKeys, 'actOnce' | 'keep'>;
  readonly restored: Pick<Restorations, 'read' | 'acknowledge'>;
  readonly health: HealthService;
  /** For auditors and admins. */
  readonly metrics: { read(principal: Principal): Promise<Outcome<MetricsText>> };
  /** The CRLs, which are public. */
  readonly certificateLists: Pick<CertificateLists, 'of' | 'all'>;
}
