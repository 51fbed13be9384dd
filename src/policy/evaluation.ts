import type { ApprovalStage, DecisionFacts, TraceCheck, TraceEntry, Violation } from '../model/decision.js';
import type { ViolationReason } from '../model/violation-reasons.js';
import type { Requester } from '../model/principal.js';
import { quote, quoteAll } from '@kubepass/inspect/formats';
import { quoteName } from '../model/name-grammar.js';
import type { Expression } from './cel/compile-expression.js';
import type { ExpressionVariables } from './cel/variables.js';
import { isNamed, isInGroup, hasRole, type Selector } from './selector.js';
import type { RequestToDecide } from './policy-set.js';

export type DecisionInput = ReturnType<typeof decisionInput>;

/** The subject of one decision. Texts that many rules need are prepared once. */
export function decisionInput(request: RequestToDecide, requester: Requester, facts: DecisionFacts, now: Date) {
  return {
    request,
    requester,
    facts,
    now,
    /** The variables of expressions by the lifetime of the certificate. The same object is bound only once. */
    variables: new Map<number, ExpressionVariables>(),
    /** The values as the trace quotes them. */
    found: {
      cluster: quote(facts.cluster),
      username: quote(request.username),
      groups: quoteAll(request.groups),
      /** The same groups one by one, in their order. */
      eachGroup: request.groups.map(quote),
      collector: quoteName(request.collector),
      requester: {
        name: quoteName(requester.name),
        groups: quoteAll(requester.groups),
        roles: quoteAll(requester.roles),
      },
    },
  };
}

/** The lifetime that is asked for, in seconds: a renewal that names none asks for the one before. Null: any. */
export const askedSeconds = ({ request, facts }: Pick<DecisionInput, 'request' | 'facts'>): number | null =>
  request.expirationSeconds ?? facts.renewal?.expirationSeconds ?? null;

/** The variables of expressions for a certificate with this lifetime. */
export function variablesOf(input: DecisionInput, expirationSeconds: number): ExpressionVariables {
  const known = input.variables.get(expirationSeconds);
  if (known) return known;
  const { request, requester, facts, now } = input;
  const { username, groups, keyAlgorithm, namespace, reason, labels, collector } = request;
  const variables = {
    request: {
      username,
      groups,
      cluster: facts.cluster,
      keyAlgorithm,
      expirationSeconds,
      namespace: namespace ?? '',
      reason: reason ?? '',
      labels,
      collector,
    },
    requester: { username: requester.name, groups: requester.groups, roles: requester.roles },
    now,
    active: facts.active ?? [],
    renewal: renewalVariable(facts.renewal),
    directory: directoryVariable(facts.directory),
  };
  input.variables.set(expirationSeconds, variables);
  return variables;
}

/**
 * Where nothing is renewed, or nobody approved, the instants are the beginning of 1970, so that no expression needs
 * `has`.
 */
function renewalVariable(renewal: DecisionFacts['renewal']): ExpressionVariables['renewal'] {
  const never = '1970-01-01T00:00:00Z';
  const { of = '', generation = 0, approvedAt, notAfter = never } = renewal ?? {};
  return { of, generation, approvedAt: approvedAt ?? never, notAfter };
}

/** Somebody who is not in the directory is not active and in no group, so that no expression needs `has`. */
function directoryVariable(directory: DecisionFacts['directory']): ExpressionVariables['directory'] {
  const nobody = { state: 'unknown', groups: [] } as const;
  const { username = nobody, requester = nobody } = directory ?? {};
  return {
    active: username.state === 'active',
    groups: username.groups,
    requester: { active: requester.state === 'active', groups: requester.groups },
  };
}

/**
 * The value of an expression. It is undefined if the evaluation fails, or if the expression reads a fact that was not
 * looked up. The error is dropped, because its text may quote any value.
 */
export function evaluateExpression(
  expression: Expression,
  { facts }: DecisionInput,
  variables: ExpressionVariables,
): boolean | string | undefined {
  if (facts.active === undefined && expression.reads.has('active')) return undefined;
  if (facts.directory === undefined && expression.reads.has('directory')) return undefined;
  try {
    return expression.evaluate(variables);
  } catch {
    return undefined;
  }
}

