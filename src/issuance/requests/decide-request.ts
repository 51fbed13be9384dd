import { mayCancel, mayReadRequest, whyNotDecide } from '../../identity/permissions.js';
import { type Approval, awaitedStages, type CertificateRequest } from '../../model/certificate-request.js';
import { done, refused, type Outcome } from '../../model/outcome.js';
import type { Principal } from '../../model/principal.js';
import type { CertificateRequestView } from '../../services.js';
import type { Step } from '../../store/step.js';
import { approvalTurn, whyNotDeny } from './approval-turn.js';
import { secondsAfter, type IssuanceContext } from '../context.js';
import { announce, requestEvent } from '../events.js';
import { finishAttempt } from '../attempts/issue-certificate.js';
import { intentStep, startAttempt } from '../attempts/start-attempt.js';
import { moveRequest } from './state-machine.js';
import { recordedKey } from '../attempts/key-to-certify.js';
import { recheckAndCommit } from '../policies/recheck-policy.js';
import { readView } from './request-view.js';
import { clusterGone, lapsed, movedOn, stateConflict } from './state-conflict.js';

/**
 * A person approves a pending request. Where that is the last approval it takes, policy is asked again, and where the
 * request came with a CSR issuing starts at once; else the request goes on waiting for the others.
 */
export async function approveRequest(
  context: IssuanceContext,
  principal: Principal,
  id: string,
  comment: string | null,
): Promise<Outcome<CertificateRequestView>> {
  // Approvals that others give at the same moment are not overwritten: this one then takes its place after theirs.
  for (let before = -1; ;) {
    const found = await pendingFor(context, principal, id);
    if (!found.ok) return found;
    const request = found.value;
    if (request.approvals.length === before) return refused(movedOn(request));
    before = request.approvals.length;
    const outcome = await approveAsItStands(context, principal, request, comment);
    if (outcome !== 'moved on') return outcome;
  }
}

/** Approves the request as it was read just now. `moved on`: it is not like that any more, and nothing was recorded. */
async function approveAsItStands(
  context: IssuanceContext,
  principal: Principal,
  request: CertificateRequest,
  comment: string | null,
): Promise<Outcome<CertificateRequestView> | 'moved on'> {
  const turn = approvalTurn(principal, request);
  if (!turn.ok) return refused({ kind: 'not-permitted', message: turn.why });
  const now = context.clock();
  const tooLate = lapsed(request, now) ?? clusterGone(context, request);
  if (tooLate) return refused(tooLate);
  const { name, createdBy } = principal;
  const approval: Approval = { principal: name, at: now, comment, stage: turn.stage, createdBy };
  return turn.last ? recordLastApproval(context, request, approval) : recordApproval(context, request, approval);
}

async function recordApproval(
  context: IssuanceContext,
  request: CertificateRequest,
  approval: Approval,
): Promise<Outcome<CertificateRequestView> | 'moved on'> {
  const { principal, at, comment, stage = 0 } = approval;
  const approvals = [...request.approvals, approval];
  const result = await context.store.writer.commit({
    operations: [moveRequest(request.id, asItWas(request), { state: 'pending', approvals })],
    events: [
      requestEvent('ApprovalRecorded', at, principal, request, {
        stage,
        comment,
        awaiting: awaitedStages({ ...request, approvals }).map(({ stage, needed }) => ({ stage, needed })),
      }),
    ],
  });
  return result.committed ? done(await readView(context, request.id)) : 'moved on';
}

async function recordLastApproval(
  context: IssuanceContext,
  request: CertificateRequest,
  approval: Approval,
): Promise<Outcome<CertificateRequestView> | 'moved on'> {
  const { principal, comment, stage = 0 } = approval;
  const approvals = [...request.approvals, approval];
  const approved: CertificateRequest = { ...request, state: 'approved', approvals };
  const key = await recordedKey(approved);
  const rechecked = await recheckAndCommit(context, request, principal, (now, policySet) => {
    const started = key && startAttempt(context, approved, key, now);
    const intent = started ? intentStep(approved, started, principal) : { operations: [], events: [] };
    const expiresAt = secondsAfter(now, context.settings.uncollectedExpiresAfterSeconds);
    const step: Step = {
      operations: [
        moveRequest(request.id, asItWas(request), { state: 'approved', approvals, expiresAt }),
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
    };
    return { step, prepared: started };
  });
  switch (rechecked.kind) {
    case 'movedOn':
      return 'moved on';
    case 'denied':
      return refused({ ...rechecked, kind: 'policy-denied' });
    case 'committed':
      // The end is for whoever reads next; a fault is logged, and recovery takes the attempt up.
      if (rechecked.prepared) finishAttempt(context, approved, rechecked.prepared, principal).catch(() => undefined);
      return done(await readView(context, request.id));
  }
}

/** While nobody else has decided, nor approved. */
const asItWas = ({ approvals }: CertificateRequest) => ({ state: 'pending' as const, approvals: approvals.length });

/** A person denies a pending request; whoever may approve it at any stage may. */
export async function denyRequest(
  context: IssuanceContext,
  principal: Principal,
  id: string,
  comment: string | null,
): Promise<Outcome<CertificateRequestView>> {
  const found = await pendingFor(context, principal, id);
  if (!found.ok) return found;
  const whyNot = whyNotDeny(principal, found.value);
  if (whyNot !== null) return refused({ kind: 'not-permitted', message: whyNot });
  const request = found.value;
  const at = context.clock();
  const { name } = principal;
  const denial = { reason: 'DeniedByApprover', deniedBy: name, comment, violations: [] };
  return endRequest(context, request, 'denied', {
    operations: announce(context, { event: 'denied', at, request, denial }),
    events: [requestEvent('RequestDenied', at, name, request, { comment })],
  });
}

/** Its requester, or an admin, takes back a request that is not being signed yet. */
export async function cancelRequest(
  context: IssuanceContext,
  principal: Principal,
  id: string,
  comment: string | null,
): Promise<Outcome<CertificateRequestView>> {
  const request = await context.store.requests.find(id);
  if (request === null || !mayReadRequest(principal, request)) return refused({ kind: 'not-found' });
  if (!mayCancel(principal, request))
    return refused({ kind: 'not-permitted', message: 'only the requester or an admin cancels a request' });
  if (request.state !== 'pending' && request.state !== 'approved')
    return refused(stateConflict(request, `a request that is ${request.state} cannot be cancelled`));
  return endRequest(context, request, 'cancelled', {
    operations: [],
    events: [requestEvent('RequestCancelled', context.clock(), principal.name, request, { comment })],
  });
}

/** The request, if it waits for a decision and this principal may make it. */
async function pendingFor(
  context: IssuanceContext,
  principal: Principal,
  id: string,
): Promise<Outcome<CertificateRequest>> {
  const request = await context.store.requests.find(id);
  if (request === null || !mayReadRequest(principal, request)) return refused({ kind: 'not-found' });
  const whyNot = whyNotDecide(principal, request);
  if (whyNot !== null) return refused({ kind: 'not-permitted', message: whyNot });
  if (request.state !== 'pending')
    return refused(stateConflict(request, `the request does not wait for a decision, it is ${request.state}`));
  return done(request);
}

async function endRequest(
  context: IssuanceContext,
  request: CertificateRequest,
  state: 'denied' | 'cancelled',
  { operations, events }: Step,
): Promise<Outcome<CertificateRequestView>> {
  const result = await context.store.writer.commit({
    operations: [moveRequest(request.id, { state: request.state }, { state, expiresAt: null }), ...operations],
    events,
  });
  return result.committed ? done(await readView(context, request.id)) : refused(movedOn(request));
}
