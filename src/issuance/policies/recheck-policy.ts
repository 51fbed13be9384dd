import type { CertificateRequest } from '../../model/certificate-request.js';
import type { Decision, Violation } from '../../model/decision.js';
import { joined } from '../../model/quote.js';
import { decide } from '../../policy/decide.js';
import type { PolicySet } from '../../policy/policy-set.js';
import type { Step } from '../../store/step.js';
import type { IssuanceContext } from '../context.js';
import { announce, requestEvent, violationDetails } from '../events.js';
import { gatherFacts } from './gather-facts.js';
import { inQuotaRounds, quotaOperations, type UsedUpQuota } from './quota-rounds.js';
import { moveRequest } from '../requests/state-machine.js';

/** How asking policy again ended. `movedOn`: somebody else moved the request meanwhile, and nothing was committed. */
export type Rechecked<Prepared> =
  | { readonly kind: 'committed'; readonly prepared: Prepared }
  | { readonly kind: 'denied'; readonly request: CertificateRequest; readonly violations: readonly Violation[] }
  | { readonly kind: 'movedOn' };

/** What goes on with a request that is still permitted, and the step that records it. */
export interface Continuation<Prepared> {
  readonly step: Step;
  readonly prepared: Prepared;
}

/**
 * Asks policy again, under the set in force and with facts as they are now. Where it still permits the request, what
 * `goOn` makes of that is committed, unless it goes beyond the quota of the deciding policy; else the request ends
 * denied. `actor` is the principal who caused it; null: the service itself.
 */
export function recheckAndCommit<Prepared>(
  context: IssuanceContext,
  request: CertificateRequest,
  actor: string | null,
  goOn: (now: Date, policySet: PolicySet) => Continuation<Prepared>,
): Promise<Rechecked<Prepared>> {
  return inQuotaRounds<Rechecked<Prepared>>(async (usedUp) => {
    const now = context.clock();
    // Once: other policies may come into force before the decision is recorded.
    const policySet = context.policySet();
    const decision = await decideAnew(context, request, policySet, now, usedUp);
    const violations = violationsOf(decision, request);
    if (violations.length > 0) {
      const denial = await context.store.writer.commit(noLongerPermittedStep(context, request, violations, now, actor));
      return {
        end: denial.committed
          ? { kind: 'denied', request: { ...request, state: 'denied' }, violations }
          : { kind: 'movedOn' },
      };
    }
    const { step, prepared } = goOn(now, policySet);
    const result = await context.attempts.commitBeginning(context.store.writer, request.id, {
      operations: [...quotaOperations(decision, request, now), ...step.operations],
      events: step.events,
    });
    if (result.committed) return { end: { kind: 'committed', prepared } };
    return result.conflict.kind === 'quota' ? { usedUp: result.conflict } : { end: { kind: 'movedOn' } };
  });
}

/** Whether guardrails and policies in force now still permit a request that they once permitted. */
export async function stillPermitted(context: IssuanceContext, request: CertificateRequest): Promise<boolean> {
  const decision = await decideAnew(context, request, context.policySet(), context.clock(), []);
  return violationsOf(decision, request).length === 0;
}

async function decideAnew(
  context: IssuanceContext,
  request: CertificateRequest,
  policySet: PolicySet,
  now: Date,
  usedUp: readonly UsedUpQuota[],
): Promise<Decision> {
  const facts = await gatherFacts(context, request, policySet, now, usedUp);
  return decide(request, request.requester, facts, policySet, now);
}

/** A request that was approved automatically is not permitted where a person's approval is wanted now. */
function violationsOf(decision: Decision, request: CertificateRequest): readonly Violation[] {
  if (decision.outcome === 'denied') return decision.violations;
  const nobodyApproved = request.state !== 'pending' && request.approvals.length === 0;
  if (decision.approval === 'auto' || !nobodyApproved) return [];
  const message = `policy ${JSON.stringify(decision.policy)} now asks for a person's approval, and nobody has approved`;
  return [{ source: decision.policy, reason: 'ApprovalRequired', message }];
}

/** The step that ends a request which policy, asked again, no longer permits. */
function noLongerPermittedStep(
  context: IssuanceContext,
  request: CertificateRequest,
  violations: readonly Violation[],
  now: Date,
  actor: string | null,
): Step {
  const reason = 'NoLongerPermitted';
  const message = joined(violations.map((violation) => violation.message));
  const shown = violationDetails(violations);
  const denial = { reason, deniedBy: null, comment: null, violations: shown };
  return {
    operations: [
      moveRequest(
        request.id,
        { state: request.state },
        { state: 'denied', expiresAt: null, failure: { reason, message } },
      ),
      ...announce(context, { event: 'denied', at: now, request, denial }),
    ],
    events: [requestEvent('RequestDenied', now, actor, request, { reason, violations: shown })],
  };
}
