import type { GrantReference, Privileges } from '../model/blast-radius.js';
import { quote, quoteAll } from '@kubepass/inspect/formats';
import type { Resolution } from './policy-schema.js';
import { longestDefaultSeconds, type Guardrail } from './policy-set.js';
import {
  askedSeconds,
  evaluateExpression,
  type Findings,
  variablesOf,
  type DecisionInput,
  type Judgement,
  checkSelector,
} from './evaluation.js';
import type { ApprovalStage, PrincipalSelector, Violation } from '../model/decision.js';
import type { ViolationReason } from '../model/violation-reasons.js';

/**
 * Judges a request under one guardrail from a file. If the selector and every condition hold, the guardrail denies or,
 * if it has an approval, requires that approval. If any condition does not hold, the guardrail does nothing. If no
 * condition fails to hold and one could not be evaluated, the guardrail denies.
 */
export function evaluateGuardrail(guardrail: Guardrail, input: DecisionInput, findings: Findings): Judgement {
  const { name, approval } = guardrail;
  if (!checkSelector(guardrail.selector, input, findings)) return findings.notApplicable();

  const conditions = [
    ...matchCondition(guardrail, input),
    ...expressionConditions(guardrail, input),
    ...resolutionCondition(guardrail, input),
  ];
  const checks = conditions.flatMap((condition) => condition.checks);
  if (conditions.some(({ holds }) => holds === false)) {
    noteAll(checks, findings, approval === null);
    return approval === null ? findings.judged() : findings.notApplicable();
  }
  const failures = conditions.flatMap(({ holds }) => (typeof holds === 'object' ? [holds] : []));
  if (failures.length > 0) {
    noteAll(checks, findings, true);
    for (const { reason, message } of failures) findings.objects(reason, message);
    return findings.judged();
  }
  if (approval === null) {
    if (checks.length === 0) findings.note('match', false, 'no request', 'a request');
    noteAll(checks, findings, true);
    for (const subject of subjectsOf(conditions))
      findings.objects('DeniedByGuardrail', `${subject} is denied by guardrail "${name}": ${guardrail.message}`);
    return findings.judged();
  }
  noteAll(checks, findings, false);
  findings.note('approval', true, `at least ${describeStages(approval.stages)}`, 'asked for');
  return findings.judged(approval.stages);
}

/** One of the conditions of a guardrail. The guardrail takes effect if all of them hold. */
interface Condition {
  readonly checks: readonly ConditionCheck[];
  readonly holds: boolean | CannotTell;
  /** The values that meet the condition, as a message begins: `group "ops"`. Empty if it is about the whole request. */
  readonly subjects: readonly string[];
}

interface ConditionCheck {
  readonly check: string;
  readonly holds: boolean;
  /** The expectation that is met if the check holds. */
  readonly whenHolds: string;
  /** The expectation that is met if the check does not hold. */
  readonly otherwise: string;
  readonly found: string;
}

/** The condition could not be evaluated; the guardrail denies with this reason. */
type CannotTell = Pick<Violation, 'message'> & { readonly reason: ViolationReason };

/** Holds if any glob matches any value. */
function matchCondition({ match }: Guardrail, { request, requester, found }: DecisionInput): readonly Condition[] {
  if (match === null) return [];
  const checks: ConditionCheck[] = [];
  const subjects: string[] = [];
  const fields = [
    { field: 'usernames', noun: 'username', globs: match.usernames, asked: [request.username], found: found.username },
    { field: 'groups', noun: 'group', globs: match.groups, asked: request.groups, found: found.groups },
  ];
  for (const { field, noun, globs, asked, found } of fields) {
    if (globs === undefined) continue;
    const matched = asked.filter((value) => globs.matches(value, requester.name));
    const holds = matched.length > 0;
    checks.push({ check: `match.${field}`, holds, whenHolds: globs.expected, otherwise: globs.unexpected, found });
    subjects.push(...matched.map((value) => `${noun} ${quote(value)}`));
  }
  return [{ checks, holds: subjects.length > 0, subjects }];
}

/**
 * If the request names no lifetime, this takes the longest that a policy gives by default, because the deciding policy
 * is not known yet.
 */
