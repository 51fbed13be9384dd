import { randomBytes } from 'node:crypto';
import { ApiTokens } from '../identity/api-tokens.js';
import type { Budgets } from '../identity/spent-budgets.js';
import { auditEventService } from '../issuance/evidence/audit-event-service.js';
import { clusterService } from '../issuance/clusters/cluster-service.js';
import type { IssuanceContext } from '../issuance/context.js';
import { directoryUserService, scimService } from '../issuance/directory/directory-service.js';
import { enforcementService } from '../issuance/enforcement/enforcement-service.js';
import type { Checkpoints } from '../issuance/evidence/checkpoint-service.js';
import { CertificateLists } from '../issuance/lifecycle/revocation-lists.js';
import type { DenyList } from '../issuance/lifecycle/deny-list.js';
import { identityService } from '../issuance/lifecycle/identity-service.js';
import { policyService } from '../issuance/policies/policy-service.js';
import { certificateRequestService, certificateService } from '../issuance/requests/certificate-request-service.js';
import { IdempotencyKeys } from '../issuance/requests/idempotency-keys.js';
import type { DraftPool } from '../policy/workers/draft-pool.js';
import { apiTokenWriter } from './callers/api-tokens.js';
import type { Authenticators } from './callers/authenticators.js';

export interface UseCaseParts {
  readonly drafts: DraftPool;
  readonly checkpoints: Checkpoints;
  readonly denyList: DenyList;
  readonly authenticators: Authenticators;
  /** Whether API tokens may have the role admin. */
  readonly admins: boolean;
  readonly budgets: Budgets;
}

/** The use cases that work in the context of issuing. */
export function useCasesOf(context: IssuanceContext, parts: UseCaseParts) {
  const { store, clusters, clock } = context;
  const { drafts, checkpoints, denyList, authenticators, admins, budgets } = parts;
  return {
    certificateRequests: certificateRequestService(context),
    certificates: certificateService(context),
    identities: identityService(context),
    scim: scimService(context, budgets),
    directoryUsers: directoryUserService(context),
    clusters: clusterService(context, new CertificateLists(context, denyList)),
    policies: policyService(context, drafts),
    auditEvents: auditEventService(store, checkpoints),
    apiTokens: new ApiTokens({
      reader: store.apiTokens,
      writer: apiTokenWriter(store.writer),
      authenticator: authenticators.apiTokens,
      admins,
      clusters,
      clock,
      random: randomBytes,
    }),
    enforcement: enforcementService(context),
    idempotency: new IdempotencyKeys(store),
    clock,
  };
}
