import { escaped } from '../model/quote.js';
import type { Asked } from './asked.js';
import { defaultExpirationSeconds } from './check-constraints.js';
import { evaluateExpression, variablesOf } from './evaluate-expression.js';
import type { Findings } from './evaluation.js';
import type { ExpressionVariables } from './cel/compile-expression.js';
import type { Policy, Validation } from './policy-set.js';

const maxMessageCharacters = 512;

/** Every expression of the policy, on the request as it would be under this policy. */
export function checkValidations(policy: Policy, asked: Asked, findings: Findings): void {
  const { name, validations } = policy;
  if (validations.length === 0) return;
  const expirationSeconds = asked.request.expirationSeconds ?? defaultExpirationSeconds(policy);
  const variables = variablesOf(asked, expirationSeconds);
  for (const [i, validation] of validations.entries()) {
    const check = `validations[${i}]`;
    const { text } = validation.expression;
    const result = evaluateExpression(validation.expression, asked, variables);
    if (!result.ok || typeof result.value !== 'boolean') {
      findings.cannotTell(check, text, `${check} of policy "${name}" could not be evaluated`);
    } else if (result.value) {
      findings.holds(check, text, 'true');
    } else {
      const message = messageOf(validation, asked, variables) ?? `${check} of policy "${name}" does not hold: ${text}`;
      findings.fails(check, text, 'false', 'ValidationFailed', message);
    }
  }
}

/** What the policy says of it; null where it says nothing. A text that an expression makes may hold anything. */
function messageOf(validation: Validation, asked: Asked, variables: ExpressionVariables): string | null {
  const { message, messageExpression } = validation;
  if (messageExpression === null) return message;
  const result = evaluateExpression(messageExpression, asked, variables);
  if (!result.ok || typeof result.value !== 'string') return message;
  const text = escaped(result.value, maxMessageCharacters);
  return text.trim() === '' ? message : text;
}
