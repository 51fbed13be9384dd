import { quote } from '../model/quote.js';
import type { Asked } from './asked.js';
import type { Findings } from './evaluation.js';
import type { Constraints, Policy } from './policy-set.js';

/** The longest lifetime, in seconds, that a request gets which names none. */
export const longestDefaultSeconds = 86_400;

/** Without `expirationSeconds` a request gets a day, or what the deciding policy permits where that is less. */
export function defaultExpirationSeconds({ constraints }: Pick<Policy, 'constraints'>): number {
  return Math.min(longestDefaultSeconds, constraints.maxExpirationSeconds ?? Infinity);
}

/** Whether the policy applies at this time at all. */
export function checkDates({ notBefore, notAfter }: Constraints, { now }: Asked, findings: Findings): boolean {
  if (notBefore === undefined && notAfter === undefined) return true;
  const found = now.toISOString();
  const early = notBefore !== undefined && now < notBefore;
  const late = notAfter !== undefined && now > notAfter;
  // Nothing is said against the request where it fails: the policy does not speak about it.
  if (notBefore) {
    const expected = `not before ${notBefore.toISOString()}`;
    if (early) findings.fails('constraints.notBefore', expected, found, 'NotYetInForce');
    else findings.holds('constraints.notBefore', expected, found);
  }
  if (notAfter) {
    const expected = `not after ${notAfter.toISOString()}`;
    if (late) findings.fails('constraints.notAfter', expected, found, 'NoLongerInForce');
    else findings.holds('constraints.notAfter', expected, found);
  }
  return !early && !late;
}

/** How long, which key, why and when. */
export function checkConstraints(policy: Policy, asked: Asked, findings: Findings): void {
  checkLifetime(policy, asked, findings);
  checkKey(policy, asked, findings);
  checkReason(policy, asked, findings);
  checkHours(policy, asked, findings);
}

function checkLifetime(policy: Policy, { request: { expirationSeconds } }: Asked, findings: Findings): void {
  const { minExpirationSeconds: min, maxExpirationSeconds: max } = policy.constraints;
  const asked = expirationSeconds ?? defaultExpirationSeconds(policy);
  const found = expirationSeconds === null ? `${asked}, the default` : `${asked}`;
  if (min !== undefined) {
    const check = 'constraints.minExpirationSeconds';
    const expected = `at least ${min}`;
    if (asked >= min) findings.holds(check, expected, found);
    else {
      const message = `expirationSeconds ${found} is less than the ${min} that policy "${policy.name}" asks for`;
      findings.fails(check, expected, found, 'ExpirationTooShort', message);
    }
  }
  if (max !== undefined) {
    const check = 'constraints.maxExpirationSeconds';
    const expected = `at most ${max}`;
    if (asked <= max) findings.holds(check, expected, found);
    else {
      const message = `expirationSeconds ${found} is more than the ${max} that policy "${policy.name}" permits`;
      findings.fails(check, expected, found, 'ExpirationTooLong', message);
    }
  }
}

function checkKey({ name, constraints }: Policy, { request: { keyAlgorithm } }: Asked, findings: Findings): void {
  const { keyAlgorithms, minRsaBits } = constraints;
  const rsaBits = keyAlgorithm.startsWith('RSA-') ? Number(keyAlgorithm.slice('RSA-'.length)) : null;
  if (keyAlgorithms !== undefined) {
    const { values, expected } = keyAlgorithms;
    const check = 'constraints.keyAlgorithms';
    if (values.includes(keyAlgorithm) || (rsaBits !== null && values.includes('RSA')))
      findings.holds(check, expected, keyAlgorithm);
    else {
      const message = `key algorithm ${keyAlgorithm} is not permitted by policy "${name}"`;
      findings.fails(check, expected, keyAlgorithm, 'KeyAlgorithmNotPermitted', message);
    }
  }
  if (minRsaBits !== undefined) {
    const check = 'constraints.minRsaBits';
    const expected = `at least ${minRsaBits}`;
    if (rsaBits === null) findings.holds(check, expected, 'no RSA key');
    else if (rsaBits >= minRsaBits) findings.holds(check, expected, `${rsaBits}`);
    else {
      const message = `an RSA key of ${rsaBits} bits is smaller than the ${minRsaBits} that policy "${name}" asks for`;
      findings.fails(check, expected, `${rsaBits}`, 'RsaKeyTooSmall', message);
    }
  }
}

function checkReason({ name, constraints }: Policy, { request: { reason } }: Asked, findings: Findings): void {
  if (constraints.reason === undefined) return;
  const { pattern } = constraints.reason;
  const check = 'constraints.reason';
  const expected = pattern === null ? 'a reason' : `matches ${pattern.text}`;
  // Blanks say nothing.
  if (reason === null || reason.trim() === '') {
    findings.fails(check, expected, 'none', 'ReasonRequired', `policy "${name}" asks for a reason`);
    return;
  }
  if (pattern === null || pattern.matches(reason)) {
    findings.holds(check, expected, quote(reason));
    return;
  }
  const refused = `reason ${quote(reason)} does not match ${pattern.text}, as policy "${name}" asks`;
  findings.fails(check, expected, quote(reason), 'ReasonNotAccepted', refused);
}

function checkHours({ name, constraints: { hours } }: Policy, { now }: Asked, findings: Findings): void {
  if (hours === undefined) return;
  const check = 'constraints.hours';
  const found = hours.clockAt(now);
  if (hours.include(now)) {
    findings.holds(check, hours.expected, found);
    return;
  }
  const refused = `policy "${name}" permits requests ${hours.expected}; there it is ${found}`;
  findings.fails(check, hours.expected, found, 'OutsideHours', refused);
}
