import { awaitedStages, type CertificateRequest } from '../model/certificate-request.js';
import type { Decision, Violation } from '../model/decision.js';
import type { Refusal } from '../model/outcome.js';
import type { ViolationReason } from '../model/violation-reasons.js';
import { joined } from '@kubepass/inspect/formats';
import type { PolicySet } from '../policy/policy-set.js';
import type { Step } from '../store/steps/step.js';
import type { IssuanceContext } from '../context/context.js';
import { counting } from '../context/standing.js';
import type { StartedAttempt } from '../issuance/start-attempt.js';
import { announce, requestEvent, violationDetails, moveRequest } from '../context/request-steps.js';
import { conditionsOf, decideNow, decideWithinQuotas, quotaOperations } from './decide-within-quotas.js';

/**
 * The result of asking policy again. `movedOn`: somebody else moved the request meanwhile, and nothing was committed.
 */
type Rechecked<Prepared extends StartedAttempt | null> =
  | { readonly kind: 'committed'; readonly prepared: Prepared }
  | { readonly kind: 'denied'; readonly refusal: Refusal }
  | { readonly kind: 'movedOn' };

/**
 * Asks policy again, under the set in force and with facts as they are now. Where it still permits the request,
 * commits the step of `goOn`, which begins the attempt `prepared`, unless that exceeds the quota of the deciding
 * policy; otherwise the request ends denied. `actor` is the principal who caused it; null: the service itself.
 */
export function recheckAndCommit<Prepared extends StartedAttempt | null>(
  context: IssuanceContext,
  request: CertificateRequest,
  actor: string | null,
  goOn: (now: Date, policySet: PolicySet) => { readonly step: Step; readonly prepared: Prepared },
): Promise<Rechecked<Prepared>> {
  return decideWithinQuotas<Rechecked<Prepared>>(context, request, async ({ decision, policySet, now }) => {
    const violations = violationsOf(decision, await counting(context, request));
    if (violations.length > 0) {
      const { committed } = await context.store.writer.commit(
        noLongerPermittedStep(context, request, violations, now, actor),
      );
      if (!committed) return { end: { kind: 'movedOn' } };
      return { end: { kind: 'denied', refusal: noLongerPermitted(request, violations) } };
    }
    const { step, prepared } = goOn(now, policySet);
    return {
      requestId: request.id,
      step: {
        operations: [...conditionsOf(request, now), ...quotaOperations(decision, request, now), ...step.operations],
        events: step.events,
      },
      signing: prepared?.signing ?? null,
      end: { kind: 'committed', prepared },
      otherwise: () => ({ kind: 'movedOn' }),
    };
  });
}

/**
 * Why guardrails and policies in force no longer permit a request that they once permitted; null where they do.
 * Nothing is recorded.
 */
export async function whyNotPermittedNow(
  context: IssuanceContext,
  request: CertificateRequest,
): Promise<Refusal | null> {
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
  context: IssuanceContext,
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
  context: IssuanceContext,
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
