import type { Requester } from '../model/principal.js';
import { selects } from './check-selector.js';
import type { PolicySet, Selector } from './policy-set.js';

/** Which of the facts that take looking up a decision looks at. */
export interface NeededFacts {
  readonly usage: boolean;
  readonly active: boolean;
  readonly blastRadius: boolean;
}

/**
 * Which facts a decision about a request of this requester on this cluster needs. It may name one that no check comes
 * to in the end; one that it does not name is never looked at.
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
  };
}
