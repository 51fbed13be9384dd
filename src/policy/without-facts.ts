import type { DecisionFacts } from '../model/decision.js';
import type { NeededFacts } from './needed-facts.js';
import type { PolicySet } from './policy-set.js';

export type LookedUpFact = keyof NeededFacts;

/** Those of the facts that a decision may look at which are not there. */
export function missingFacts(needed: NeededFacts, facts: DecisionFacts): readonly LookedUpFact[] {
  return (['usage', 'active', 'blastRadius'] as const).filter((fact) => needed[fact] && facts[fact] === undefined);
}

/**
 * The set as if whatever rests on these facts came out in the request's favour: what it denies, it denies whatever the
 * facts are. Where a fact is not there `decide` assumes the opposite, so the decision under the facts as they were lies
 * between the two.
 */
export function inFavour(policySet: PolicySet, missing: readonly LookedUpFact[]): PolicySet {
  const usage = missing.includes('usage');
  const active = missing.includes('active');
  const blastRadius = missing.includes('blastRadius');
  return {
    ...policySet,
    policies: policySet.policies.map((policy) => ({
      ...policy,
      quota: usage ? {} : policy.quota,
      validations: active
        ? policy.validations.filter((one) => !one.expression.reads.has('active'))
        : policy.validations,
    })),
    guardrails: policySet.guardrails.filter(
      ({ resolvesTo, matchConditions }) =>
        !(blastRadius && resolvesTo !== null) &&
        !(active && matchConditions.some(({ expression }) => expression.reads.has('active'))),
    ),
  };
}
