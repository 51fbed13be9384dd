import { mayCancel, mayReadRequest, whyNotCount, whyNotDecide } from '../callers/permissions.js';
import {
  approvalStages,
  awaitedStages,
  type Approval,
  type AwaitedStage,
  type CertificateRequest,
} from '../model/certificate-request.js';
import type { PrincipalSelector } from '../model/decision.js';
import { done, refused, type Outcome, type Refusal, type Refused } from '../model/outcome.js';
import { type Principal, tokenIdOf } from '../model/principal.js';
import { matchesPrincipal } from '../policy/selector.js';
import type { Step } from '../store/steps/step.js';
import { recordDecision } from '../store/tables/write-request.js';
import { secondsAfter, type Context } from '../context/context.js';
import { counting } from '../context/standing.js';
import {
  announce,
  requestEvent,
  clusterGone,
  lapsed,
  moveRequest,
  movedOn,
  stateConflict,
} from '../context/request-steps.js';
import { finishAttempt } from './issuance/issue-certificate.js';
import { intentStep, startAttempt, recordedKey } from './issuance/start-attempt.js';
import { DecisionRounds } from './decision-rounds.js';
import { recheckPolicy, stillPermitted } from './recheck-policy.js';
import { type CertificateRequestView, readView } from './create-request.js';

/**
 * A person approves a pending request. The last approval asks policy again, and where the request came with a CSR,
 * issuing starts at once. After any other approval the request goes on waiting.
 */
export async function approveRequest(
  context: Context,
  principal: Principal,
  id: string,
  comment: string | null,
): Promise<Outcome<CertificateRequestView>> {
  // Approvals by others at the same moment are not overwritten: this one then comes after theirs.
  for (let before = -1; ;) {
    const found = await pendingFor(context, principal, id, 'approve');
    if (!found.ok) return found;
    const request = found.value;
    if (request.approvals.length === before) return refused(movedOn(request));
    before = request.approvals.length;
    const outcome = await approveAsItStands(context, principal, request, comment);
    if (outcome !== 'moved on') return outcome;
  }
}

/** Approves the request as it was read just now. `moved on`: it has changed since, and nothing was recorded. */
async function approveAsItStands(
  context: Context,
  principal: Principal,
  request: CertificateRequest,
  comment: string | null,
): Promise<Outcome<CertificateRequestView> | 'moved on'> {
  const found = await turnNow(context, principal, request);
  if (!found.ok) return refuseDecision(context, principal, request, 'approve', found.refusal);
  const { counted, turn, now } = found.value;
  const { name, createdBy } = principal;
  const approval: Approval = {
    ...{ principal: name, at: now, comment, stage: turn.stage, createdBy },
    ...(comesByNewToken(principal, now) && { byNewToken: true }),
  };
  if (turn.last) return recordLastApproval(context, request, approval);
  const awaiting = awaitedStages({ ...counted, approvals: [...counted.approvals, approval] });
  return recordApproval(context, request, approval, awaiting);
}

/** A token that was made for the occasion is a reason to look again. */
const comesByNewToken = (principal: Principal, now: Date): boolean =>
  tokenIdOf(principal) !== null && now < secondsAfter(principal.vouchedAt ?? now, 86_400);

async function recordApproval(
  context: Context,
  request: CertificateRequest,
  approval: Approval,
  awaiting: readonly AwaitedStage[],
): Promise<Outcome<CertificateRequestView> | 'moved on'> {
  const { principal, at, comment, stage = 0 } = approval;
  const approvals = [...request.approvals, approval];
  const result = await context.store.writer.commit({
    operations: [
      moveRequest(request.id, asItWas(request), { state: 'pending', approvals }),
      decisionOf(request, approval),
    ],
    events: [
      requestEvent('ApprovalRecorded', at, principal, request, {
        stage,
        comment,
        awaiting: awaiting.map(({ stage, needed }) => ({ stage, needed })),
      }),
    ],
  });
  return result.committed ? done(await readView(context, request.id)) : 'moved on';
}

