import type {
  ApprovalStage,
  Decision,
  DecisionFacts,
  TraceEntry,
  Violation,
  PrincipalSelector,
  RecordedDecision,
} from '../model/decision.js';
import type { ViolationReason } from '../model/violation-reasons.js';
import type { Requester } from '../model/principal.js';
import { builtInGuardrails, evaluateBuiltIn } from './built-in-guardrails.js';
import { evaluateGuardrail } from './evaluate-guardrail.js';
import { askedSeconds, decisionInput, type DecisionInput, failClosed, type Judgement } from './evaluation.js';
import type { Policy, PolicySet, RequestToDecide } from './policy-set.js';
import { evaluatePolicy, isApprovedBefore, lifetimeUnder } from './evaluate-policy.js';
import { defaultDenyName, noPolicyApplies } from './no-policy-applies.js';
import type { CertificateRequest } from '../model/certificate-request.js';
import { type Selector, selects } from './selector.js';

/**
 * Decides a request. One guardrail that denies is enough to deny. Otherwise one policy that permits is enough to
 * permit. If several policies permit, the policy with the least demanding approval decides. Exception: a renewal
 * without a lifetime prefers a policy that does not shorten the lifetime. A denial carries every violation at once,
 * within a bound: the violations of the guardrails and, if no policy permits, of each policy that applies, the nearest
 * first.
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
  const [deciding] = permitting.map((policy) => candidateOf(policy, minimum, input)).sort(byPreference);

  // 3. Deny if a guardrail denies or if no policy permits.
  const denials = guardrails.flatMap(({ violations }) => violations);
  if (denials.length > 0 || deciding === undefined) {
    const objections = deciding === undefined ? nearestFirst(policies).flatMap(({ violations }) => violations) : [];
    const violations = [...denials, ...objections];
    if (policies.some(({ entry }) => entry.verdict !== 'notApplicable')) return denied(violations, trace);
    const violation = noPolicyApplies(policySet.policies, policies, input);
    return denied([...violations, violation], [...trace, defaultDeny(policies.length)]);
  }

  // 4. Otherwise permit as the deciding policy says.
  const { policy, stages, expirationSeconds } = deciding;
  return {
    outcome: 'permitted',
    approval: stages.length === 0 ? 'auto' : 'manual',
    policy: policy.name,
    stages,
    expirationSeconds,
    expiresAfterSeconds: policy.approval.mode === 'auto' ? null : (policy.approval.expiresAfterSeconds ?? null),
    kubeconfig: policy.kubeconfig,
    quota: policy.quota,
    violations: [],
    trace,
  };
}

/** A policy that permits, with the lifetime under it and the approval that it requires together with the guardrails. */
interface Candidate {
  readonly policy: Policy;
  readonly stages: readonly ApprovalStage[];
  readonly expirationSeconds: number;
  readonly isShortened: boolean;
}

/** A guardrail's approval is also required where an earlier one counts for a renewal. */
function candidateOf(policy: Policy, minimum: readonly ApprovalStage[], input: DecisionInput): Candidate {
  const own = policy.approval.mode === 'auto' || isApprovedBefore(policy, input) ? [] : policy.approval.stages;
  const expirationSeconds = lifetimeUnder(policy, input);
  const isShortened = expirationSeconds < (askedSeconds(input) ?? 0);
  return { policy, stages: minimum.length === 0 ? own : atLeast(own, minimum), expirationSeconds, isShortened };
}

/**
 * The whole lifetime first, then the least demanding approval: automatic, then fewest approvals, then fewest stages,
 * then by name.
 */
