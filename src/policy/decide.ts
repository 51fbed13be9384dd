import type { ApprovalStage, Decision, DecisionFacts, TraceEntry, Violation } from '../model/decision.js';
import type { Requester } from '../model/principal.js';
import { builtInGuardrails, evaluateBuiltIn } from './built-in-guardrails.js';
import { evaluateGuardrail } from './evaluate-guardrail.js';
import { evaluatePolicy } from './evaluate-policy.js';
import { decisionInput, type DecisionInput, failClosed, type Judgement } from './evaluation.js';
import { defaultExpirationSeconds, type Policy, type PolicySet, type RequestToDecide } from './policy-set.js';
import { isApprovedBefore } from './renewal.js';
import { atLeast, countOf } from './stages.js';

/**
 * Decides a request. One guardrail that denies is enough to deny. Otherwise one policy that permits is enough to
 * permit. If several permit, the one with the least demanding approval decides. A denial carries every violation at
 * once, within a bound: the violations of the guardrails and, if no policy permits, of each policy that applies, the
 * nearest first.
 *
 * Pure: the same arguments give the same decision and trace. A rule that needs a fact which was not looked up cannot be
 * evaluated: such a guardrail denies, and such a policy does not permit.
 */
export function decide(
  request: RequestToDecide,
  requester: Requester,
  facts: DecisionFacts,
  policySet: PolicySet,
  now: Date,
): Decision {
  // 1. Evaluate every guardrail, then every policy.
  const input = decisionInput(request, requester, facts, now);
  const guardrails = [
    ...builtInGuardrails
      .filter(({ concerns }) => concerns(input))
      .map((guardrail) => failClosed('guardrail', guardrail, input, evaluateBuiltIn)),
    ...policySet.guardrails.map((guardrail) => failClosed('guardrail', guardrail, input, evaluateGuardrail)),
  ];
  const policies = policySet.policies.map((policy) => failClosed('policy', policy, input, evaluatePolicy));
  const trace = [...guardrails, ...policies].map(({ entry }) => entry);

  // 2. Find the policy that decides. The guardrails raise the approval of each one.
  const minimum = guardrails.flatMap(({ stages }) => stages);
  const permitting = policySet.policies.filter((_, i) => policies[i]?.entry.verdict === 'permits');
  const [deciding] = permitting.map((policy) => candidateOf(policy, minimum, input)).sort(byDemand);

  // 3. Deny if a guardrail denies or if no policy permits.
  const denials = guardrails.flatMap(({ violations }) => violations);
  if (denials.length > 0 || deciding === undefined) {
    const objections = deciding === undefined ? nearestFirst(policies).flatMap(({ violations }) => violations) : [];
    const violations = [...denials, ...objections];
    if (policies.some(({ entry }) => entry.verdict !== 'notApplicable')) return denied(violations, trace);
    return denied([...violations, noPolicyApplies(input)], [...trace, defaultDeny(policies.length)]);
  }

  // 4. Otherwise permit as the deciding policy says.
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

/** A policy that permits, with the approval that it requires together with the guardrails. */
interface Candidate {
  readonly policy: Policy;
  readonly stages: readonly ApprovalStage[];
}

/** A guardrail's approval is also required where an earlier one counts for a renewal. */
function candidateOf(policy: Policy, minimum: readonly ApprovalStage[], input: DecisionInput): Candidate {
  const own = policy.approval.mode === 'auto' || isApprovedBefore(policy, input) ? [] : policy.approval.stages;
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

/** The policy with the fewest objections first. It asks for the fewest changes to the request. */
const nearestFirst = (policies: readonly Judgement[]): readonly Judgement[] =>
  policies.toSorted((a, b) => a.violations.length - b.violations.length);

function denied(violations: readonly Violation[], trace: readonly TraceEntry[]): Decision {
  return { outcome: 'denied', approval: null, policy: null, violations: boundedViolations(violations), trace };
}

/** Denies a request that no policy applies to. No file can disable this rule. */
const defaultDenyName = 'built-in/default-deny';

function defaultDeny(policies: number): TraceEntry {
  const check = { check: 'policies', passed: false, expected: 'one that applies', found: `none of ${policies}` };
  return { kind: 'guardrail', name: defaultDenyName, verdict: 'denies', checks: [check] };
}

function noPolicyApplies({ found }: DecisionInput): Violation {
  return {
    source: defaultDenyName,
    reason: 'NoPolicyApplies',
    message: `no policy applies to requests of ${found.requester.name} on cluster ${found.cluster}`,
  };
}

/** Octets of JSON: a hundred violations of usual length. */
const atMost = 16_384;

/**
 * The first violations of a denial, and the number of the others. A denied request is recorded, with its violations, and
 * its names may be 33 times 64 characters that are escaped one by one, times the number of policies. The trace has every
 * check.
 */
export function boundedViolations(violations: readonly Violation[]): readonly Violation[] {
  let octets = 0;
  const end = violations.findIndex((violation) => (octets += Buffer.byteLength(JSON.stringify(violation))) > atMost);
  if (end === -1) return violations;
  const first = violations.slice(0, Math.max(1, end));
  const others = violations.length - first.length;
  if (others === 0) return violations;
  const message = `and ${others} more; the trace of a dry run shows every check`;
  return [...first, { source: 'built-in/violations', reason: 'MoreViolations', message }];
}
