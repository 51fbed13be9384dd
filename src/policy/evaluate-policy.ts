import type { TraceCheck, Violation } from '../model/decision.js';
import type { Requester } from '../model/principal.js';
import { quote, quoteAll } from '../model/quote.js';
import { anyOf, checkSelector } from './check-selector.js';
import { judged, notApplicable, type Evaluation } from './evaluation.js';
import { matchesAnyGlob } from './glob.js';
import type { Policy, RequestToDecide } from './policy-set.js';

/** What a caller is told where a check of a policy fails, by the check's name. */
export const policyReasons: Readonly<Record<string, string>> = {
  'allowed.usernames': 'UsernameNotPermitted',
  'allowed.groups': 'GroupNotPermitted',
  'constraints.maxExpirationSeconds': 'ExpirationTooLong',
  'constraints.keyAlgorithms': 'KeyAlgorithmNotPermitted',
  'constraints.minRsaBits': 'RsaKeyTooSmall',
  evaluation: 'EvaluationFailed',
};

/** Without `expirationSeconds` a request gets a day, or what the deciding policy permits where that is less. */
export function defaultExpirationSeconds(policy: Policy): number {
  return Math.min(86_400, policy.constraints.maxExpirationSeconds ?? Infinity);
}

/** Judges a request under one policy: every check, whatever the others found. */
export function evaluatePolicy(
  policy: Policy,
  request: RequestToDecide,
  requester: Requester,
  cluster: string,
): Evaluation {
  const judge = { kind: 'policy', name: policy.name } as const;
  const selector = checkSelector(policy.selector, cluster, requester);
  if (!selector.every(({ passed }) => passed)) return notApplicable(judge, selector);

  const results = [
    checkUsername(policy, request, requester),
    checkGroups(policy, request, requester),
    ...checkConstraints(policy, request),
  ];
  const checks = [...selector, ...results.map(({ trace }) => trace)];
  return judged(judge, checks, results.flatMap(objections));
}

interface Result {
  readonly trace: TraceCheck;
  /** One for each value that is not permitted. */
  readonly messages: readonly string[];
}

function objections({ trace, messages }: Result): readonly Omit<Violation, 'source'>[] {
  return messages.map((message) => ({ reason: policyReasons[trace.check] ?? 'NotPermitted', message }));
}

function result(check: string, expected: string, found: string, messages: readonly string[]): Result {
  return { trace: { check, passed: messages.length === 0, expected, found }, messages };
}

function checkUsername(policy: Policy, request: RequestToDecide, requester: Requester): Result {
  const { usernames } = policy.allowed;
  const values = { 'requester.username': requester.name };
  const permitted = usernames !== undefined && matchesAnyGlob(usernames, request.username, values);
  const expected = usernames === undefined ? 'absent' : anyOf(usernames);
  const refused = `username ${quote(request.username)} is not permitted by policy "${policy.name}"`;
  return result('allowed.usernames', expected, quote(request.username), permitted ? [] : [refused]);
}

function checkGroups(policy: Policy, request: RequestToDecide, requester: Requester): Result {
  const { groups } = policy.allowed;
  const values = { 'requester.username': requester.name };
  const refused = request.groups.filter((group) => groups === undefined || !matchesAnyGlob(groups, group, values));
  const messages = refused.map((group) => `group ${quote(group)} is not permitted by policy "${policy.name}"`);
  const expected = groups === undefined ? 'absent' : `each ${anyOf(groups)}`;
  return result('allowed.groups', expected, quoteAll(request.groups), messages);
}

function checkConstraints(policy: Policy, request: RequestToDecide): readonly Result[] {
  const { maxExpirationSeconds, keyAlgorithms, minRsaBits } = policy.constraints;
  const { expirationSeconds, keyAlgorithm } = request;
  const results: Result[] = [];
  if (maxExpirationSeconds !== undefined) {
    const asked = expirationSeconds ?? defaultExpirationSeconds(policy);
    const found = expirationSeconds === null ? `${asked}, the default` : `${asked}`;
    const refused = `expirationSeconds ${asked} is more than the ${maxExpirationSeconds} that policy "${policy.name}" permits`;
    const messages = asked <= maxExpirationSeconds ? [] : [refused];
    results.push(result('constraints.maxExpirationSeconds', `at most ${maxExpirationSeconds}`, found, messages));
  }
  const rsaBits = keyAlgorithm.startsWith('RSA-') ? Number(keyAlgorithm.slice('RSA-'.length)) : null;
  if (keyAlgorithms !== undefined) {
    const permitted = keyAlgorithms.includes(keyAlgorithm) || (rsaBits !== null && keyAlgorithms.includes('RSA'));
    const refused = `key algorithm ${keyAlgorithm} is not permitted by policy "${policy.name}"`;
    results.push(result('constraints.keyAlgorithms', anyOf(keyAlgorithms), keyAlgorithm, permitted ? [] : [refused]));
  }
  if (minRsaBits !== undefined) {
    const permitted = rsaBits === null || rsaBits >= minRsaBits;
    const refused = `an RSA key of ${rsaBits} bits is smaller than the ${minRsaBits} that policy "${policy.name}" asks for`;
    const found = rsaBits === null ? 'no RSA key' : `${rsaBits}`;
    results.push(result('constraints.minRsaBits', `at least ${minRsaBits}`, found, permitted ? [] : [refused]));
  }
  return results;
}