/** The judgement of one guardrail or policy: its entry in the trace, and its objections. */
export interface Judgement {
  readonly entry: TraceEntry;
  readonly violations: readonly Violation[];
  /** The least approval that a guardrail requires. Empty if it requires none. */
  readonly stages: readonly ApprovalStage[];
}

/** Collects the checks and objections of one guardrail or policy. It is mutable, because a decision makes many. */
export class Findings {
  readonly checks: TraceCheck[] = [];
  readonly violations: Violation[] = [];

  constructor(
    private readonly kind: TraceEntry['kind'],
    private readonly name: string,
  ) {}

  /** Adds a check that decides whether the rule applies. It is no objection if this check fails. */
  note(check: string, passed: boolean, expected: string, found: string): void {
    this.checks.push({ check, passed, expected, found });
  }

  /** Adds a check. If it fails, the caller is told `reason`, with one message for each value that is not permitted. */
  requires(
    check: string,
    passed: boolean,
    expected: string,
    found: string,
    reason: ViolationReason,
    ...messages: readonly string[]
  ): void {
    if (passed) this.note(check, true, expected, found);
    else this.fails(check, expected, found, reason, ...messages);
  }

  /** Adds a check that fails. */
  fails(check: string, expected: string, found: string, reason: ViolationReason, ...messages: readonly string[]): void {
    this.checks.push({ check, passed: false, expected, found, reason });
    for (const message of messages) this.objects(reason, message);
  }

  /** Adds a check that could not be evaluated. It counts as failed. */
  cannotTell(check: string, expected: string, message: string): void {
    this.fails(check, expected, 'could not be evaluated', 'EvaluationFailed', message);
  }

  objects(reason: ViolationReason, message: string): void {
    this.violations.push({ source: this.name, reason, message });
  }

  notApplicable(): Judgement {
    return this.judgement('notApplicable', none);
  }

  /** Permits if there is no objection. A guardrail that permits may require approval in `stages`. */
  judged(stages: readonly ApprovalStage[] = none): Judgement {
    return this.violations.length === 0 ? this.judgement('permits', stages) : this.judgement('denies', none);
  }

  private judgement(verdict: TraceEntry['verdict'], stages: readonly ApprovalStage[]): Judgement {
    const { kind, name, checks, violations } = this;
    return { entry: { kind, name, verdict, checks }, violations, stages };
  }
}

const none: readonly ApprovalStage[] = [];

/**
 * Evaluates one rule and fails closed: a rule that throws denies. The error is dropped, because its text may quote any
 * value. To find the cause, recompute the decision from its recorded facts.
 */
export function failClosed<Rule extends { readonly name: string }>(
  kind: TraceEntry['kind'],
  rule: Rule,
  input: DecisionInput,
  evaluate: (rule: Rule, input: DecisionInput, findings: Findings) => Judgement,
): Judgement {
  try {
    return evaluate(rule, input, new Findings(kind, rule.name));
  } catch {
    const findings = new Findings(kind, rule.name);
    findings.cannotTell('evaluation', 'completes', `${kind} "${rule.name}" could not be evaluated`);
    return findings.judged();
  }
}

/** Whether the rule applies to the request. Adds one check for each field of the selector. */
export function checkSelector(
  { clusters, labels, requesters = {} }: Selector,
  { request, facts, requester, found }: DecisionInput,
  findings: Findings,
): boolean {
  let selected = true;
  const note = (field: string, passed: boolean, expected: string, value: string) => {
    findings.note(`selector.${field}`, passed, expected, value);
    selected &&= passed;
  };
  if (clusters) note('clusters', clusters.matches(facts.cluster), clusters.expected, found.cluster);
  for (const [key, globs] of labels ?? []) {
    const value = Object.hasOwn(request.labels, key) ? request.labels[key] : undefined;
    const passed = value !== undefined && globs.matches(value);
    note(`labels.${key}`, passed, globs.expected, value === undefined ? 'none' : quote(value));
  }
  const { names, groups, roles } = requesters;
  if (names) note('requesters.names', isNamed(names, requester), names.expected, found.requester.name);
  if (groups) note('requesters.groups', isInGroup(groups, requester), groups.expected, found.requester.groups);
  if (roles) note('requesters.roles', hasRole(roles, requester), roles.expected, found.requester.roles);
  return selected;
}
