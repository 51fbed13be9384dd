import { may } from '../identity/permissions.js';
import type { CertificateRequest, RequestState } from '../model/certificate-request.js';
import type { Decision } from '../model/decision.js';
import { newId } from '../model/new-id.js';
import { done, refused, type Outcome, type Refusal, type Refused } from '../model/outcome.js';
import type { Principal } from '../model/principal.js';
import { decide } from '../policy/decide.js';
import type { PolicySet } from '../policy/policy-set.js';
import { recordedDecision } from '../policy/recorded-decision.js';
import type { CertificateRequestAsk, CertificateRequestView, IdempotencyToken } from '../services.js';
import type { Operation } from '../store/step.js';
import { factsOf, secondsAfter, type IssuanceContext } from './context.js';
import { attemptDetails, requestedDetails, requestEvent, violationDetails } from './events.js';
import { rememberKey, withIdempotency } from './idempotency.js';
import { finishAttempt } from './issue-certificate.js';
import { startAttempt, type StartedAttempt } from './start-attempt.js';
import { keyOfCsr, type KeyToCertify } from './key-to-certify.js';
import { resolveAsk, type ResolvedAsk } from './resolve-ask.js';
import { readView, viewAtEnd } from './request-view.js';
import { waitForEnd, within } from './wait.js';

export interface CreateOptions {
  /** 0 … 30: how long to wait for the end of issuing, where issuing starts at once. */
  readonly waitSeconds: number;
  readonly idempotency: IdempotencyToken | null;
}

/** Records a request with its decision; where a CSR is approved automatically, issuing starts at once. */
export function createRequest(
  context: IssuanceContext,
  principal: Principal,
  ask: CertificateRequestAsk,
  { waitSeconds, idempotency }: CreateOptions,
): Promise<Outcome<CertificateRequestView>> {
  return withIdempotency(
    context,
    principal,
    idempotency,
    async () => {
      const resolved = mayAsk(principal) ?? (await resolveAsk(context, ask, principal.name));
      if (!resolved.ok) return resolved;
      const decided = decideAsk(context, principal, resolved.value);
      const { csr } = resolved.value;
      const recorded = await recordRequest(context, principal, decided, csr && keyOfCsr(csr), idempotency);
      if (!recorded.ok) return recorded;
      const { request, started } = recorded.value;
      if (!started) return done({ request, certificate: null });
      const end = finishAttempt(context, request, started, principal.name);
      return done(viewAtEnd(request, await within(waitSeconds, end)));
    },
    async (request) => {
      if (request.state === 'denied') return refused(deniedAs(request));
      await waitForEnd(context, request.id, waitSeconds);
      return done(await readView(context, request.id));
    },
  );
}

/** Asking takes a role; a refusal, or null. */
export function mayAsk(principal: Principal): Refused | null {
  if (may(principal, 'request-certificates')) return null;
  return refused({ kind: 'not-permitted', message: 'asking for certificates takes the role requester or admin' });
}

/** An ask with what policy says of it, at one instant. */
export interface DecidedAsk {
  readonly decision: Decision;
  readonly request: CertificateRequest;
  readonly policySet: PolicySet;
}

/** Decides on a resolved ask and makes the record of it, not stored yet; its state says what the decision was. */
export function decideAsk(context: IssuanceContext, principal: Principal, ask: ResolvedAsk): DecidedAsk {
  const now = context.clock();
  const requester = { name: principal.name, groups: principal.groups, roles: principal.roles };
  const facts = factsOf(ask.issuing.cluster);
  const policySet = context.policySet();
  const decision = decide(ask, requester, facts, policySet, now);
  const state: RequestState =
    decision.outcome === 'denied' ? 'denied' : decision.approval === 'manual' ? 'pending' : 'approved';
  const { pendingExpiresAfterSeconds, uncollectedExpiresAfterSeconds } = context.settings;
  const request: CertificateRequest = {
    id: newId(now, context.random),
    state,
    cluster: ask.issuing.cluster.name,
    username: ask.username,
    groups: ask.groups,
    keyAlgorithm: ask.keyAlgorithm,
    certificationRequest: ask.csr?.der ?? null,
    publicKey: ask.csr && { algorithm: ask.csr.publicKey.algorithm, spkiSha256: ask.csr.publicKey.sha256 },
    expirationSeconds:
      decision.outcome === 'permitted' ? decision.expirationSeconds : (ask.expirationSeconds ?? 86_400),
    namespace: ask.namespace,
    reason: ask.reason,
    requester,
    collector: ask.collector,
    createdAt: now,
    expiresAt:
      state === 'denied'
        ? null
        : secondsAfter(now, state === 'pending' ? pendingExpiresAfterSeconds : uncollectedExpiresAfterSeconds),
    decision: recordedDecision(decision, ask, facts, policySet, now),
    approvals: [],
    attempt: null,
    fingerprintSha256: null,
    failure: null,
  };
  return { decision, request, policySet };
}

/**
 * Stores the request, its decision and, where `key` is given and approval is automatic, the intent of its first
 * attempt, all in one commit. A denied request is stored too and comes back as `policy-denied`.
 */
export async function recordRequest(
  context: IssuanceContext,
  principal: Principal,
  { decision, request, policySet }: DecidedAsk,
  key: KeyToCertify | null,
  idempotency: IdempotencyToken | null,
): Promise<Outcome<{ readonly request: CertificateRequest; readonly started: StartedAttempt | null }>> {
  const now = request.createdAt;
  const started = key && request.state === 'approved' ? startAttempt(context, request, key, now) : null;
  const stored: CertificateRequest = started
    ? { ...request, state: 'issuing', attempt: started.attempt, publicKey: started.publicKey }
    : request;
  const operations: readonly Operation[] = [
    { op: 'rememberPolicySet', digest: policySet.digest, texts: policySet.texts },
    { op: 'insertRequest', request: stored },
    ...rememberKey(principal, idempotency, request.id, now),
  ];
  const events = [
    requestEvent('CertificateRequested', now, principal.name, request, requestedDetails(request)),
    ...decisionEvents(request, decision),
    ...(started
      ? [requestEvent('IssuanceStarted', now, principal.name, request, attemptDetails(started.attempt))]
      : []),
  ];
  const result = await context.store.writer.commit({ operations, events });
  if (!result.committed) {
    if (result.conflict.kind === 'idempotencyKey')
      return refused({ kind: 'idempotency-key-in-flight', requestId: null });
    throw new Error(`a new request could not be recorded: ${JSON.stringify(result.conflict)}`);
  }
  if (request.state === 'denied') return refused(deniedAs(request));
  return done({ request: stored, started });
}

/** How a denied request is answered: with what policy said when it was asked, or with why it no longer permits it. */
export function deniedAs(request: CertificateRequest): Refusal {
  const { failure, decision } = request;
  const violations = failure ? [{ source: 'policy', ...failure }] : decision.violations;
  return { kind: 'policy-denied', request, violations };
}

function decisionEvents(request: CertificateRequest, decision: Decision) {
  const { policySetDigest } = request.decision;
  if (decision.outcome === 'denied')
    return [
      requestEvent('RequestDenied', request.createdAt, null, request, {
        reason: 'PolicyDenied',
        policySetDigest,
        violations: violationDetails(decision.violations),
      }),
    ];
  if (decision.approval === 'manual') return [];
  return [
    requestEvent('RequestApproved', request.createdAt, null, request, {
      approval: 'auto',
      policy: decision.policy,
      policySetDigest,
    }),
  ];
}
