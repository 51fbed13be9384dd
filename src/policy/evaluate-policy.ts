import type { Asked } from './asked.js';
import { checkAllowed } from './check-allowed.js';
import { checkConstraints, checkDates } from './check-constraints.js';
import { checkQuota } from './check-quota.js';
import { checkSelector } from './check-selector.js';
import { checkValidations } from './check-validations.js';
import { Findings, type Evaluation } from './evaluation.js';
import type { Policy } from './policy-set.js';

/** Judges a request under one policy: every check, whatever the others found. */
export function evaluatePolicy(policy: Policy, asked: Asked): Evaluation {
  const findings = new Findings('policy', policy.name);
  const selected = checkSelector(policy.selector, asked, findings);
  const inForce = checkDates(policy.constraints, asked, findings);
  if (!selected || !inForce) return findings.notApplicable();
  checkAllowed(policy, asked, findings);
  checkConstraints(policy, asked, findings);
  checkValidations(policy, asked, findings);
  checkQuota(policy, asked, findings);
  return findings.judged();
}
