import type { Decision, DecisionFacts } from '../model/decision.js';
import type { Requester } from '../model/principal.js';
import { quote } from '../model/quote.js';
import { builtInGuardrails } from './built-in-guardrails.js';
import { evaluateGuardrail } from './evaluate-guardrail.js';
import { defaultExpirationSeconds, evaluatePolicy } from './evaluate-policy.js';
import { failClosed } from './evaluation.js';
import type { Policy, PolicySet, RequestToDecide } from './policy-set.js';

/**
 * What policy says of a request. Every guardrail is evaluated, then every policy. One guardrail that denies is
 * enough to deny, one policy that permits is enough to permit; of several the least demanding approval decides.
 * A denial carries every violation at once: of the guardrails and, where no policy permits, of each one that applies.
 *
 * Pure: the same arguments give the same decision, trace included. `now` is part of what a decision is made on;
 * no rule looks at it yet.
 */
export function decide(
  request: RequestToDecide,
  requester: Requester,
  facts: DecisionFacts,
  policySet: PolicySet,
  _now: Date,
): Decision {
  const guardrails = [
    ...builtInGuardrails.map((guardrail) =>
      failClosed({ kind: 'guardrail', name: guardrail.name }, () => guardrail.evaluate(request, facts)),
    ),
    ...policySet.guardrails.map((guardrail) =>
      failClosed({ kind: 'guardrail', name: guardrail.name }, () =>
        evaluateGuardrail(guardrail, request, requester, facts.cluster),
      ),
    ),
  ];
  const policies = policySet.policies.map((policy) => ({
    policy,
    ...failClosed({ kind: 'policy', name: policy.name }, () =>
      evaluatePolicy(policy, request, requester, facts.cluster),
    ),
  }));

  const trace = [...guardrails, ...policies].map(({ entry }) => entry);
  const denials = guardrails.flatMap(({ violations }) => violations);
  const permitting = policies.filter(({ entry }) => entry.verdict === 'permits').map(({ policy }) => policy);
  const [deciding] = permitting.sort(byDemand);

  if (denials.length > 0 || deciding === undefined) {
    const objections = deciding === undefined ? policies.flatMap(({ violations }) => violations) : [];
    const applies = policies.some(({ entry }) => entry.verdict !== 'notApplicable');
    const violations = [...denials, ...objections, ...(applies ? [] : [noPolicyApplies(requester, facts)])];
    return { outcome: 'denied', approval: null, policy: null, violations, trace };
  }
  return {
    outcome: 'permitted',
    approval: deciding.approval.mode,
    policy: deciding.name,
    stages: stagesOf(deciding),
    expirationSeconds: request.expirationSeconds ?? defaultExpirationSeconds(deciding),
    expiresAfterSeconds: deciding.approval.mode === 'auto' ? null : (deciding.approval.expiresAfterSeconds ?? null),
    kubeconfig: deciding.kubeconfig,
    quota: deciding.quota,
    violations: [],
    trace,
  };
}

/** The least demanding approval first: automatic, then fewest approvals, then fewest stages, then by name. */
function byDemand(a: Policy, b: Policy): number {
  const approvals = (policy: Policy) => stagesOf(policy).reduce((sum, { count }) => sum + count, 0);
  return (
    Number(a.approval.mode !== 'auto') - Number(b.approval.mode !== 'auto') ||
    approvals(a) - approvals(b) ||
    stagesOf(a).length - stagesOf(b).length ||
    (a.name < b.name ? -1 : 1)
  );
}

function stagesOf(policy: Policy) {
  return policy.approval.mode === 'auto' ? [] : policy.approval.stages;
}

function noPolicyApplies(requester: Requester, facts: DecisionFacts) {
  return {
    source: 'built-in/default-deny',
    reason: 'NoPolicyApplies',
    message: `no policy applies to requests of ${quote(requester.name)} on cluster ${quote(facts.cluster)}`,
  };
}
