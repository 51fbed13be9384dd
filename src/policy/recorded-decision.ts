import type { Decision, DecisionFacts, RecordedDecision } from '../model/decision.js';
import type { PolicySet, RequestToDecide } from './policy-set.js';

/**
 * A decision as it is kept with its request: each policy's verdict with the reasons of the checks that failed, and
 * all that `decide` needs to give the full trace again.
 */
export function recordedDecision(
  decision: Decision,
  { expirationSeconds }: Pick<RequestToDecide, 'expirationSeconds'>,
  facts: DecisionFacts,
  policySet: PolicySet,
  now: Date,
): RecordedDecision {
  const { outcome, approval, policy, violations, trace } = decision;
  return {
    outcome,
    approval,
    policy,
    stages: decision.outcome === 'permitted' ? decision.stages : [],
    violations,
    ...(decision.outcome === 'permitted'
      ? {
          kubeconfig: decision.kubeconfig,
          quota: decision.quota,
          expiresAfterSeconds: decision.expiresAfterSeconds,
        }
      : {}),
    askedExpirationSeconds: expirationSeconds,
    facts,
    verdicts: trace
      .filter(({ kind }) => kind === 'policy')
      .map(({ name, verdict, checks }) => ({
        name,
        verdict,
        reasons: checks.flatMap(({ reason }) => reason ?? []),
      })),
    policySetDigest: policySet.digest,
    decidedAt: now,
  };
}
