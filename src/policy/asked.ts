import type { DecisionFacts } from '../model/decision.js';
import type { Requester } from '../model/principal.js';
import { quote, quoteAll } from '../model/quote.js';
import type { ExpressionVariables } from './cel/compile-expression.js';
import type { PatternValues } from './glob.js';
import type { RequestToDecide } from './policy-set.js';

/** What one decision is about, with what many rules ask of it worked out once. */
export interface Asked {
  readonly request: RequestToDecide;
  readonly requester: Requester;
  readonly facts: DecisionFacts;
  readonly now: Date;
  /** What patterns name stands for. */
  readonly values: PatternValues;
  /** What expressions read, by the lifetime that the request would have: the same object for the same, which binds once. */
  readonly variables: Map<number, ExpressionVariables>;
  /** As the trace says what was found. */
  readonly found: {
    readonly cluster: string;
    readonly username: string;
    readonly groups: string;
    /** Each of the groups, in their order. */
    readonly eachGroup: readonly string[];
    readonly collector: string;
    readonly requester: { readonly name: string; readonly groups: string; readonly roles: string };
  };
}

export function askedOf(request: RequestToDecide, requester: Requester, facts: DecisionFacts, now: Date): Asked {
  return {
    request,
    requester,
    facts,
    now,
    values: { 'requester.username': requester.name },
    variables: new Map(),
    found: {
      cluster: quote(facts.cluster),
      username: quote(request.username),
      groups: quoteAll(request.groups),
      eachGroup: request.groups.map(quote),
      collector: quote(request.collector),
      requester: {
        name: quote(requester.name),
        groups: quoteAll(requester.groups),
        roles: quoteAll(requester.roles),
      },
    },
  };
}
