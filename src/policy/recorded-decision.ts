import type { CertificateRequest } from '../model/certificate-request.js';
import type { Decision, DecisionFacts, RecordedDecision } from '../model/decision.js';
import { decide } from './decide.js';
import type { PolicySet, RequestToDecide } from './policy-set.js';

/**
 * The decision as it is stored with its request: the verdict of each policy with the reasons of its failed checks, and
 * everything that `decide` needs to make the full trace again.
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

/**
 * Makes the stored decision on a request again, with its full trace. `policySet` must be the set that was in force
 * then, the one whose digest is `decision.policySetDigest`.
 */
export function recomputeDecision(request: CertificateRequest, policySet: PolicySet): Decision {
  const { facts, decidedAt, askedExpirationSeconds } = request.decision;
  const expirationSeconds = askedExpirationSeconds === undefined ? request.expirationSeconds : askedExpirationSeconds;
  return decide({ ...request, expirationSeconds }, request.requester, facts, policySet, decidedAt);
}
