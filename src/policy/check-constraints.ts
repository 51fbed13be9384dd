import type { TraceCheck } from '../model/decision.js';
import { quote } from '../model/quote.js';
import type { Asked } from './asked.js';
import { finding, type Finding } from './evaluation.js';
import type { Constraints, Policy } from './policy-set.js';

/** The longest lifetime, in seconds, that a request gets which names none. */
export const longestDefaultSeconds = 86_400;

/** Without `expirationSeconds` a request gets a day, or what the deciding policy permits where that is less. */
export function defaultExpirationSeconds({ constraints }: Pick<Policy, 'constraints'>): number {
  return Math.min(longestDefaultSeconds, constraints.maxExpirationSeconds ?? Infinity);
}

/** When the policy applies at all: checks that are part of whether it speaks about the request. */
export function checkDates({ notBefore, notAfter }: Constraints, { now }: Asked): readonly TraceCheck[] {
  const checks: TraceCheck[] = [];
  const check = (field: string, passed: boolean, expected: string, reason: string) =>
    checks.push({
      check: `constraints.${field}`,
      passed,
      expected,
      found: now.toISOString(),
      ...(!passed && { reason }),
    });
  if (notBefore) check('notBefore', now >= notBefore, `not before ${notBefore.toISOString()}`, 'NotYetInForce');
  if (notAfter) check('notAfter', now <= notAfter, `not after ${notAfter.toISOString()}`, 'NoLongerInForce');
  return checks;
}

/** How long, which key, why and when. */
export function checkConstraints(policy: Policy, asked: Asked): readonly Finding[] {
  return [
    ...checkLifetime(policy, asked),
    ...checkKey(policy, asked),
    ...checkReason(policy, asked),
    ...checkHours(policy, asked),
  ];
}

function checkLifetime(policy: Policy, { request: { expirationSeconds } }: Asked): readonly Finding[] {
  const { minExpirationSeconds: min, maxExpirationSeconds: max } = policy.constraints;
  const asked = expirationSeconds ?? defaultExpirationSeconds(policy);
  const found = expirationSeconds === null ? `${asked}, the default` : `${asked}`;
  const findings: Finding[] = [];
  if (min !== undefined) {
    const refused = `expirationSeconds ${found} is less than the ${min} that policy "${policy.name}" asks for`;
    const messages = asked >= min ? [] : [refused];
    findings.push(
      finding('constraints.minExpirationSeconds', `at least ${min}`, found, 'ExpirationTooShort', messages),
    );
  }
  if (max !== undefined) {
    const refused = `expirationSeconds ${found} is more than the ${max} that policy "${policy.name}" permits`;
    const messages = asked <= max ? [] : [refused];
    findings.push(finding('constraints.maxExpirationSeconds', `at most ${max}`, found, 'ExpirationTooLong', messages));
  }
  return findings;
}

function checkKey({ name, constraints }: Policy, { request: { keyAlgorithm } }: Asked): readonly Finding[] {
  const { keyAlgorithms, minRsaBits } = constraints;
  const rsaBits = keyAlgorithm.startsWith('RSA-') ? Number(keyAlgorithm.slice('RSA-'.length)) : null;
  const findings: Finding[] = [];
  if (keyAlgorithms !== undefined) {
    const { values, expected } = keyAlgorithms;
    const permitted = values.includes(keyAlgorithm) || (rsaBits !== null && values.includes('RSA'));
    const messages = permitted ? [] : [`key algorithm ${keyAlgorithm} is not permitted by policy "${name}"`];
    findings.push(finding('constraints.keyAlgorithms', expected, keyAlgorithm, 'KeyAlgorithmNotPermitted', messages));
  }
  if (minRsaBits !== undefined) {
    const permitted = rsaBits === null || rsaBits >= minRsaBits;
    const refused = `an RSA key of ${rsaBits} bits is smaller than the ${minRsaBits} that policy "${name}" asks for`;
    const found = rsaBits === null ? 'no RSA key' : `${rsaBits}`;
    findings.push(
      finding('constraints.minRsaBits', `at least ${minRsaBits}`, found, 'RsaKeyTooSmall', permitted ? [] : [refused]),
    );
  }
  return findings;
}

function checkReason({ name, constraints }: Policy, { request }: Asked): readonly Finding[] {
  if (constraints.reason === undefined) return [];
  const { pattern } = constraints.reason;
  const { reason } = request;
  const check = 'constraints.reason';
  const expected = pattern === null ? 'a reason' : `matches ${pattern.text}`;
  // Blanks say nothing.
  if (reason === null || reason.trim() === '')
    return [finding(check, expected, 'none', 'ReasonRequired', [`policy "${name}" asks for a reason`])];
  const permitted = pattern === null || pattern.matches(reason);
  const refused = `reason ${quote(reason)} does not match ${pattern?.text}, as policy "${name}" asks`;
  return [finding(check, expected, quote(reason), 'ReasonNotAccepted', permitted ? [] : [refused])];
}

function checkHours({ name, constraints: { hours } }: Policy, { now }: Asked): readonly Finding[] {
  if (hours === undefined) return [];
  const found = hours.clockAt(now);
  const refused = `policy "${name}" permits requests ${hours.expected}; there it is ${found}`;
  return [finding('constraints.hours', hours.expected, found, 'OutsideHours', hours.include(now) ? [] : [refused])];
}
