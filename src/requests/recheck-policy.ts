import { awaitedStages, type CertificateRequest } from '../model/certificate-request.js';
import type { Decision, Violation } from '../model/decision.js';
import { done, type Outcome, refused, type Refusal } from '../model/outcome.js';
import type { ViolationReason } from '../model/violation-reasons.js';
import { joined } from '@kubepass/inspect/formats';
import type { Step } from '../store/steps/step.js';
import type { Context } from '../context/context.js';
import { counting } from '../context/standing.js';
import { intentStep, type KeyToCertify, startAttempt, type StartedAttempt } from './issuance/start-attempt.js';
import { announce, requestEvent, violationDetails, moveRequest } from '../context/request-steps.js';
import { conditionsOf, type DecidedNow, decideNow, DecisionRounds, quotaOperations } from './decision-rounds.js';

/**
 * Asks policy again, under the set in force and with facts as they are now, and answers the decision where policy still
 * permits the request; otherwise the request ends denied. `moved on`: somebody else moved the request meanwhile, and
 * nothing was committed. `actor`: the principal who caused it; null: the service itself.
 */
export async function recheckPolicy(
  context: Context,
  rounds: DecisionRounds,
  request: CertificateRequest,
  actor: string | null,
): Promise<Outcome<DecidedNow> | 'moved on'> {
  const decided = await rounds.decide();
  const violations = violationsOf(decided.decision, await counting(context, request));
  if (violations.length === 0) return done(decided);
  const denial = noLongerPermittedStep(context, request, violations, decided.now, actor);
  const { committed } = await context.store.writer.commit(denial);
  return committed ? refused(noLongerPermitted(request, violations)) : 'moved on';
}

/** The step of a request that policy still permits, with the conditions under which the decision holds. */
export const stillPermitted = (
  request: CertificateRequest,
  { decision, now }: DecidedNow,
  { operations, events }: Step,
): Step => ({
  operations: [...conditionsOf(request, now), ...quotaOperations(decision, request, now), ...operations],
  events,
});

/** Begins an attempt on an approved request, if policy still permits the request. Otherwise as `recheckPolicy`. */
export async function beginAttempt(
  context: Context,
  request: CertificateRequest,
  key: KeyToCertify,
  actor: string | null,
): Promise<Outcome<StartedAttempt> | 'moved on'> {
  for (const rounds = new DecisionRounds(context, request); ;) {
    const rechecked = await recheckPolicy(context, rounds, request, actor);
    if (rechecked === 'moved on' || !rechecked.ok) return rechecked;
    const started = startAttempt(context, request, key, rechecked.value.now);
    const step = stillPermitted(request, rechecked.value, intentStep(request, started, actor));
    const conflict = await rounds.commit(request.id, step, started.signing);
    if (conflict === null) return done(started);
    if (conflict !== 'again') return 'moved on';
  }
}

/**
 * Why guardrails and policies in force no longer permit a request that they once permitted; null where they do.
 * Nothing is recorded.
 */
export async function whyNotPermittedNow(context: Context, request: CertificateRequest): Promise<Refusal | null> {
  const { decision } = await decideNow(context, request);
  const violations = violationsOf(decision, await counting(context, request));
  return violations.length === 0 ? null : noLongerPermitted(request, violations);
}

const noLongerPermitted = (request: CertificateRequest, violations: readonly Violation[]): Refusal => ({
  kind: 'policy-denied',
  request: { ...request, state: 'denied' },
  violations,
  isAgain: true,
});

/** Ends a waiting request that is no longer permitted; it goes on waiting otherwise. */
export async function denyIfNoLongerPermitted(
  context: Context,
  request: CertificateRequest,
  actor: string | null,
): Promise<void> {
  const { decision, now } = await decideNow(context, request);
  // A request that waits for approval may go on waiting, however many approvals it takes now.
  if (decision.outcome === 'permitted') return;
  // A conflict means that the request has moved on; then it was judged again.
  await context.store.writer.commit(noLongerPermittedStep(context, request, decision.violations, now, actor));
}

/**
 * If policy now asks for a person's approval, two kinds of requests are not permitted: a request that was approved
 * automatically, and a request which lacks an approval because one does not count any more.
 */
function violationsOf(decision: Decision, request: CertificateRequest): readonly Violation[] {
  if (decision.outcome === 'denied') return decision.violations;
  const { state, approvals } = request;
  const isApproved = approvals.length > 0 && awaitedStages({ ...request, state: 'pending' }).length === 0;
  if (decision.approval === 'auto' || state === 'pending' || isApproved) return [];
  const lack = approvals.length === 0 ? 'nobody has approved' : 'an approval does not count any more';
  const message = `policy ${JSON.stringify(decision.policy)} now asks for a person's approval, and ${lack}`;
  return [{ source: decision.policy, reason: 'ApprovalRequired' satisfies ViolationReason, message }];
}

/** The step that ends a request which policy no longer permits. */
function noLongerPermittedStep(
  context: Context,
  request: CertificateRequest,
  found: readonly Violation[],
  now: Date,
  actor: string | null,
): Step {
  const reason = 'NoLongerPermitted' satisfies ViolationReason;
  const message = joined(found.map((violation) => violation.message));
  const violations = violationDetails(found);
  const denial = { reason, deniedBy: null, comment: null, violations };
  return {
    operations: [
      moveRequest(
        request.id,
        { state: request.state },
        { state: 'denied', waitsUntil: null, failure: { reason, message } },
      ),
      ...announce(context, { event: 'certificate_request.denied', at: now, request, denial }),
    ],
    events: [requestEvent('RequestDenied', now, actor, request, { reason, violations })],
  };
}
