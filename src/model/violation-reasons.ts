/**
 * Every reason of a violation: its meaning, and behind the arrow a remedy. `npm run policy:schema` writes the table
 * into docs/policies.md.
 */
export const violationReasons = {
  NoPolicyApplies:
    'no policy is for this requester, cluster, label and time, or no policy is loaded → the message says what the nearest policies need. Ask as somebody whom a policy names, or change its `selector`',
  UsernameNotPermitted: '`allowed.usernames` has no glob for the username → ask for another one, or add a glob',
  GroupNotPermitted:
    'neither `allowed.groups` nor `allowed.groupsFromDirectory` gives this group to the username → leave the group out, add a glob, or put the person into the directory group',
  CollectorNotPermitted:
    'the collector is not among `allowed.collectors`; without that field only the requester is permitted → let the requester collect the key, or add a glob',
  ExpirationTooShort: 'the lifetime is less than `constraints.minExpirationSeconds` → ask for more',
  ExpirationTooLong:
    'the lifetime is more than `constraints.maxExpirationSeconds` → ask for less, or leave it out: the policy then gives what it may',
  KeyAlgorithmNotPermitted: 'the key is not among `constraints.keyAlgorithms` → make another key',
  RsaKeyTooSmall: 'the RSA key has fewer bits than `constraints.minRsaBits` → make a larger key',
  ReasonRequired: '`constraints.reason` asks for a reason, and the request has none → say the reason in `reason`',
  ReasonNotAccepted: 'the reason does not match `constraints.reason.pattern` → write it as the pattern says',
  OutsideHours: '`constraints.hours` does not include this time → ask within these hours',
  NotYetInForce: 'the policy applies from `constraints.notBefore` on → ask later. It stands in the trace alone',
  NoLongerInForce: 'the policy applied until `constraints.notAfter` → renew the policy. It stands in the trace alone',
  ValidationFailed:
    "an expression of `validations` is false → the message is the policy's own, or has the expression: change the request so that it holds",
  QuotaExceeded:
    'as many certificates as `quota` permits are valid, approved or being issued → wait until one ends, cancel a request, or raise the quota',
  RenewalTooLate:
    'the certificate ended longer ago than `renewal.afterExpirySeconds` permits → ask for a new certificate',
  EvaluationFailed:
    'a rule could not be evaluated: an expression failed, or a fact that it needs was not looked up → the message names the rule. Try it out with `POST /v1/policies/evaluate`',
  DeniedByGuardrail: 'a guardrail of the policy files forbids it, whatever policies permit → read its message',
  BlastRadiusUnknown:
    'a guardrail looks at the role bindings of the cluster, and they cannot be read now → try again; if it lasts, probe the cluster: it names missing permissions',
  SystemName: 'the username begins with `system:`, which belongs to Kubernetes → ask for another username',
  SystemGroup: 'a group begins with `system:`, which belongs to Kubernetes → leave the group out',
  PrivilegedUsername: 'the username is that of a cluster component → ask for another username',
  PrivilegedGroup:
    'the group is privileged, and the configuration of the cluster does not allow it → leave the group out, or name it in `allowPrivilegedGroups` of the cluster',
  NameNotAllowed:
    'a name has characters outside the alphabet of the cluster, or is too long → change the name; `nameAlphabet: unicode` of the cluster admits letters of every script',
  TooManyGroups: 'more groups than a certificate may have → ask for fewer',
  DuplicateGroup: 'a group is asked for more than once → name each group once',
  IdentityBlocked: 'the username, the requester or the collector is blocked → lift the block, if it may ask again',
  DirectoryUserInactive:
    'the username, the requester or the collector left, or is not in the directory that the cluster requires → activate the person in the identity provider, if they are to have access',
  UsernameReused:
    "the name was another person's, whose certificates may still work or whose request it is → wait until they have ended, or let an admin confirm the new owner",
  RenewalOfRevoked: 'the certificate that is to be renewed is revoked → ask for a new certificate',
  LineageTooLong:
    'three certificates that were renewed one from the other are valid or on their way → use the newest one; an older one ends by itself',
  ApprovalRequired:
    'the policy in force when issuing asks for approval by people, and nobody has approved → ask again: the new request waits for approval',
  NoLongerPermitted:
    'a request that waited is not permitted by the policies in force now → the message has the violations: ask again as they say',
  MoreViolations: 'there are more violations than a denial lists → a dry run has every check in its trace',
} as const satisfies Readonly<Record<string, `${string} → ${string}`>>;

export type ViolationReason = keyof typeof violationReasons;
