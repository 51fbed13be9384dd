import { whyNotPermitted } from '../identity/permissions.js';
import type { AuditEventDraft } from '../model/audit-event.js';
import type { CertificateRequest, RequestState } from '../model/certificate-request.js';
import type { Decision } from '../model/decision.js';
import { newId } from '../model/new-id.js';
import { done, refused, type Outcome, type Refusal } from '../model/outcome.js';
import type { Principal } from '../model/principal.js';
import { recordedDecision } from '../policy/recorded-decision.js';
import { type CertificateRequestAsk, resolveAsk, type ResolvedAsk } from './resolve-ask.js';
import { type CertificateRequestView, readView, viewAtEnd } from './request-view.js';
import type { Operation, Step } from '../store/steps/step.js';
import { within } from '../context/under-way.js';
import { finishAttempt } from '../issuance/issue-certificate.js';
import { keyOfCsr, type KeyToCertify, issuing, startAttempt, type StartedAttempt } from '../issuance/start-attempt.js';
import { secondsAfter, type IssuanceContext } from '../context/context.js';
import {
  announce,
  attemptDetails,
  requestedDetails,
  requestEvent,
  violationDetails,
} from '../context/request-steps.js';
import { conditionsOf, decideWithinQuotas, quotaOperations, type DecidedNow } from './decide-within-quotas.js';
import { rememberKey, type ClaimedKey } from '../context/idempotency-keys.js';
import { makersToRecord } from './makers.js';

export interface CreateOptions {
  /** 0 … 30: how long to wait for the end of issuing, where issuing starts at once. */
  readonly waitSeconds: number;
  /** The caller's Idempotency-Key; null where they gave none. */
  readonly idempotency: ClaimedKey | null;
}

/**
 * The way of a request. Steps 2 and 3 are `decideAndRecord`, steps 4 to 6 are `finishAttempt`. A request that waits
 * for a person, or for a collector whose key is still to be generated, stops after step 3; `decide-request.ts` and
 * `collect-kubeconfig.ts` ask policy again before they go on with step 4.
 */
export function createRequest(
  context: IssuanceContext,
  principal: Principal,
  ask: CertificateRequestAsk,
  options: CreateOptions,
): Promise<Outcome<CertificateRequestView>> {
  return createResolved(context, principal, () => resolveAsk(context, ask, principal), options);
}

/** The same for an ask that is resolved in another way. */
export function createResolved(
  context: IssuanceContext,
  principal: Principal,
  resolve: () => Promise<Outcome<ResolvedAsk>>,
  { waitSeconds, idempotency }: CreateOptions,
): Promise<Outcome<CertificateRequestView>> {
  return idempotency?.recorded ? again(idempotency.recorded) : first();

  async function first(): Promise<Outcome<CertificateRequestView>> {
    // 1. Resolve the ask: one cluster, one username, and a CSR that proves its key.
    const resolved = whyNotPermitted(principal, 'request-certificates') ?? (await resolve());
    if (!resolved.ok) return resolved;
    const { csr } = resolved.value;
    const key = csr && keyOfCsr(csr);

    // 2. Decide. 3. Record request, decision and, where issuing starts at once, the signer's intent in one commit.
    const recorded = await decideAndRecord(context, principal, resolved.value, idempotency, () => key);
    if (!recorded.ok) return recorded;
    const { request, started } = recorded.value;
    if (!started) return done({ request, certificate: null });

    // 4. Sign. 5. Check the certificate that came back. 6. Record the outcome.
    const end = finishAttempt(context, request, started, principal.name);

    // 7. Answer, at the end of issuing or once the caller has waited long enough.
    return done(viewAtEnd(request, await within(waitSeconds, end)));
  }

  /** Answers for the request that an earlier call with the same key recorded. */
  async function again(request: CertificateRequest): Promise<Outcome<CertificateRequestView>> {
    if (request.state === 'denied') return refused(deniedAs(request));
    await context.attempts.waitForEnd(request.id, waitSeconds);
    return done(await readView(context, request.id));
  }
}

/** A request as it was recorded; with its first attempt where that begins at once. */
export interface RecordedAsk {
  readonly request: CertificateRequest;
  readonly started: StartedAttempt | null;
}

/**
 * Decides on a resolved ask and records the request with its decision. The intent of a first attempt is in the same
 * commit where approval is automatic and `keyFor` has a key for the request. A denied request is recorded too, and
 * answered as `policy-denied`.
 */
export function decideAndRecord(
  context: IssuanceContext,
  principal: Principal,
  ask: ResolvedAsk,
  idempotency: ClaimedKey | null,
  keyFor: (request: CertificateRequest) => KeyToCertify | null | Promise<KeyToCertify | null>,
): Promise<Outcome<RecordedAsk>> {
  // The request has no id yet, so there is nothing of its own to leave out of a count.
  return decideWithinQuotas<Outcome<RecordedAsk>>(context, { ...ask, id: '' }, async (decided) => {
    const makers = waitsForPerson(decided.decision)
      ? await makersToRecord(context, principal, ask.collector, decided.now)
      : null;
    const request = requestOf(context, ask, decided, makers);
    const key = request.state === 'approved' ? await keyFor(request) : null;
    const started = key && startAttempt(context, request, key, request.createdAt);
    const step = recordStep(context, principal, request, decided, started, idempotency);
    const result = await context.attempts.commitBeginning(context.store, request.id, step, started?.signing ?? null);
    if (result.committed) {
      if (request.state === 'denied') return { end: refused(deniedAs(request)) };
      return { end: done({ request: started ? issuing(request, started) : request, started }) };
    }
    switch (result.conflict.kind) {
      case 'quota':
        return { usedUp: result.conflict };
      case 'blocked':
      case 'revocation':
        return { outdated: true };
      case 'idempotencyKey':
        return { end: refused({ kind: 'idempotency-key-in-flight', requestId: null }) };
      default:
        throw new Error(`a new request could not be recorded: ${JSON.stringify(result.conflict)}`);
    }
  });
}

