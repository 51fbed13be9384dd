import type { Requester } from '../model/principal.js';
import type { DecisionInput, Findings } from './evaluation.js';
import { defaultExpirationSeconds, type Policy, type PolicySet } from './policy-set.js';
import { mostLivePerLineage } from './quota-limits.js';
import { selects } from './selector.js';

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
 * Whether an earlier approval by people counts for this renewal: it is recent enough for the policy, and they approved no
 * shorter lifetime.
 */
export function isApprovedBefore(policy: Policy, { request, facts: { renewal }, now }: DecisionInput): boolean {
  const { withinSeconds } = policy.renewal;
  if (!renewal || withinSeconds === null || renewal.approvedAt === null || renewal.approvedSeconds === null)
    return false;
  const age = now.getTime() - new Date(renewal.approvedAt).getTime();
  const seconds = request.expirationSeconds ?? defaultExpirationSeconds(policy);
  return age <= withinSeconds * 1000 && seconds <= renewal.approvedSeconds;
}

/** Checks a renewal as one policy asks. */
export function checkRenewal(policy: Policy, input: DecisionInput, findings: Findings): void {
  const { renewal } = input.facts;
  if (!renewal) return;
  const { afterExpirySeconds, withinSeconds } = policy.renewal;
  const { expiredSeconds } = renewal;
  const check = 'renewal.afterExpirySeconds';
  const expected = afterExpirySeconds === 0 ? 'not after its end' : `at most ${afterExpirySeconds} s after its end`;
  const found = expiredSeconds === 0 ? 'before its end' : `${expiredSeconds} s after its end`;
  if (expiredSeconds <= afterExpirySeconds) findings.holds(check, expected, found);
  else {
    const message = `the certificate is renewed ${found}, and policy "${policy.name}" permits that ${expected}`;
    findings.fails(check, expected, found, 'RenewalTooLate', message);
  }
  if (withinSeconds === null || policy.approval.mode === 'auto') return;
  // Without it the renewal waits for people as any request does.
  const approved =
    renewal.approvedAt === null ? 'none' : `at ${renewal.approvedAt}, for ${String(renewal.approvedSeconds)} s`;
  findings.note(
    'renewal.approval',
    isApprovedBefore(policy, input),
    `an approval within ${withinSeconds} s, for this lifetime or a longer one`,
    approved,
  );
}

/** The rules about renewals that no policy changes. */
export function checkRenewed({ facts: { renewal, usage } }: DecisionInput, findings: Findings): void {
  if (renewal?.revoked) {
    const message = 'the certificate that is to be renewed is revoked';
    findings.fails('renewal.of', 'not revoked', 'revoked', 'RenewalOfRevoked', message);
  } else findings.holds('renewal.of', 'not revoked', 'not revoked');
  const live = usage?.livePerLineage;
  const expected = `fewer than ${mostLivePerLineage} valid ones`;
  if (live === undefined)
    findings.cannotTell('renewal.lineage', expected, 'the certificates of the lineage were not counted');
  else if (live < mostLivePerLineage) findings.holds('renewal.lineage', expected, `${live}`);
  else {
    const message =
      `${live} certificates that were renewed one from the other are valid or on their way, and at most ` +
      `${mostLivePerLineage} may be: use the newest one`;
    findings.fails('renewal.lineage', expected, `${live}`, 'LineageTooLong', message);
  }
}
