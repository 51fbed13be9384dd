import type { Asked } from './asked.js';
import type { Expression, ExpressionVariables } from './cel/compile-expression.js';

/** What expressions read of a request whose lifetime, in seconds, would be this. */
export function variablesOf(asked: Asked, expirationSeconds: number): ExpressionVariables {
  const known = asked.variables.get(expirationSeconds);
  if (known) return known;
  const { request, requester, facts, now } = asked;
  const { username, groups, keyAlgorithm, namespace, reason, collector } = request;
  const variables = {
    request: {
      username,
      groups,
      cluster: facts.cluster,
      keyAlgorithm,
      expirationSeconds,
      namespace: namespace ?? '',
      reason: reason ?? '',
      collector,
    },
    requester: { username: requester.name, groups: requester.groups, roles: requester.roles },
    now,
    active: facts.active ?? [],
  };
  asked.variables.set(expirationSeconds, variables);
  return variables;
}

export type Evaluated = { readonly ok: true; readonly value: unknown } | { readonly ok: false };

/**
 * The value of an expression; not ok where it fails, or reads a fact that was not looked up. The error's own text may
 * hold anything and goes nowhere.
 */
export function evaluateExpression(
  expression: Expression,
  { facts }: Asked,
  variables: ExpressionVariables,
): Evaluated {
  if (facts.active === undefined && expression.reads.has('active')) return { ok: false };
  try {
    return { ok: true, value: expression.evaluate(variables) };
  } catch {
    return { ok: false };
  }
}
