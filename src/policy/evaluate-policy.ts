import { boundKey, type QuotaUsage, type QuotaLimit } from '../model/decision.js';
import { escaped, quote } from '@kubepass/inspect/formats';
import type { ExpressionVariables } from './cel/variables.js';
import {
  givesGroup,
  hasKeyAlgorithm,
  hasRsaBits,
  isEarly,
  isLate,
  permitsUsername,
  defaultExpirationSeconds,
  type Constraints,
  type Policy,
  type Validation,
  quotaLimits,
  rsaBitsOf,
  type PolicySet,
} from './policy-set.js';
import { compileGlobs, selects } from './selector.js';
import {
  askedSeconds,
  evaluateExpression,
  type Findings,
  variablesOf,
  type DecisionInput,
  type Judgement,
  checkSelector,
} from './evaluation.js';
import type { Requester } from '../model/principal.js';

/** Judges a request under one policy. Makes every check, even if an earlier one failed. */
export function evaluatePolicy(policy: Policy, input: DecisionInput, findings: Findings): Judgement {
  const selected = checkSelector(policy.selector, input, findings);
  const inForce = checkDates(policy.constraints, input, findings);
  if (!selected || !inForce) return findings.notApplicable();
  checkUsername(policy, input, findings);
  checkGroups(policy, input, findings);
  checkCollector(policy, input, findings);
  checkLifetime(policy, input, findings);
  checkKey(policy, input, findings);
  checkReason(policy, input, findings);
  checkHours(policy, input, findings);
  checkValidations(policy, input, findings);
  checkQuota(policy, input, findings);
  checkRenewal(policy, input, findings);
  return findings.judged();
}

/** Whether the policy is in force now. Outside its dates it does not apply, so this is no objection. */
function checkDates(constraints: Constraints, { now }: DecisionInput, findings: Findings): boolean {
  const { notBefore, notAfter } = constraints;
  if (!notBefore && !notAfter) return true;
  const early = isEarly(constraints, now);
  const late = isLate(constraints, now);
  const found = now.toISOString();
  if (notBefore)
    findings.requires('constraints.notBefore', !early, `not before ${notBefore.toISOString()}`, found, 'NotYetInForce');
  if (notAfter)
    findings.requires('constraints.notAfter', !late, `not after ${notAfter.toISOString()}`, found, 'NoLongerInForce');
  return !early && !late;
}

function checkUsername(
  { name, allowed }: Policy,
  { request, requester, found }: DecisionInput,
  findings: Findings,
): void {
  const permitted = permitsUsername(allowed, request.username, requester.name);
  const expected = allowed.usernames?.expected ?? 'absent';
  const message = `username ${found.username} is not permitted by policy "${name}"`;
  findings.requires('allowed.usernames', permitted, expected, found.username, 'UsernameNotPermitted', message);
}

function checkGroups(policy: Policy, { request, requester, found, facts }: DecisionInput, findings: Findings): void {
  const { name, allowed } = policy;
  const names = facts.directory?.username.groups ?? [];
  const expected = expectedGroups(policy, names);
  const refused = found.eachGroup.filter(
    (_, i) => !givesGroup(allowed, request.groups[i] ?? '', names, requester.name),
  );
  const messages = refused.map((group) => `group ${group} is not permitted by policy "${name}"`);
  findings.requires('allowed.groups', refused.length === 0, expected, found.groups, 'GroupNotPermitted', ...messages);
}

/** The groups by name, and those that the directory groups of the username give. */
function expectedGroups({ allowed: { groups, groupsFromDirectory } }: Policy, names: readonly string[]): string {
  if (groupsFromDirectory === undefined) return groups === undefined ? 'absent' : `each ${groups.expected}`;
  const given = names.flatMap((name) => groupsFromDirectory.get(name)?.patterns ?? []);
  const patterns = [...new Set([...(groups?.patterns ?? []), ...given])];
  return patterns.length === 0 ? 'absent: no directory group gives any' : `each ${compileGlobs(patterns).expected}`;
}

/**
 * A request without a collector has the requester as its collector. An admin who renews the certificate of somebody
 * asks in the place of its collector, who remains the one to get the key.
 */
function checkCollector({ name, allowed }: Policy, input: DecisionInput, findings: Findings): void {
  const { request, requester, facts, found } = input;
  const { collectors } = allowed;
  const { collector } = request;
  const isInPlace = facts.renewal !== undefined && requester.roles.includes('admin');
  const asker = { ...requester, ...(isInPlace && { name: collector }) };
  const permitted = collectors?.matches(collector, asker.name) ?? collector === asker.name;
  const expected = collectors?.expected ?? (isInPlace ? 'that of the renewed certificate' : 'the requester');
  const message = `collector ${found.collector} is not permitted by policy "${name}"`;
  findings.requires('allowed.collectors', permitted, expected, found.collector, 'CollectorNotPermitted', message);
}