function byPreference(a: Candidate, b: Candidate): number {
  return (
    Number(a.isShortened) - Number(b.isShortened) ||
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

function defaultDeny(policies: number): TraceEntry {
  const check = { check: 'policies', passed: false, expected: 'one that applies', found: `none of ${policies}` };
  return { kind: 'guardrail', name: defaultDenyName, verdict: 'denies', checks: [check] };
}

/** Octets of JSON: a hundred violations of usual length. */
const atMost = 16_384;

/**
 * The first violations of a denial, and the number of the others. A denied request is recorded, with its violations,
 * and its names may be 33 times 64 characters that are escaped one by one, times the number of policies. The trace
 * has every check.
 */
export function boundedViolations(violations: readonly Violation[]): readonly Violation[] {
  let octets = 0;
  const end = violations.findIndex((violation) => (octets += Buffer.byteLength(JSON.stringify(violation))) > atMost);
  if (end === -1) return violations;
  const first = violations.slice(0, Math.max(1, end));
  const others = violations.length - first.length;
  if (others === 0) return violations;
  const message = `and ${others} more; the trace of a dry run shows every check`;
  return [...first, { source: 'built-in/violations', reason: 'MoreViolations' satisfies ViolationReason, message }];
}

/**
 * Raises the stages of a policy until they also require `minimum`. Nobody may approve twice in all stages, so only
 * the number of approvals by each kind of approvers matters. Approvals that are missing are added to the stage with
 * the same approvers, or become a new stage before the others. A stage without `approvers` accepts anybody who may
 * approve, so every stage counts towards it.
 */
export function atLeast(own: readonly ApprovalStage[], minimum: readonly ApprovalStage[]): readonly ApprovalStage[] {
  const required = byApprovers(minimum);
  const before: ApprovalStage[] = [];
  let stages = own;
  for (const [key, stage] of required) {
    if (key === anybody) continue;
    const lacking = stage.count - countOf(stages.filter(({ approvers }) => keyOf(approvers) === key));
    if (lacking <= 0) continue;
    const raised = raiseFirst(stages, key, lacking);
    if (raised === null) before.push({ ...stage, count: lacking });
    else stages = raised;
  }
  const all = [...before, ...stages];
  const lacking = required.has(anybody) ? countOf(minimum) - countOf(all) : 0;
  if (lacking <= 0) return all;
  return raiseFirst(all, anybody, lacking) ?? [{ count: lacking }, ...all];
}

export function countOf(stages: readonly ApprovalStage[]): number {
  return stages.reduce((sum, { count }) => sum + count, 0);
}

function raiseFirst(stages: readonly ApprovalStage[], key: string, by: number): readonly ApprovalStage[] | null {
  const first = stages.findIndex(({ approvers }) => keyOf(approvers) === key);
  if (first === -1) return null;
  return stages.map((stage, i) => (i === first ? { ...stage, count: stage.count + by } : stage));
}

/** One stage for each kind of approvers, with all approvals that they must give. */
function byApprovers(stages: readonly ApprovalStage[]): ReadonlyMap<string, ApprovalStage> {
  const required = new Map<string, ApprovalStage>();
  for (const stage of stages) {
    const key = keyOf(stage.approvers);
    required.set(key, { ...stage, count: stage.count + (required.get(key)?.count ?? 0) });
  }
  return required;
}

const anybody = keyOf(undefined);

/** Equal for two selectors with the same lists, whatever the order within a list. */
function keyOf({ names, groups, roles }: PrincipalSelector = {}): string {
  return JSON.stringify([names, groups, roles].map((values) => values?.toSorted() ?? null));
}

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
    ...(decision.outcome === 'permitted' && {
      kubeconfig: decision.kubeconfig,
      quota: decision.quota,
      expiresAfterSeconds: decision.expiresAfterSeconds,
    }),
    askedExpirationSeconds: expirationSeconds,
    facts,
    verdicts: verdictsOf(trace),
    policySetDigest: policySet.digest,
    decidedAt: now,
  };
}

/** The verdict of each policy, with the reasons of its failed checks. */
export const verdictsOf = (trace: readonly TraceEntry[]): RecordedDecision['verdicts'] =>
  trace
    .filter(({ kind }) => kind === 'policy')
    .map(({ name, verdict, checks }) => ({ name, verdict, reasons: checks.flatMap(({ reason }) => reason ?? []) }));

/**
 * Makes the stored decision on a request again, with its full trace. `policySet` must be the set that was in force
 * then, the one whose digest is `decision.policySetDigest`.
 */
export function recomputeDecision(request: CertificateRequest, policySet: PolicySet): Decision {
  const { facts, decidedAt, askedExpirationSeconds } = request.decision;
  const expirationSeconds = askedExpirationSeconds === undefined ? request.expirationSeconds : askedExpirationSeconds;
  return decide({ ...request, expirationSeconds }, request.requester, facts, policySet, decidedAt);
}

/** The facts that have to be looked up for a decision. */
export interface NeededFacts {
  readonly usage: boolean;
  readonly active: boolean;
  readonly blastRadius: boolean;
  /** The directory groups of the username, or whatever an expression reads of the directory. */
  readonly directory: boolean;
}

/**
 * The facts that a decision about a request of this requester on this cluster may use. It uses no other fact, but
 * perhaps not all of these.
 */
export function neededFacts(policySet: PolicySet, cluster: string, requester: Requester): NeededFacts {
  const selected = ({ selector }: { readonly selector: Selector }) => selects(selector, cluster, requester);
  const policies = policySet.policies.filter(selected);
  const guardrails = policySet.guardrails.filter(selected);
  const expressions = [
    ...policies.flatMap(({ validations }) =>
      validations.flatMap(({ expression, messageExpression }) =>
        messageExpression === null ? [expression] : [expression, messageExpression],
      ),
    ),
    ...guardrails.flatMap(({ matchConditions }) => matchConditions.map(({ expression }) => expression)),
  ];
  return {
    usage: policies.some(({ quota }) => Object.keys(quota).length > 0),
    active: expressions.some(({ reads }) => reads.has('active')),
    blastRadius: guardrails.some(({ resolvesTo }) => resolvesTo !== null),
    directory:
      policies.some(({ allowed }) => allowed.groupsFromDirectory !== undefined) ||
      expressions.some(({ reads }) => reads.has('directory')),
  };
}
