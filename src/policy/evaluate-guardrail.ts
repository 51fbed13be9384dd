import type { TraceCheck } from '../model/decision.js';
import type { Requester } from '../model/principal.js';
import { quote, quoteAll } from '../model/quote.js';
import { checkSelector } from './check-selector.js';
import { judged, notApplicable, type Evaluation } from './evaluation.js';
import { matchesAnyGlob } from './glob.js';
import type { Guardrail, RequestToDecide } from './policy-set.js';

/** Judges a request under one guardrail from a file: denies where its selector holds and anything in `match` matches. */
export function evaluateGuardrail(
  guardrail: Guardrail,
  request: RequestToDecide,
  requester: Requester,
  cluster: string,
): Evaluation {
  const judge = { kind: 'guardrail', name: guardrail.name } as const;
  const selector = checkSelector(guardrail.selector, cluster, requester);
  if (!selector.every(({ passed }) => passed)) return notApplicable(judge, selector);

  const denied = (what: string) => ({
    reason: 'DeniedByGuardrail',
    message: `${what} is denied by guardrail "${guardrail.name}": ${guardrail.message}`,
  });
  if (guardrail.match === null) {
    const check = { check: 'match', passed: false, expected: 'no request', found: 'a request' };
    return judged(judge, [...selector, check], [denied('the request')]);
  }

  const values = { 'requester.username': requester.name };
  const fields = [
    { field: 'usernames', noun: 'username', patterns: guardrail.match.usernames, asked: [request.username] },
    { field: 'groups', noun: 'group', patterns: guardrail.match.groups, asked: request.groups },
  ];
  const checks: TraceCheck[] = [...selector];
  const objections = [];
  for (const { field, noun, patterns, asked } of fields) {
    if (patterns === undefined) continue;
    const matched = asked.filter((value) => matchesAnyGlob(patterns, value, values));
    const expected = patterns.length === 0 ? 'anything' : `none of ${quoteAll(patterns)}`;
    checks.push({ check: `match.${field}`, passed: matched.length === 0, expected, found: quoteAll(asked) });
    objections.push(...matched.map((value) => denied(`${noun} ${quote(value)}`)));
  }
  return judged(judge, checks, objections);
}
