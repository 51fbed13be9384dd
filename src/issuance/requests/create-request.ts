import { may } from '../../identity/permissions.js';
import type { CertificateRequest, RequestState } from '../../model/certificate-request.js';
import type { Decision } from '../../model/decision.js';
import { newId } from '../../model/new-id.js';
import { done, refused, type Outcome, type Refusal, type Refused } from '../../model/outcome.js';
import type { Principal } from '../../model/principal.js';
import { decide } from '../../policy/decide.js';
import type { PolicySet } from '../../policy/policy-set.js';
import { recordedDecision } from '../../policy/recorded-decision.js';
import type { CertificateRequestAsk, CertificateRequestView, IdempotencyToken } from '../../services.js';
import type { Operation, Step } from '../../store/step.js';
import { secondsAfter, type IssuanceContext } from '../context.js';
import { announce, attemptDetails, requestedDetails, requestEvent, violationDetails } from '../events.js';
import { gatherFacts } from '../policies/gather-facts.js';
import { rememberKey } from './idempotency-keys.js';
import { finishAttempt } from '../attempts/issue-certificate.js';
import { startAttempt, type StartedAttempt } from '../attempts/start-attempt.js';
import { keyOfCsr, type KeyToCertify } from '../attempts/key-to-certify.js';
import { inQuotaRounds, quotaOperations, type UsedUpQuota } from '../policies/quota-rounds.js';
import { resolveAsk, type ResolvedAsk } from './resolve-ask.js';
import { readView, viewAtEnd } from './request-view.js';
import { within } from '../attempts/attempts-under-way.js';

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
  return context.idempotencyKeys.run(
    principal,
    idempotency,
    async () => {
      const resolved = mayAsk(principal) ?? (await resolveAsk(context, ask, principal.name));
      if (!resolved.ok) return resolved;
      const { csr } = resolved.value;
      const key = csr && keyOfCsr(csr);
      const recorded = await decideAndRecord(context, principal, resolved.value, idempotency, () => key);
      if (!recorded.ok) return recorded;
      const { request, started } = recorded.value;
      if (!started) return done({ request, certificate: null });
      const end = finishAttempt(context, request, started, principal.name);
      return done(viewAtEnd(request, await within(waitSeconds, end)));
    },
    async (request) => {
      if (request.state === 'denied') return refused(deniedAs(request));
      await context.attempts.waitForEnd(request.id, waitSeconds);
      return done(await readView(context, request.id));
    },
  );
}

/** Asking takes a role; a refusal, or null. */
export function mayAsk(principal: Principal): Refused | null {
  if (may(principal, 'request-certificates')) return null;
  return refused({ kind: 'not-permitted', message: 'asking for certificates takes the role requester or admin' });
}

/** A request as it was recorded; with the intent of its first attempt where that was recorded with it. */
export interface RecordedRequest {
  readonly request: CertificateRequest;
  readonly started: StartedAttempt | null;
}

/**
 * Decides on a resolved ask and records the request with its decision, in one commit with the intent of its first
 * attempt where approval is automatic and `keyFor` has a key for the request. A denied request is recorded too and
 * comes back as `policy-denied`.
 */
export function decideAndRecord(
  context: IssuanceContext,
  principal: Principal,
  ask: ResolvedAsk,
  idempotency: IdempotencyToken | null,
  keyFor: (request: CertificateRequest) => KeyToCertify | null | Promise<KeyToCertify | null>,
): Promise<Outcome<RecordedRequest>> {
  return inQuotaRounds<Outcome<RecordedRequest>>(async (usedUp) => {
    const decided = await decideAsk(context, principal, ask, usedUp);
    const { request } = decided;
    const key = request.state === 'approved' ? await keyFor(request) : null;
    const started = key && startAttempt(context, request, key, request.createdAt);
    const result = await context.attempts.commitBeginning(
      context.store.writer,
      request.id,
      recordStep(context, principal, decided, started, idempotency),
    );
    if (result.committed) {
      if (request.state === 'denied') return { end: refused(deniedAs(request)) };
      return { end: done({ request: started ? issuing(request, started) : request, started }) };
    }
    switch (result.conflict.kind) {
      case 'quota':
        return { usedUp: result.conflict };
      case 'idempotencyKey':
        return { end: refused({ kind: 'idempotency-key-in-flight', requestId: null }) };
      default:
        throw new Error(`a new request could not be recorded: ${JSON.stringify(result.conflict)}`);
    }
  });
}

