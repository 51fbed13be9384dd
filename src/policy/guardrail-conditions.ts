import type { GrantReference, Privileges } from '../model/blast-radius.js';
import { quote } from '../model/quote.js';
import type { Asked } from './asked.js';
import { longestDefaultSeconds } from './check-constraints.js';
import { evaluateExpression, variablesOf } from './evaluate-expression.js';
import type { Resolution } from './policy-schema.js';
import type { Guardrail } from './policy-set.js';

/** One of the conditions of a guardrail, which takes effect where all of them hold. */
export interface Condition {
  readonly checks: readonly ConditionCheck[];
  readonly holds: boolean | Unknown;
  /** What it holds for, as a message about it begins: `group "ops"`. Empty where it is about the request as a whole. */
  readonly subjects: readonly string[];
}

export interface ConditionCheck {
  readonly check: string;
  readonly holds: boolean;
  /** What is found where it holds, and where it does not. */
  readonly whenHolds: string;
  readonly otherwise: string;
  readonly found: string;
}

/** Whether the condition holds could not be found out: with what reason the guardrail denies. */
export interface Unknown {
  readonly reason: string;
  readonly message: string;
}

export function conditionsOf(guardrail: Guardrail, asked: Asked): readonly Condition[] {
  return [
    ...matchCondition(guardrail, asked),
    ...expressionConditions(guardrail, asked),
    ...resolutionCondition(guardrail, asked),
  ];
}

/** Any one value that a glob matches is enough. */
function matchCondition({ match }: Guardrail, { request, values, found }: Asked): readonly Condition[] {
  if (match === null) return [];
  const checks: ConditionCheck[] = [];
  const subjects: string[] = [];
  const fields = [
    { field: 'usernames', noun: 'username', globs: match.usernames, asked: [request.username], found: found.username },
    { field: 'groups', noun: 'group', globs: match.groups, asked: request.groups, found: found.groups },
  ];
  for (const { field, noun, globs, asked, found } of fields) {
    if (globs === undefined) continue;
    const matched = asked.filter((value) => globs.matches(value, values));
    const holds = matched.length > 0;
    checks.push({ check: `match.${field}`, holds, whenHolds: globs.expected, otherwise: globs.unexpected, found });
    subjects.push(...matched.map((value) => `${noun} ${quote(value)}`));
  }
  return [{ checks, holds: subjects.length > 0, subjects }];
}

/**
 * A lifetime that is left to policy is taken for the longest that one gives unasked, as the policy that decides is not
 * known yet.
 */
function expressionConditions({ name, matchConditions }: Guardrail, asked: Asked): readonly Condition[] {
  if (matchConditions.length === 0) return [];
  const variables = variablesOf(asked, asked.request.expirationSeconds ?? longestDefaultSeconds);
  return matchConditions.map((condition) => {
    const check = `matchConditions.${condition.name}`;
    const { text } = condition.expression;
    const result = evaluateExpression(condition.expression, asked, variables);
    if (!result.ok || typeof result.value !== 'boolean')
      return unknown(check, text, {
        reason: 'EvaluationFailed',
        message: `condition "${condition.name}" of guardrail "${name}" could not be evaluated`,
      });
    const holds = result.value;
    const found = `${holds}`;
    return { checks: [{ check, holds, whenHolds: text, otherwise: `not: ${text}`, found }], holds, subjects: [] };
  });
}

function resolutionCondition({ name, resolvesTo }: Guardrail, { facts, found }: Asked): readonly Condition[] {
  if (resolvesTo === null) return [];
  const check = 'resolvesTo';
  const listed = resolvesTo.join(', ');
  const { blastRadius } = facts;
  if (blastRadius === undefined) {
    const message = `what ${found.username} resolves to, which guardrail "${name}" asks, was not looked up`;
    return [unknown(check, listed, { reason: 'EvaluationFailed', message })];
  }
  if (blastRadius === null) {
    const message = `the role bindings of cluster ${found.cluster}, which guardrail "${name}" looks at, cannot be read`;
    return [unknown(check, listed, { reason: 'BlastRadiusUnknown', message })];
  }
  const resolved = resolutionsOf(blastRadius, resolvesTo);
  const holds = resolved.length > 0;
  return [
    {
      checks: [
        {
          check,
          holds,
          whenHolds: `any of ${listed}`,
          otherwise: `none of ${listed}`,
          found: holds ? resolved.join('; ') : 'none',
        },
      ],
      holds,
      subjects: resolved.map((resolution) => `username ${found.username} ${resolution} and`),
    },
  ];
}

/** How the identity comes to what is asked about, as a sentence goes on that begins with the identity. */
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

function unknown(check: string, expected: string, why: Unknown): Condition {
  const checks = [{ check, holds: true, whenHolds: expected, otherwise: expected, found: 'could not be evaluated' }];
  return { checks, holds: why, subjects: [] };
}
