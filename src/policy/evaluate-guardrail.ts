import type { Asked } from './asked.js';
import { checkSelector } from './check-selector.js';
import { Findings, type Evaluation } from './evaluation.js';
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
  const findings = new Findings('guardrail', name);
  if (!checkSelector(guardrail.selector, asked, findings)) return findings.notApplicable();

  const conditions = conditionsOf(guardrail, asked);
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
  findings.holds('approval', `at least ${describeStages(approval.stages)}`, 'asked for');
  return findings.judged(approval.stages);
}

/**
 * The conditions in the trace. A guardrail that `objects` expects that they do not hold, one that asks for approval
 * expects what makes it apply.
 */
function noteAll(checks: readonly ConditionCheck[], findings: Findings, objects: boolean): void {
  for (const { check, holds, whenHolds, otherwise, found } of checks)
    findings.note(check, holds !== objects, objects ? otherwise : whenHolds, found);
}

/** Each value that matched or binding that was found, and otherwise the request as a whole. */
function subjectsOf(conditions: readonly Condition[]): readonly string[] {
  return conditions.map(({ subjects }) => subjects).findLast(({ length }) => length > 0) ?? ['the request'];
}
