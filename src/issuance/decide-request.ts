import { mayCancel, mayReadRequest, whyNotDecide } from '../identity/permissions.js';
import type { AuditEventType } from '../model/audit-event.js';
import type { Approval, CertificateRequest, RequestState } from '../model/certificate-request.js';
import { done, refused, type Outcome } from '../model/outcome.js';
import type { Principal } from '../model/principal.js';
import { matchesPrincipal } from '../policy/matches-principal.js';
import type { CertificateRequestView } from '../services.js';
import type { Step } from '../store/step.js';
import { secondsAfter, type IssuanceContext } from './context.js';
import { requestEvent } from './events.js';
import { finishAttempt } from './issue-certificate.js';
import { intentStep, startAttempt } from './start-attempt.js';
import { moveRequest } from './state-machine.js';
import { recordedKey } from './key-to-certify.js';
import { noLongerPermittedStep, violationsNow } from './recheck-policy.js';
import { readView } from './request-view.js';
import { clusterGone, lapsed, movedOn, stateConflict } from './state-conflict.js';

/** A person approves a pending request; where it came with a CSR, issuing starts at once. */
export async function approveRequest(
  context: IssuanceContext,
  principal: Principal,
  id: string,
  comment: string | null,
): Promise<Outcome<CertificateRequestView>> {
  const found = await pendingFor(context, principal, id);
  if (!found.ok) return found;
  const request = found.value;
  const now = context.clock();
  const tooLate = lapsed(request, now) ?? clusterGone(context, request);
  if (tooLate) return refused(tooLate);

  // Once: other policies may come into force before the decision is recorded.
  const policySet = context.policySet();
  const violations = violationsNow(context, request, now, policySet);
  if (violations.length > 0) {
    const step = noLongerPermittedStep(request, violations, now, principal.name);
    if (!(await context.store.writer.commit(step)).committed) return refused(movedOn(request));
    return refused({ kind: 'policy-denied', request: { ...request, state: 'denied' }, violations });
  }

  const approval: Approval = { principal: principal.name, at: now, comment };
  const approved: CertificateRequest = { ...request, state: 'approved', approvals: [...request.approvals, approval] };
  const key = await recordedKey(approved);
  const started = key && startAttempt(context, approved, key, now);
  const intent = started ? intentStep(approved, started, principal.name) : { operations: [], events: [] };
  const step: Step = {
    operations: [
      moveRequest(
        id,
        { state: 'pending' },
        {
          state: 'approved',
          approvals: approved.approvals,
          expiresAt: secondsAfter(now, context.settings.uncollectedExpiresAfterSeconds),
        },
      ),
      ...intent.operations,
    ],
    events: [
      requestEvent('RequestApproved', now, principal.name, request, {
        approval: 'manual',
        policySetDigest: policySet.digest,
        comment,
      }),
      ...intent.events,
    ],
  };
  if (!(await context.store.writer.commit(step)).committed) return refused(movedOn(request));
  // The end is for whoever reads next; a fault is logged, and recovery takes the attempt up.
  if (started) finishAttempt(context, approved, started, principal.name).catch(() => undefined);
  return done(await readView(context, id));
}

/** A person denies a pending request. */
export async function denyRequest(
  context: IssuanceContext,
  principal: Principal,
  id: string,
  comment: string | null,
): Promise<Outcome<CertificateRequestView>> {
  const found = await pendingFor(context, principal, id);
  if (!found.ok) return found;
  return endRequest(context, principal, found.value, 'denied', 'RequestDenied', comment);
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
  return endRequest(context, principal, request, 'cancelled', 'RequestCancelled', comment);
}

/** The request, if it waits for a decision and this principal may make it. */
async function pendingFor(
  context: IssuanceContext,
  principal: Principal,
  id: string,
): Promise<Outcome<CertificateRequest>> {
  const request = await context.store.requests.find(id);
  if (request === null || !mayReadRequest(principal, request)) return refused({ kind: 'not-found' });
  const whyNot = whyNotDecide(principal, request) ?? whyNotApprover(principal, request);
  if (whyNot !== null) return refused({ kind: 'not-permitted', message: whyNot });
  if (request.state !== 'pending')
    return refused(stateConflict(request, `the request does not wait for a decision, it is ${request.state}`));
  return done(request);
}

/** The stage that was fixed when the request was recorded may name who approves. */
function whyNotApprover(principal: Principal, { decision }: CertificateRequest): string | null {
  const approvers = decision.stages[0]?.approvers;
  if (approvers === undefined || matchesPrincipal(approvers, principal)) return null;
  return `policy ${JSON.stringify(decision.policy)} names other approvers`;
}

async function endRequest(
  context: IssuanceContext,
  principal: Principal,
  request: CertificateRequest,
  state: RequestState,
  type: AuditEventType,
  comment: string | null,
): Promise<Outcome<CertificateRequestView>> {
  const result = await context.store.writer.commit({
    operations: [moveRequest(request.id, { state: request.state }, { state, expiresAt: null })],
    events: [requestEvent(type, context.clock(), principal.name, request, { comment })],
  });
  return result.committed ? done(await readView(context, request.id)) : refused(movedOn(request));
}
