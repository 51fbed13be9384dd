import type { ApprovalStage, Decision, DecisionFacts, TraceEntry, Violation } from '../model/decision.js';
import type { Requester } from '../model/principal.js';
import { askedOf, type Asked } from './asked.js';
import { builtInGuardrails, evaluateBuiltIn } from './built-in-guardrails.js';
import { defaultExpirationSeconds } from './check-constraints.js';
import { evaluateGuardrail } from './evaluate-guardrail.js';
import { evaluatePolicy } from './evaluate-policy.js';
import { failClosed, type Evaluation } from './evaluation.js';
import type { Policy, PolicySet, RequestToDecide } from './policy-set.js';
import { atLeast, countOf } from './stages.js';

/**
 * What policy says of a request. Every guardrail is evaluated, then every policy. One guardrail that denies is
 * enough to deny, one policy that permits is enough to permit; of several the least demanding approval decides, each
 * raised to what the guardrails ask for at least. A denial carries every violation at once: of the guardrails and,
 * where no policy permits, of each one that applies.
 *
 * Pure: the same arguments give the same decision, trace included. A fact that a rule needs and that was not looked up
 * makes it a rule that cannot be evaluated: a guardrail then denies and a policy does not permit.
 */
export function decide(
  request: RequestToDecide,
  requester: Requester,
  facts: DecisionFacts,
  policySet: PolicySet,
  now: Date,
): Decision {
  const asked = askedOf(request, requester, facts, now);
  const guardrails = evaluateGuardrails(policySet, asked);
  const minimum = guardrails.flatMap(({ stages }) => stages);
  const policies = policySet.policies.map((policy) => failClosed('policy', policy, asked, evaluatePolicy));

  const trace = [...guardrails, ...policies].map(({ entry }) => entry);
  const denials = guardrails.flatMap(({ violations }) => violations);
  const permitting = policySet.policies.filter((_, i) => policies[i]?.entry.verdict === 'permits');
  const [deciding] = permitting.map((policy) => candidateOf(policy, minimum)).sort(byDemand);

  if (denials.length > 0 || deciding === undefined) {
    const objections = deciding === undefined ? policies.flatMap(({ violations }) => violations) : [];
    const violations = [...denials, ...objections];
    if (policies.some(({ entry }) => entry.verdict !== 'notApplicable')) return denied(violations, trace);
    return denied([...violations, noPolicyApplies(asked)], [...trace, defaultDeny(policies.length)]);
  }
  const { policy, stages } = deciding;
  return {
    outcome: 'permitted',
    approval: stages.length === 0 ? 'auto' : 'manual',
    policy: policy.name,
    stages,
    expirationSeconds: request.expirationSeconds ?? defaultExpirationSeconds(policy),
    expiresAfterSeconds: policy.approval.mode === 'auto' ? null : (policy.approval.expiresAfterSeconds ?? null),
    kubeconfig: policy.kubeconfig,
    quota: policy.quota,
    violations: [],
    trace,
  };
}

function evaluateGuardrails(policySet: PolicySet, asked: Asked): readonly Evaluation[] {
  return [
    ...builtInGuardrails.map((guardrail) => failClosed('guardrail', guardrail, asked, evaluateBuiltIn)),
    ...policySet.guardrails.map((guardrail) => failClosed('guardrail', guardrail, asked, evaluateGuardrail)),
  ];
}

/** A policy that permits, with the approval that it comes to. */
interface Candidate {
  readonly policy: Policy;
  readonly stages: readonly ApprovalStage[];
}

function candidateOf(policy: Policy, minimum: readonly ApprovalStage[]): Candidate {
  const own = policy.approval.mode === 'auto' ? [] : policy.approval.stages;
  return { policy, stages: minimum.length === 0 ? own : atLeast(own, minimum) };
}

/** The least demanding approval first: automatic, then fewest approvals, then fewest stages, then by name. */
function byDemand(a: Candidate, b: Candidate): number {
  return (
    countOf(a.stages) - countOf(b.stages) ||
    a.stages.length - b.stages.length ||
    (a.policy.name < b.policy.name ? -1 : 1)
  );
}

function denied(violations: readonly Violation[], trace: readonly TraceEntry[]): Decision {
  return { outcome: 'denied', approval: null, policy: null, violations, trace };
}

/** What denies where no policy speaks of the request: a rule like the others, which no file lifts. */
const defaultDenyName = 'built-in/default-deny';

function defaultDeny(policies: number): TraceEntry {
  const check = { check: 'policies', passed: false, expected: 'one that applies', found: `none of ${policies}` };
  return { kind: 'guardrail', name: defaultDenyName, verdict: 'denies', checks: [check] };
}

function noPolicyApplies({ found }: Asked): Violation {
  return {
    source: defaultDenyName,
    reason: 'NoPolicyApplies',
    message: `no policy applies to requests of ${found.requester.name} on cluster ${found.cluster}`,
  };
}
