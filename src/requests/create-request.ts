import { whyNotPermitted } from '../identity/permissions.js';
import type { AuditEventDraft } from '../model/audit-event.js';
import type { CertificateRequest, RequestState } from '../model/certificate-request.js';
import type { Decision } from '../model/decision.js';
import { newId } from '../model/new-id.js';
import { type Outcome, type Refusal, done, refused } from '../model/outcome.js';
import type { Principal } from '../model/principal.js';
import { recordedDecision } from '../policy/decide.js';
import { type CertificateRequestAsk, type ResolvedAsk, resolveAsk } from './resolve-ask.js';
import type { Operation, Step } from '../store/steps/step.js';
import { within } from '../context/under-way.js';
import { type AttemptEnd, finishAttempt } from '../issuance/issue-certificate.js';
import {
  type KeyToCertify,
  type StartedAttempt,
  issuerCondition,
  issuing,
  keyOfCsr,
  startAttempt,
} from '../issuance/start-attempt.js';
import { type IssuanceContext, secondsAfter } from '../context/context.js';
import { counting } from '../context/standing.js';
import {
  announce,
  attemptDetails,
  requestEvent,
  requestedDetails,
  violationDetails,
} from '../context/request-steps.js';
import { type DecidedNow, conditionsOf, decideWithinQuotas, quotaOperations } from './decide-within-quotas.js';
import { type ClaimedKey, rememberKey } from '../context/idempotency-keys.js';
import type { Certificate } from '../model/certificate.js';

export interface CreateOptions {
  /** 0 … 30: how long to wait for the end of issuing, where issuing starts at once. */
  readonly waitSeconds: number;
  /** Ends the wait. */
  readonly over?: AbortSignal;
  /** The caller's Idempotency-Key; null where they gave none. */
  readonly idempotency: ClaimedKey | null;
}

/**
 * The way of a request. Steps 2 and 3 are `decideAndRecord`, steps 4 to 6 are `finishAttempt`. A request that waits
 * for a person, or for a collector whose key is still to be generated, stops after step 3; `decide-request.ts` and
 * `collect-kubeconfig.ts` ask policy again before they go on with step 4. `resolve`: how the ask is resolved.
 */
export async function createRequest(
  context: IssuanceContext,
  principal: Principal,
  ask: CertificateRequestAsk,
  { waitSeconds, over, idempotency }: CreateOptions,
  resolve: () => Promise<Outcome<ResolvedAsk>> = () => resolveAsk(context, ask, principal),
): Promise<Outcome<CertificateRequestView>> {
  if (idempotency?.recorded) return answerAgain(context, idempotency.recorded, waitSeconds, over);

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
  return done(viewAtEnd(request, await within(waitSeconds, end, over)));
}

/** Answers for the request that an earlier call with the same key recorded. */
async function answerAgain(
  context: IssuanceContext,
  request: CertificateRequest,
  waitSeconds: number,
  over?: AbortSignal,
): Promise<Outcome<CertificateRequestView>> {
  if (request.state === 'denied') return refused(deniedAs(request));
  await context.attempts.waitForEnd(request.id, waitSeconds, over);
  return done(await readView(context, request.id));
}

/** A request as it was recorded; with its first attempt where that begins at once. */
interface RecordedAsk {
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
    return {
      requestId: request.id,
      step,
      signing: started?.signing ?? null,
      end:
        request.state === 'denied'
          ? refused(deniedAs(request))
          : done({ request: started ? issuing(request, started) : request, started }),
      otherwise(conflict) {
        if (conflict.kind === 'idempotencyKey') return refused({ kind: 'idempotency-key-in-flight', requestId: null });
        throw new Error(`a new request could not be recorded: ${JSON.stringify(conflict)}`);
      },
    };
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
  const { issuing: _issuing, renewalFacts: _facts, csr, ...asked } = ask;
  return {
    ...asked,
    id: newId(now, context.random),
    state,
    certificationRequest: csr?.der ?? null,
    publicKey: csr && { algorithm: csr.publicKey.algorithm, spkiSha256: csr.publicKey.sha256 },
    expirationSeconds:
      decision.outcome === 'permitted' ? decision.expirationSeconds : (ask.expirationSeconds ?? 86_400),
    createdAt: now,
    waitsUntil: lapsesAt(decision, context.settings, now),
    decision: makers === null ? recorded : { ...recorded, makers },
    approvals: [],
    attempt: null,
    fingerprintSha256: null,
    failure: null,
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
      ...(started ? issuerCondition(started) : []),
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

export interface CertificateRequestView {
  readonly request: CertificateRequest;
  readonly certificate: Certificate | null;
}

/** The request after the end of its attempt; null: the attempt has not ended yet. */
export function viewAtEnd(request: CertificateRequest, end: AttemptEnd | null): CertificateRequestView {
  switch (end?.kind) {
    case undefined:
      return { request, certificate: null };
    case 'issued':
      return {
        request: {
          ...request,
          state: 'issued',
          waitsUntil: null,
          fingerprintSha256: end.certificate.fingerprintSha256,
        },
        certificate: end.certificate,
      };
    case 'failed':
      return { request: { ...request, state: 'failed', waitsUntil: null, failure: end.failure }, certificate: null };
    case 'abandoned':
      return { request: { ...request, state: 'approved' }, certificate: null };
  }
}

/** The request as it is stored now. */
export async function readView(context: IssuanceContext, id: string): Promise<CertificateRequestView> {
  const request = await context.store.requests.find(id);
  if (request === null) throw new Error(`request ${id} is not in the store`);
  return withCertificate(context, request);
}

export async function withCertificate(
  context: IssuanceContext,
  request: CertificateRequest,
): Promise<CertificateRequestView> {
  const { fingerprintSha256 } = request;
  const { certificates } = context.store;
  return {
    request: await counting(context, request),
    certificate: fingerprintSha256 === null ? null : await certificates.findByFingerprint(fingerprintSha256),
  };
}

/**
 * The makers to record with a request on which a person decides: the principals behind the requester's credential, and
 * behind the credentials that could collect its key at that moment.
 */
async function makersToRecord(
  { store }: IssuanceContext,
  { createdBy }: Principal,
  collector: string,
  now: Date,
): Promise<readonly string[]> {
  return [...new Set([...createdBy, ...(await store.apiTokens.makersOf(collector, now))])];
}