async function recordLastApproval(
  context: Context,
  request: CertificateRequest,
  approval: Approval,
): Promise<Outcome<CertificateRequestView> | 'moved on'> {
  const { principal, comment, stage = 0 } = approval;
  const approvals = [...request.approvals, approval];
  const approved: CertificateRequest = { ...request, state: 'approved', approvals };
  const key = await recordedKey(approved, context.signatures);
  for (const rounds = new DecisionRounds(context, request); ;) {
    const rechecked = await recheckPolicy(context, rounds, request, principal);
    if (rechecked === 'moved on' || !rechecked.ok) return rechecked;
    const { now, policySet } = rechecked.value;
    const started = key && startAttempt(context, approved, key, now);
    const intent = started ? intentStep(approved, started, principal) : { operations: [], events: [] };
    const waitsUntil = secondsAfter(now, context.settings.uncollectedExpiresAfterSeconds);
    const step = stillPermitted(request, rechecked.value, {
      operations: [
        moveRequest(request.id, asItWas(request), { state: 'approved', approvals, waitsUntil }),
        decisionOf(request, approval),
        ...intent.operations,
      ],
      events: [
        requestEvent('RequestApproved', now, principal, request, {
          approval: 'manual',
          policySetDigest: policySet.digest,
          stage,
          comment,
        }),
        ...intent.events,
      ],
    });
    const conflict = await rounds.commit(request.id, step, started?.signing ?? null);
    if (conflict === 'again') continue;
    if (conflict !== null) return 'moved on';
    // Nobody waits for the end; a fault is logged, and recovery takes the attempt up.
    if (started) finishAttempt(context, approved, started, principal).catch(() => undefined);
    return done(await readView(context, request.id));
  }
}

/** Lists find the request by who decided on it. */
const decisionOf = ({ id }: CertificateRequest, { principal, at }: Pick<Approval, 'principal' | 'at'>) =>
  recordDecision({ requestId: id, principal, at });

/** Matches while nobody else has decided or approved. */
const asItWas = ({ approvals }: CertificateRequest) => ({ state: 'pending' as const, approvals: approvals.length });

/** A person denies a pending request: anybody whom one of its stages names. */
export async function denyRequest(
  context: Context,
  principal: Principal,
  id: string,
  comment: string | null,
): Promise<Outcome<CertificateRequestView>> {
  const found = await pendingFor(context, principal, id, 'deny');
  if (!found.ok) return found;
  const request = found.value;
  const whyNot = whyNotDeny(principal, request);
  if (whyNot) return refuseDecision(context, principal, request, 'deny', whyNot);
  const at = context.clock();
  const { name } = principal;
  const denial = { reason: 'DeniedByApprover', deniedBy: name, comment, violations: [] };
  return endRequest(context, request, 'denied', {
    operations: [
      decisionOf(request, { principal: name, at }),
      ...announce(context, { event: 'certificate_request.denied', at, request, denial }),
    ],
    events: [requestEvent('RequestDenied', at, name, request, { comment })],
  });
}

/** Its requester, or an admin, takes back a request that is not being signed yet. */
export async function cancelRequest(
  context: Context,
  principal: Principal,
  id: string,
  comment: string | null,
): Promise<Outcome<CertificateRequestView>> {
  const request = await context.store.requests.find(id);
  if (request === null || !mayReadRequest(principal, request)) return refused({ kind: 'not-found' });
  const whyNot = whyNotCancel(principal, request);
  if (whyNot) return refused(whyNot);
  return endRequest(context, request, 'cancelled', {
    operations: [],
    events: [requestEvent('RequestCancelled', context.clock(), principal.name, request, { comment })],
  });
}

/** Why the principal may not take the request back; null where it may. */
export function whyNotCancel(principal: Principal, request: CertificateRequest): Refusal | null {
  if (!mayCancel(principal, request))
    return { kind: 'not-permitted', message: 'only the requester or an admin cancels a request' };
  if (request.state === 'pending' || request.state === 'approved') return null;
  return stateConflict(request, `a request that is ${request.state} cannot be cancelled`);
}

/** The request, if it waits for a decision and this principal may make it. */
async function pendingFor(
  context: Context,
  principal: Principal,
  id: string,
  decision: 'approve' | 'deny',
): Promise<Outcome<CertificateRequest>> {
  const request = await context.store.requests.find(id);
  if (request === null || !mayReadRequest(principal, request)) return refused({ kind: 'not-found' });
  const whyNot = await whyNotDecideNow(context, principal, request);
  return whyNot ? refuseDecision(context, principal, request, decision, whyNot) : done(request);
}

