import type { DecisionFacts } from '../model/decision.js';
import type { Requester } from '../model/principal.js';
import type { Expression } from './cel/compile-expression.js';
import { compileGlobs } from './glob.js';
import type { Policy, PolicySet, Selector } from './policy-set.js';
import { selects } from './selector.js';

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

export type LookedUpFact = keyof NeededFacts;

/** The facts that a decision may use and that were not looked up. */
export function missingFacts(needed: NeededFacts, facts: DecisionFacts): readonly LookedUpFact[] {
  return (['usage', 'active', 'blastRadius', 'directory'] as const).filter(
    (fact) => needed[fact] && facts[fact] === undefined,
  );
}

/**
 * The set without every check that depends on these facts, so each of them comes out in the favour of the request. A
 * request that this set denies is denied whatever the facts are. `decide` assumes the opposite of a missing fact, so the decision
 * under the real facts lies between the two.
 */
export function inFavour(policySet: PolicySet, missing: readonly LookedUpFact[]): PolicySet {
  const usage = missing.includes('usage');
  const active = missing.includes('active');
  const blastRadius = missing.includes('blastRadius');
  const directory = missing.includes('directory');
  const isMissing = ({ reads }: Expression) => (active && reads.has('active')) || (directory && reads.has('directory'));
  return {
    ...policySet,
    policies: policySet.policies.map((policy) => ({
      ...policy,
      quota: usage ? {} : policy.quota,
      validations: policy.validations.filter((one) => !isMissing(one.expression)),
      // A member of each directory group gets every group of them.
      ...(directory && policy.allowed.groupsFromDirectory && { allowed: withEveryGroup(policy.allowed) }),
    })),
    guardrails: policySet.guardrails.filter(
      ({ resolvesTo, matchConditions }) =>
        !(blastRadius && resolvesTo !== null) && !matchConditions.some(({ expression }) => isMissing(expression)),
    ),
  };
}

function withEveryGroup({ groups, groupsFromDirectory = new Map(), ...others }: Policy['allowed']): Policy['allowed'] {
  const given = [...groupsFromDirectory.values()].flatMap(({ patterns }) => patterns);
  return { ...others, groupsFromDirectory, groups: compileGlobs([...(groups?.patterns ?? []), ...given]) };
}