/** An ask with what policy says of it, at one instant. */
interface DecidedAsk {
  readonly decision: Decision;
  readonly request: CertificateRequest;
  readonly policySet: PolicySet;
}

/** Decides on a resolved ask and makes the record of it, not stored yet; its state says what the decision was. */
async function decideAsk(
  context: IssuanceContext,
  principal: Principal,
  ask: ResolvedAsk,
  usedUp: readonly UsedUpQuota[],
): Promise<DecidedAsk> {
  const now = context.clock();
  const id = newId(now, context.random);
  const cluster = ask.issuing.cluster.name;
  const { username, groups } = ask;
  const requester = { name: principal.name, groups: principal.groups, roles: principal.roles };
  const policySet = context.policySet();
  const facts = await gatherFacts(context, { id, cluster, username, groups, requester }, policySet, now, usedUp);
  const decision = decide(ask, requester, facts, policySet, now);
  const state: RequestState =
    decision.outcome === 'denied' ? 'denied' : decision.approval === 'manual' ? 'pending' : 'approved';
  const request: CertificateRequest = {
    id,
    state,
    cluster,
    username,
    groups,
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
    expiresAt: lapsesAt(decision, context.settings, now),
    decision: recordedDecision(decision, ask, facts, policySet, now),
    approvals: [],
    attempt: null,
    fingerprintSha256: null,
    failure: null,
  };
  return { decision, request, policySet };
}

/** Until when the request waits for approval, as the deciding policy or else the service says, or for its collector. */
function lapsesAt(decision: Decision, settings: IssuanceContext['settings'], now: Date): Date | null {
  if (decision.outcome === 'denied') return null;
  if (decision.approval === 'auto') return secondsAfter(now, settings.uncollectedExpiresAfterSeconds);
  return secondsAfter(now, decision.expiresAfterSeconds ?? settings.pendingExpiresAfterSeconds);
}

function recordStep(
  context: IssuanceContext,
  principal: Principal,
  { decision, request, policySet }: DecidedAsk,
  started: StartedAttempt | null,
  idempotency: IdempotencyToken | null,
): Step {
  const now = request.createdAt;
  return {
    operations: [
      // What waits for a person does not count against quotas yet.
      ...(request.state === 'approved' ? quotaOperations(decision, request, now) : []),
      { op: 'rememberPolicySet', digest: policySet.digest, texts: policySet.texts },
      { op: 'insertRequest', request: started ? issuing(request, started) : request },
      ...rememberKey(principal, idempotency, request.id, now),
      ...announced(context, request),
    ],
    events: [
      requestEvent('CertificateRequested', now, principal.name, request, requestedDetails(request)),
      ...decisionEvents(request, decision),
      ...(started
        ? [requestEvent('IssuanceStarted', now, principal.name, request, attemptDetails(started.attempt))]
        : []),
    ],
  };
}

/** Webhooks are told that it waits or is denied; an approved request is announced once it is issued. */
function announced(context: IssuanceContext, request: CertificateRequest): readonly Operation[] {
  const at = request.createdAt;
  if (request.state === 'pending') return announce(context, { event: 'pending', at, request });
  if (request.state !== 'denied') return [];
  const violations = violationDetails(request.decision.violations);
  const denial = { reason: 'PolicyDenied', deniedBy: null, comment: null, violations };
  return announce(context, { event: 'denied', at, request, denial });
}

const issuing = (request: CertificateRequest, { attempt, publicKey }: StartedAttempt): CertificateRequest => ({
  ...request,
  state: 'issuing',
  attempt,
  publicKey,
});

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