/**
 * Why the principal may not decide on the request, or why it does not wait for a decision; null where the principal may
 * decide.
 */
export async function whyNotDecideNow(
  context: Context,
  principal: Principal,
  request: CertificateRequest,
): Promise<Refusal | null> {
  const message = whyNotDecide(principal, request, await makersNow(context, request));
  if (message !== null) return { kind: 'not-permitted', message };
  if (request.state === 'pending') return null;
  return stateConflict(request, `the request does not wait for a decision, it is ${request.state}`);
}

/** Refuses. A refusal of the person is put on record: it may be an attempt to get around the second person. */
async function refuseDecision(
  { store, clock }: Context,
  { name }: Principal,
  request: CertificateRequest,
  decision: 'approve' | 'deny',
  refusal: Refusal,
): Promise<Refused> {
  if (refusal.kind === 'not-permitted') {
    const event = requestEvent('DecisionRefused', clock(), name, request, { decision, message: refusal.message });
    await store.writer.commit({ operations: [], events: [event] });
  }
  return refused(refusal);
}

async function endRequest(
  context: Context,
  request: CertificateRequest,
  state: 'denied' | 'cancelled',
  { operations, events }: Step,
): Promise<Outcome<CertificateRequestView>> {
  const result = await context.store.writer.commit({
    operations: [moveRequest(request.id, { state: request.state }, { state, waitsUntil: null }), ...operations],
    events,
  });
  return result.committed ? done(await readView(context, request.id)) : refused(movedOn(request));
}

/** The stage that the approval counts for, and whether it is the last one missing; or why it does not count. */
type ApprovalTurn =
  { readonly ok: true; readonly stage: number; readonly last: boolean } | { readonly ok: false; readonly why: string };

/**
 * Stages come one after the other, as they were fixed when the request was recorded: an approval counts for the first
 * one that is not full, and for no other. `whyNotDecide` says whether the principal may decide on the request at all.
 */
export function approvalTurn(principal: Principal, request: CertificateRequest): ApprovalTurn {
  const twice = whyNotCount(principal, request);
  if (twice !== null) return { ok: false, why: twice };
  const stages = approvalStages(request).length;
  const [current, ...later] = awaitedStages(request);
  if (current === undefined)
    return { ok: false, why: `the request does not wait for approval, it is ${request.state}` };
  if (isNamed(current.approvers, principal))
    return { ok: true, stage: current.stage, last: later.length === 0 && current.needed === 1 };
  const turn = `it is the turn of stage ${current.stage + 1} of ${stages}, which names other approvers`;
  const own = later.find(({ approvers }) => isNamed(approvers, principal));
  return { ok: false, why: own === undefined ? turn : `${turn}; yours is stage ${own.stage + 1}` };
}

/**
 * The turn of an approval of a pending request that the principal may decide on, and the request with the approvals
 * that count; refuses where it would not count now.
 */
export async function turnNow(context: Context, principal: Principal, request: CertificateRequest) {
  const now = context.clock();
  const counted = await counting(context, request);
  const turn = approvalTurn(principal, counted);
  if (!turn.ok) return refused({ kind: 'not-permitted', message: turn.why });
  const tooLate = lapsed(request, now) ?? clusterGone(context, request);
  return tooLate ? refused(tooLate) : done({ counted, turn, now });
}

/** Why the principal may not deny a request that it may decide on; null where one of the stages names it. */
export function whyNotDeny(principal: Principal, request: CertificateRequest): Refusal | null {
  if (approvalStages(request).some(({ approvers }) => isNamed(approvers, principal))) return null;
  const message = 'every stage of the approval names others, and only who may approve may deny';
  return { kind: 'not-permitted', message };
}

const isNamed = (approvers: PrincipalSelector | undefined, principal: Principal): boolean =>
  approvers === undefined || matchesPrincipal(approvers, principal);

/**
 * The makers of a request now: those on record, and those of the tokens that its collector has now. Where none are on
 * record, because it is older than they are, those of all tokens that the requester ever had: rather one person too
 * many.
 */
async function makersNow(
  { store, clock }: Context,
  { requester, collector, decision }: CertificateRequest,
): Promise<readonly string[]> {
  const recorded = decision.makers ?? (await store.apiTokens.makersOf(requester.name, null));
  return [...new Set([...recorded, ...(await store.apiTokens.makersOf(collector, clock()))])];
}