function expressionConditions({ name, matchConditions }: Guardrail, input: DecisionInput): readonly Condition[] {
  if (matchConditions.length === 0) return [];
  const variables = variablesOf(input, askedSeconds(input) ?? longestDefaultSeconds);
  return matchConditions.map((condition) => {
    const check = `matchConditions.${condition.name}`;
    const { text } = condition.expression;
    const holds = evaluateExpression(condition.expression, input, variables);
    if (typeof holds !== 'boolean')
      return cannotTell(check, text, {
        reason: 'EvaluationFailed',
        message: `condition "${condition.name}" of guardrail "${name}" could not be evaluated`,
      });
    const checks = [{ check, holds, whenHolds: text, otherwise: `not: ${text}`, found: `${holds}` }];
    return { checks, holds, subjects: [] };
  });
}

function resolutionCondition({ name, resolvesTo }: Guardrail, { facts, found }: DecisionInput): readonly Condition[] {
  if (resolvesTo === null) return [];
  const check = 'resolvesTo';
  const listed = resolvesTo.join(', ');
  const { blastRadius } = facts;
  if (blastRadius === undefined) {
    const message = `what ${found.username} resolves to, which guardrail "${name}" asks, was not looked up`;
    return [cannotTell(check, listed, { reason: 'EvaluationFailed', message })];
  }
  if (blastRadius === null) {
    const message = `the role bindings of cluster ${found.cluster}, which guardrail "${name}" looks at, cannot be read`;
    return [cannotTell(check, listed, { reason: 'BlastRadiusUnknown', message })];
  }
  const resolved = resolutionsOf(blastRadius, resolvesTo);
  const holds = resolved.length > 0;
  const whenHolds = `any of ${listed}`;
  const otherwise = `none of ${listed}`;
  const checks = [{ check, holds, whenHolds, otherwise, found: holds ? resolved.join('; ') : 'none' }];
  return [{ checks, holds, subjects: resolved.map((resolution) => `username ${found.username} ${resolution} and`) }];
}

/** The role bindings that give the identity what the guardrail asks about, as the rest of a sentence about it. */
function resolutionsOf(
  { clusterAdmin, escalations }: Privileges,
  resolvesTo: readonly Resolution[],
): readonly string[] {
  return resolvesTo.flatMap((resolution) => {
    if (resolution === 'ClusterAdmin') return clusterAdmin.map((by) => `resolves to cluster-admin by ${bindingOf(by)}`);
    return escalations
      .filter(({ kind }) => kind === resolution)
      .map(({ by }) => `resolves to ${resolution} by ${bindingOf(by)}`);
  });
}

function bindingOf({ kind, name, namespace }: GrantReference): string {
  return namespace === null ? `${kind} ${quote(name)}` : `${kind} ${quote(name)} in namespace ${quote(namespace)}`;
}

function cannotTell(check: string, expected: string, why: CannotTell): Condition {
  const checks = [{ check, holds: true, whenHolds: expected, otherwise: expected, found: 'could not be evaluated' }];
  return { checks, holds: why, subjects: [] };
}

/**
 * Adds the conditions to the trace. A guardrail that `objects` expects them not to hold. One that requires approval
 * expects them to hold.
 */
function noteAll(checks: readonly ConditionCheck[], findings: Findings, objects: boolean): void {
  for (const { check, holds, whenHolds, otherwise, found } of checks)
    findings.note(check, holds !== objects, objects ? otherwise : whenHolds, found);
}

/** The values or bindings that the last condition with any found; otherwise the request as a whole. */
function subjectsOf(conditions: readonly Condition[]): readonly string[] {
  return conditions.map(({ subjects }) => subjects).findLast(({ length }) => length > 0) ?? ['the request'];
}

/** `2 approvals by groups "leads", then 1 approval`. */
export function describeStages(stages: readonly ApprovalStage[]): string {
  if (stages.length === 0) return 'none';
  return stages
    .map(({ count, approvers }) => {
      const by = describeApprovers(approvers);
      return `${count} ${count === 1 ? 'approval' : 'approvals'}${by && ` by ${by}`}`;
    })
    .join(', then ');
}

function describeApprovers({ names, groups, roles }: PrincipalSelector = {}): string {
  const fields = Object.entries({ names, groups, roles });
  return fields.flatMap(([field, values]) => (values ? [`${field} ${quoteAll(values)}`] : [])).join(' with ');
}
