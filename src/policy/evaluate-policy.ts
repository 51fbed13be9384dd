import type { Asked } from './asked.js';
import { checkAllowed } from './check-allowed.js';
import { checkConstraints, checkDates } from './check-constraints.js';
import { checkQuota } from './check-quota.js';
import { checkSelector } from './check-selector.js';
import { checkValidations } from './check-validations.js';
import { judged, notApplicable, type Evaluation } from './evaluation.js';
import type { Policy } from './policy-set.js';

/** Judges a request under one policy: every check, whatever the others found. */
export function evaluatePolicy(policy: Policy, asked: Asked): Evaluation {
  const judge = { kind: 'policy', name: policy.name } as const;
  const applies = [...checkSelector(policy.selector, asked), ...checkDates(policy.constraints, asked)];
  if (!applies.every(({ passed }) => passed)) return notApplicable(judge, applies);
  return judged(judge, applies, [
    ...checkAllowed(policy, asked),
    ...checkConstraints(policy, asked),
    ...checkValidations(policy, asked),
    ...checkQuota(policy, asked),
  ]);
}