/** The lifetime under this policy, in seconds. A renewal that names none gets no more than the policy permits. */
export function lifetimeUnder(policy: Policy, input: DecisionInput): number {
  const asked = askedSeconds(input);
  if (asked === null) return defaultExpirationSeconds(policy);
  return input.request.expirationSeconds ?? Math.min(asked, policy.constraints.maxExpirationSeconds ?? Infinity);
}

function checkLifetime(policy: Policy, input: DecisionInput, findings: Findings): void {
  const { minExpirationSeconds: min, maxExpirationSeconds: max } = policy.constraints;
  const seconds = lifetimeUnder(policy, input);
  const from = askedSeconds(input) === null ? ', the default' : ', as the renewed certificate has it';
  const found = `${seconds}${input.request.expirationSeconds === null ? from : ''}`;
  if (min !== undefined) {
    const check = 'constraints.minExpirationSeconds';
    const message = `expirationSeconds ${found} is less than the ${min} that policy "${policy.name}" asks for`;
    findings.requires(check, seconds >= min, `at least ${min}`, found, 'ExpirationTooShort', message);
  }
  if (max !== undefined) {
    const check = 'constraints.maxExpirationSeconds';
    const message = `expirationSeconds ${found} is more than the ${max} that policy "${policy.name}" permits`;
    findings.requires(check, seconds <= max, `at most ${max}`, found, 'ExpirationTooLong', message);
  }
}

function checkKey({ name, constraints }: Policy, { request: { keyAlgorithm } }: DecisionInput, findings: Findings) {
  const { keyAlgorithms, minRsaBits } = constraints;
  if (keyAlgorithms !== undefined) {
    const { expected } = keyAlgorithms;
    const permitted = hasKeyAlgorithm(constraints, keyAlgorithm);
    const message = `key algorithm ${keyAlgorithm} is not permitted by policy "${name}"`;
    const reason = 'KeyAlgorithmNotPermitted';
    findings.requires('constraints.keyAlgorithms', permitted, expected, keyAlgorithm, reason, message);
  }
  if (minRsaBits !== undefined) {
    const large = hasRsaBits(constraints, keyAlgorithm);
    const rsaBits = rsaBitsOf(keyAlgorithm);
    const found = rsaBits === null ? 'no RSA key' : `${rsaBits}`;
    const message = `an RSA key of ${found} bits is smaller than the ${minRsaBits} that policy "${name}" asks for`;
    findings.requires('constraints.minRsaBits', large, `at least ${minRsaBits}`, found, 'RsaKeyTooSmall', message);
  }
}

function checkReason({ name, constraints }: Policy, { request: { reason } }: DecisionInput, findings: Findings): void {
  if (constraints.reason === undefined) return;
  const { pattern } = constraints.reason;
  const check = 'constraints.reason';
  const expected = pattern === null ? 'a reason' : `matches ${pattern.text}`;
  // A reason of white space alone counts as absent.
  if (reason === null || reason.trim() === '') {
    findings.fails(check, expected, 'none', 'ReasonRequired', `policy "${name}" asks for a reason`);
    return;
  }
  const found = quote(reason);
  const message = `reason ${found} does not match ${pattern?.text ?? ''}, as policy "${name}" asks`;
  findings.requires(check, pattern?.matches(reason) ?? true, expected, found, 'ReasonNotAccepted', message);
}

function checkHours({ name, constraints: { hours } }: Policy, { now }: DecisionInput, findings: Findings): void {
  if (hours === undefined) return;
  const found = hours.clockAt(now);
  const message = `policy "${name}" permits requests ${hours.expected}; there it is ${found}`;
  findings.requires('constraints.hours', hours.include(now), hours.expected, found, 'OutsideHours', message);
}

const maxMessageCharacters = 512;

/** Evaluates every expression, with the lifetime that the certificate would have under this policy. */
function checkValidations(policy: Policy, input: DecisionInput, findings: Findings): void {
  const { name, validations } = policy;
  if (validations.length === 0) return;
  const variables = variablesOf(input, lifetimeUnder(policy, input));
  for (const [i, validation] of validations.entries()) {
    const check = `validations[${i}]`;
    const { text } = validation.expression;
    const holds = evaluateExpression(validation.expression, input, variables);
    if (typeof holds !== 'boolean') {
      findings.cannotTell(check, text, `${check} of policy "${name}" could not be evaluated`);
    } else if (holds) {
      findings.note(check, true, text, 'true');
    } else {
      const message = messageOf(validation, input, variables) ?? `${check} of policy "${name}" does not hold: ${text}`;
      findings.fails(check, text, 'false', 'ValidationFailed', message);
    }
  }
}

