import type { TraceCheck, TraceEntry, Violation } from '../model/decision.js';
import type { Asked } from './asked.js';
import { checkSelector } from './check-selector.js';
import { notApplicable, type Evaluation } from './evaluation.js';
import { conditionsOf, type Condition, type ConditionCheck } from './guardrail-conditions.js';
import type { Guardrail } from './policy-set.js';
import { describeStages } from './stages.js';

/**
 * Judges a request under one guardrail from a file. Where its selector and every condition hold it denies or, if it
 * has an approval, asks for that. A condition that does not hold is the end of it, whatever the others; where none
 * fails to hold and one could not be evaluated, it denies.
 */
export function evaluateGuardrail(guardrail: Guardrail, asked: Asked): Evaluation {
  const { name, approval } = guardrail;
  const selector = checkSelector(guardrail.selector, asked);
  if (!selector.every(({ passed }) => passed)) return notApplicable({ kind: 'guardrail', name }, selector);

  const conditions = conditionsOf(guardrail, asked);
  const checks = conditions.flatMap((condition) => condition.checks);
  const applies = () => [...selector, ...checks.map(applying)];
  const objects = () => [...selector, ...(checks.length === 0 ? [anyRequest] : checks.map(objecting))];

  if (conditions.some(({ holds }) => holds === false))
    return approval ? notApplicable({ kind: 'guardrail', name }, applies()) : judgement(name, 'permits', objects());
  const failures = conditions.flatMap(({ holds }) => (typeof holds === 'object' ? [holds] : []));
  if (failures.length > 0) return judgement(name, 'denies', objects(), failures);
  if (approval === null) return judgement(name, 'denies', objects(), denials(guardrail, conditions));

  const expected = `at least ${describeStages(approval.stages)}`;
  const check = { check: 'approval', passed: true, expected, found: 'asked for' };
  return { ...judgement(name, 'permits', [...applies(), check]), stages: approval.stages };
}

/** One for each value that matched or binding that was found, and otherwise one for the request as a whole. */
function denials({ name, message }: Guardrail, conditions: readonly Condition[]): readonly Objection[] {
  const subjects = conditions.map((condition) => condition.subjects).findLast(({ length }) => length > 0);
  return (subjects ?? ['the request']).map((subject) => ({
    reason: 'DeniedByGuardrail',
    message: `${subject} is denied by guardrail "${name}": ${message}`,
  }));
}

type Objection = Omit<Violation, 'source'>;

function judgement(
  name: string,
  verdict: TraceEntry['verdict'],
  checks: readonly TraceCheck[],
  objections: readonly Objection[] = [],
): Evaluation {
  return {
    entry: { kind: 'guardrail', name, verdict, checks },
    violations: objections.map((objection) => ({ source: name, ...objection })),
    stages: [],
  };
}

/** Of a guardrail without any condition. */
const anyRequest: TraceCheck = { check: 'match', passed: false, expected: 'no request', found: 'a request' };

/** As a guardrail checks that denies: passed where there is nothing to deny. */
function objecting({ check, holds, otherwise, found }: ConditionCheck): TraceCheck {
  return { check, passed: !holds, expected: otherwise, found };
}

/** As a guardrail checks that asks for approval: passed where it applies. */
function applying({ check, holds, whenHolds, found }: ConditionCheck): TraceCheck {
  return { check, passed: holds, expected: whenHolds, found };
}