/** The record of the ask and its decision; its state follows from the decision. */
function requestOf(
  context: IssuanceContext,
  ask: ResolvedAsk,
  { decision, facts, policySet, now }: DecidedNow,
  makers: readonly string[] | null,
): CertificateRequest {
  const state: RequestState =
    decision.outcome === 'denied' ? 'denied' : waitsForPerson(decision) ? 'pending' : 'approved';
  const recorded = recordedDecision(decision, ask, facts, policySet, now);
  return {
    id: newId(now, context.random),
    state,
    cluster: ask.cluster,
    username: ask.username,
    groups: ask.groups,
    keyAlgorithm: ask.keyAlgorithm,
    certificationRequest: ask.csr?.der ?? null,
    publicKey: ask.csr && { algorithm: ask.csr.publicKey.algorithm, spkiSha256: ask.csr.publicKey.sha256 },
    expirationSeconds:
      decision.outcome === 'permitted' ? decision.expirationSeconds : (ask.expirationSeconds ?? 86_400),
    namespace: ask.namespace,
    reason: ask.reason,
    labels: ask.labels,
    requester: ask.requester,
    collector: ask.collector,
    createdAt: now,
    expiresAt: lapsesAt(decision, context.settings, now),
    decision: makers === null ? recorded : { ...recorded, makers },
    approvals: [],
    attempt: null,
    fingerprintSha256: null,
    failure: null,
    renewal: ask.renewal,
  };
}

const waitsForPerson = ({ approval }: Decision): boolean => approval === 'manual';

/** Until when the request waits for approval, as the deciding policy or else the service says, or for its collector. */
function lapsesAt(decision: Decision, settings: IssuanceContext['settings'], now: Date): Date | null {
  if (decision.outcome === 'denied') return null;
  if (decision.approval === 'auto') return secondsAfter(now, settings.uncollectedExpiresAfterSeconds);
  return secondsAfter(now, decision.expiresAfterSeconds ?? settings.pendingExpiresAfterSeconds);
}

function recordStep(
  context: IssuanceContext,
  principal: Principal,
  request: CertificateRequest,
  { decision, policySet, now }: DecidedNow,
  started: StartedAttempt | null,
  idempotency: ClaimedKey | null,
): Step {
  const { name } = principal;
  return {
    operations: [
      ...(request.state === 'denied' ? [] : conditionsOf(request, now)),
      // A request that waits for a person does not count against quotas yet.
      ...(request.state === 'approved' ? quotaOperations(decision, request, now) : []),
      { op: 'rememberPolicySet', digest: policySet.digest, texts: policySet.texts },
      { op: 'insertRequest', request: started ? issuing(request, started) : request },
      ...rememberKey(idempotency, request.id, now),
      ...announced(context, request),
    ],
    events: [
      requestEvent('CertificateRequested', now, name, request, requestedBy(principal, request)),
      ...decisionEvents(request, decision),
      ...(started ? [requestEvent('IssuanceStarted', now, name, request, attemptDetails(started.attempt))] : []),
    ],
  };
}

const requestedBy = ({ method }: Principal, request: CertificateRequest) =>
  method === 'key-proof' ? { ...requestedDetails(request), keyProof: true as const } : requestedDetails(request);

function decisionEvents(request: CertificateRequest, decision: Decision): readonly AuditEventDraft[] {
  const { policySetDigest } = request.decision;
  if (decision.outcome === 'denied') {
    const violations = violationDetails(decision.violations);
    const details = { reason: 'PolicyDenied' as const, policySetDigest, violations };
    return [requestEvent('RequestDenied', request.createdAt, null, request, details)];
  }
  if (decision.approval === 'manual') return [];
  const details = { approval: 'auto' as const, policy: decision.policy, policySetDigest };
  return [requestEvent('RequestApproved', request.createdAt, null, request, details)];
}

/** Tells webhooks of a request that waits or is denied; an approved one is announced once it is issued. */
function announced(context: IssuanceContext, request: CertificateRequest): readonly Operation[] {
  const at = request.createdAt;
  if (request.state === 'pending') return announce(context, { event: 'certificate_request.pending', at, request });
  if (request.state !== 'denied') return [];
  const violations = violationDetails(request.decision.violations);
  const denial = { reason: 'PolicyDenied', deniedBy: null, comment: null, violations };
  return announce(context, { event: 'certificate_request.denied', at, request, denial });
}

/** The refusal for a denied request: with the violations at the time of the ask, or why it is no longer permitted. */
export function deniedAs(request: CertificateRequest): Refusal {
  const { failure, decision } = request;
  const violations = failure ? [{ source: 'policy', ...failure }] : decision.violations;
  return { kind: 'policy-denied', request, violations };
}