/** The policy's own message for a validation that fails, if it has one. A text from an expression is escaped. */
function messageOf(validation: Validation, input: DecisionInput, variables: ExpressionVariables): string | null {
  const { message, messageExpression } = validation;
  if (messageExpression === null) return message;
  const value = evaluateExpression(messageExpression, input, variables);
  if (typeof value !== 'string') return message;
  const text = escaped(value, maxMessageCharacters);
  return text.trim() === '' ? message : text;
}

/** Whether one more certificate stays within each limit. A count that was not looked up exceeds its limit. */
function checkQuota({ name, quota }: Policy, input: DecisionInput, findings: Findings): void {
  const { request, requester, facts, found } = input;
  const { username, groups } = request;
  const subject = { cluster: facts.cluster, username, groups, requester: requester.name };
  for (const { limit, atMost } of quotaLimits(quota, subject)) {
    const check = `quota.${limit.kind}`;
    const counted = describeLimit(limit, found);
    const expected = `less than ${atMost} ${counted}`;
    const used = facts.usage && usedOf(limit, facts.usage);
    if (used === undefined) findings.cannotTell(check, expected, `${check} of policy "${name}" could not be evaluated`);
    else {
      const end = facts.usage?.nextEnds?.[boundKey(limit)];
      const ends = limit.kind === 'issuancesPerHour' ? 'the first of them is an hour old' : 'the next of them ends';
      const when = end === undefined ? '' : `; ${ends} at ${end}`;
      const message = `${used} ${counted}, and policy "${name}" permits at most ${atMost}${when}`;
      findings.requires(check, used < atMost, expected, `${used}`, 'QuotaExceeded', message);
    }
  }
}

function usedOf(limit: QuotaLimit, usage: QuotaUsage): number | undefined {
  if (limit.kind !== 'livePerGroup') return usage[limit.kind];
  return Object.hasOwn(usage.livePerGroup, limit.group) ? usage.livePerGroup[limit.group] : undefined;
}

function describeLimit(limit: QuotaLimit, found: DecisionInput['found']): string {
  switch (limit.kind) {
    case 'livePerUsername':
      return `live for username ${found.username}`;
    case 'livePerGroup':
      return `live with group ${quote(limit.group)}`;
    case 'livePerRequester':
      return `live that ${found.requester.name} asked for`;
    case 'livePerLineage':
      return 'live of the lineage';
    case 'issuancesPerHour':
      return `issued to ${found.requester.name} within an hour`;
  }
}

/** The seconds from the end of a certificate until now; 0 before its end. */
export const secondsSinceEnd = (notAfter: Date, now: Date): number =>
  Math.max(0, Math.ceil((now.getTime() - notAfter.getTime()) / 1000));

/** Whether any policy for these requesters lets a certificate be renewed so long after its end. */
export function isRenewableAfter(
  { policies }: PolicySet,
  cluster: string,
  requester: Requester,
  expiredSeconds: number,
): boolean {
  return (
    expiredSeconds === 0 ||
    policies.some(
      ({ selector, renewal }) => expiredSeconds <= renewal.afterExpirySeconds && selects(selector, cluster, requester),
    )
  );
}

/**
 * Whether an earlier approval by people counts for this renewal: it is recent enough for the policy, and they
 * approved no shorter lifetime.
 */
export function isApprovedBefore(policy: Policy, input: DecisionInput): boolean {
  const { withinSeconds } = policy.renewal;
  const { renewal } = input.facts;
  if (!renewal || withinSeconds === null || renewal.approvedAt === null || renewal.approvedSeconds === null)
    return false;
  const age = input.now.getTime() - new Date(renewal.approvedAt).getTime();
  return age <= withinSeconds * 1000 && lifetimeUnder(policy, input) <= renewal.approvedSeconds;
}

/** Checks a renewal as one policy asks. */
function checkRenewal(policy: Policy, input: DecisionInput, findings: Findings): void {
  const { renewal } = input.facts;
  if (!renewal) return;
  const { afterExpirySeconds, withinSeconds } = policy.renewal;
  const { expiredSeconds } = renewal;
  const check = 'renewal.afterExpirySeconds';
  const expected = afterExpirySeconds === 0 ? 'not after its end' : `at most ${afterExpirySeconds} s after its end`;
  const found = expiredSeconds === 0 ? 'before its end' : `${expiredSeconds} s after its end`;
  const message = `the certificate is renewed ${found}, and policy "${policy.name}" permits that ${expected}`;
  findings.requires(check, expiredSeconds <= afterExpirySeconds, expected, found, 'RenewalTooLate', message);
  if (withinSeconds === null || policy.approval.mode === 'auto') return;
  // Without an approval that is recent enough, people must approve the renewal as they approve a first request.
  const approved =
    renewal.approvedAt === null ? 'none' : `at ${renewal.approvedAt}, for ${String(renewal.approvedSeconds)} s`;
  findings.note(
    'renewal.approval',
    isApprovedBefore(policy, input),
    `an approval within ${withinSeconds} s, for this lifetime or a longer one`,
    approved,
  );
}
