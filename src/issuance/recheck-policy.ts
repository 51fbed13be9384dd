import type { CertificateRequest } from '../model/certificate-request.js';
import type { Violation } from '../model/decision.js';
import { decide } from '../policy/decide.js';
import type { PolicySet } from '../policy/policy-set.js';
import type { Step } from '../store/step.js';
import { factsOf, issuingCluster, type IssuanceContext } from './context.js';
import { requestEvent, violationDetails } from './events.js';
import { moveRequest } from './state-machine.js';

/**
 * Why the guardrails and policies in force now no longer permit a request that they once permitted; empty: they do. A
 * request that was approved automatically is not permitted where they now want a person's approval.
 */
export function violationsNow(
  context: IssuanceContext,
  request: CertificateRequest,
  now: Date,
  policySet: PolicySet = context.policySet(),
): readonly Violation[] {
  const { cluster } = issuingCluster(context, request.cluster);
  const decision = decide(request, request.requester, factsOf(cluster), policySet, now);
  if (decision.outcome === 'denied') return decision.violations;
  const nobodyApproved = request.state !== 'pending' && request.approvals.length === 0;
  if (decision.approval === 'auto' || !nobodyApproved) return [];
  const message = `policy ${JSON.stringify(decision.policy)} now asks for a person's approval, and nobody has approved`;
  return [{ source: decision.policy, reason: 'ApprovalRequired', message }];
}

/** The step that ends a request which policy, asked again, no longer permits. */
export function noLongerPermittedStep(
  request: CertificateRequest,
  violations: readonly Violation[],
  now: Date,
  actor: string | null,
): Step {
  const message = violations.map((violation) => violation.message).join('; ');
  return {
    operations: [
      moveRequest(
        request.id,
        { state: request.state },
        { state: 'denied', expiresAt: null, failure: { reason: 'NoLongerPermitted', message } },
      ),
    ],
    events: [
      requestEvent('RequestDenied', now, actor, request, {
        reason: 'NoLongerPermitted',
        violations: violationDetails(violations),
      }),
    ],
  };
}
