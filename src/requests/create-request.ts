import { whyNotPermitted } from '../callers/permissions.js';
import type { AuditEventDraft } from '../model/audit-event.js';
import type { CertificateRequest, RequestState } from '../model/certificate-request.js';
import type { Decision } from '../model/decision.js';
import { newId } from '../model/new-id.js';
import { type Outcome, type Refusal, done, refused } from '../model/outcome.js';
import type { Principal } from '../model/principal.js';
import { recordedDecision } from '../policy/decide.js';
import type { ResolvedAsk } from './resolve-ask.js';
import { type AnyAsk, resolveAnyAsk } from './resolve-renewal.js';
import type { Step, Write } from '../store/steps/step.js';
import { rememberPolicySet } from '../store/tables/policy-set-table.js';
import { insertRequest } from '../store/tables/write-request.js';
import { within } from '../context/under-way.js';
import { type AttemptEnd, finishAttempt } from './issuance/issue-certificate.js';
import { type StartedAttempt, issuerCondition, issuing, keyOfCsr, startAttempt } from './issuance/start-attempt.js';
import { type Context, secondsAfter } from '../context/context.js';
import { counting } from '../context/standing.js';
import {
  announce,
  attemptDetails,
  requestEvent,
  requestedDetails,
  violationDetails,
} from '../context/request-steps.js';
import { type DecidedNow, conditionsOf, DecisionRounds, quotaOperations } from './decision-rounds.js';
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
 * The way of a request. Steps 4 to 6 are `finishAttempt`. A request that waits for a person, or for a collector whose
 * key is still to be generated, stops after step 3; `decide-request.ts` and
 * `collect-kubeconfig.ts` ask policy again before they go on with step 4.
 */
export async function createRequest(
  context: Context,
  principal: Principal,
  ask: AnyAsk,
  { waitSeconds, over, idempotency }: CreateOptions,
): Promise<Outcome<CertificateRequestView>> {
  if (idempotency?.recorded) return answerAgain(context, idempotency.recorded, waitSeconds, over);

  // 1. Resolve the ask: one cluster, one username, and a CSR that proves its key.
  const resolved = whyNotPermitted(principal, 'request-certificates') ?? (await resolveAnyAsk(context, principal, ask));
  if (!resolved.ok) return resolved;
  const { csr } = resolved.value;
  const key = csr && keyOfCsr(csr);

  for (const rounds = roundsOf(context, resolved.value); ;) {
    // 2. Decide.
    const decided = await rounds.decide();
    const asked = await requestOf(context, principal, resolved.value, decided);
    const started = key && asked.state === 'approved' ? startAttempt(context, asked, key, decided.now) : null;

    // 3. Record request, decision and, where issuing starts at once, the signer's intent in one commit.
    const recorded = await recordAsk(context, principal, rounds, { asked, decided, started, idempotency });
    if (recorded === 'again') continue;
    if (!recorded.ok) return recorded;
    const request = recorded.value;
    if (!started) return done({ request, certificate: null });

    // 4. Sign. 5. Check the certificate that came back. 6. Record the outcome.
    const end = finishAttempt(context, request, started, principal.name);

    // 7. Answer, at the end of issuing or once the caller has waited long enough.
    return done(viewAtEnd(request, await within(waitSeconds, end, over)));
  }
}

/** The request has no id yet, so there is nothing of its own to leave out of a count. */
export const roundsOf = (context: Context, ask: ResolvedAsk): DecisionRounds =>
  new DecisionRounds(context, { ...ask, id: '' });

/** Answers for the request that an earlier call with the same key recorded. */
async function answerAgain(
  context: Context,
  request: CertificateRequest,
  waitSeconds: number,
  over?: AbortSignal,
): Promise<Outcome<CertificateRequestView>> {
  if (request.state === 'denied' && deniedAs(request).violations.length > 0) return refused(deniedAs(request));
  await context.attempts.waitForEnd(request.id, waitSeconds, over);
  return done(await readView(context, request.id));
}

/** A request that is decided on, and not recorded yet. */
interface DecidedAsk {
  readonly asked: CertificateRequest;
  readonly decided: DecidedNow;
  /** Its first attempt, where that begins at once. */
  readonly started: StartedAttempt | null;
  readonly idempotency: ClaimedKey | null;
}

/**
 * Records the request with its decision, and with the intent of its first attempt in the same commit. A denied request
 * is recorded too, and answered as `policy-denied`. `again`: another round decides.
 */
export async function recordAsk(
  context: Context,
  principal: Principal,
  rounds: DecisionRounds,
  { asked, decided, started, idempotency }: DecidedAsk,
): Promise<Outcome<CertificateRequest> | 'again'> {
  const step = recordStep(context, principal, asked, decided, started, idempotency);
  const conflict = await rounds.commit(asked.id, step, started?.signing ?? null);
  if (conflict === 'again') return conflict;
  if (conflict?.kind === 'idempotencyKey') return refused({ kind: 'idempotency-key-in-flight', requestId: null });
  if (conflict !== null) throw new Error(`a new request could not be recorded: ${JSON.stringify(conflict)}`);
  if (asked.state === 'denied') return refused(deniedAs(asked));
  return done(started ? issuing(asked, started) : asked);
}

/** The record of the ask and its decision; its state follows from the decision. */
export async function requestOf(
  context: Context,
  principal: Principal,
  ask: ResolvedAsk,
  { decision, facts, policySet, now }: DecidedNow,
): Promise<CertificateRequest> {
  const makers = waitsForPerson(decision) ? await makersToRecord(context, principal, ask.collector, now) : null;
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
function lapsesAt(decision: Decision, settings: Context['settings'], now: Date): Date | null {
  if (decision.outcome === 'denied') return null;
  if (decision.approval === 'auto') return secondsAfter(now, settings.uncollectedExpiresAfterSeconds);
  return secondsAfter(now, decision.expiresAfterSeconds ?? settings.pendingExpiresAfterSeconds);
}

function recordStep(
  context: Context,
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
      rememberPolicySet(policySet),
      insertRequest(started ? issuing(request, started) : request),
      ...rememberKey(idempotency, request, now),
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
function announced(context: Context, request: CertificateRequest): readonly Write[] {
  const at = request.createdAt;
  if (request.state === 'pending') return announce(context, { event: 'certificate_request.pending', at, request });
  if (request.state !== 'denied') return [];
  const violations = violationDetails(request.decision.violations);
  const denial = { reason: 'PolicyDenied', deniedBy: null, comment: null, violations };
  return announce(context, { event: 'certificate_request.denied', at, request, denial });
}

/**
 * The refusal for a denied request: with the violations at the time of the ask, or why it is no longer permitted. A
 * request that a person denied has none of them.
 */
export function deniedAs(request: CertificateRequest): Extract<Refusal, { readonly kind: 'policy-denied' }> {
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
export async function readView(context: Context, id: string): Promise<CertificateRequestView> {
  const request = await context.store.requests.find(id);
  if (request === null) throw new Error(`request ${id} is not in the store`);
  return withCertificate(context, request);
}

export async function withCertificate(context: Context, request: CertificateRequest): Promise<CertificateRequestView> {
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
  { store }: Context,
  { createdBy }: Principal,
  collector: string,
  now: Date,
): Promise<readonly string[]> {
  return [...new Set([...createdBy, ...(await store.apiTokens.makersOf(collector, now))])];
}
