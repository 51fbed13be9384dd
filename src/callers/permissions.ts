import { isSamePerson } from '@kubepass/inspect/formats';
import type { Certificate } from '../model/certificate.js';
import type { CertificateRequest } from '../model/certificate-request.js';
import { instantOfId } from '../model/new-id.js';
import { refused, type Refused } from '../model/outcome.js';
import { isMachine, isNameOf, isReviewer, type Principal, type Role, roles, tokenIdOf } from '../model/principal.js';

/** The roles that permit an action. `GET /v1/whoami` lists the actions of the caller in this order. */
const permitted = {
  'request-certificates': ['requester', 'provisioner', 'admin'],
  'approve-requests': ['approver', 'admin'],
  'read-all-requests': ['approver', 'auditor', 'admin'],
  'read-all-certificates': ['auditor', 'admin'],
  'read-cluster-csrs': ['approver', 'auditor', 'admin'],
  'evaluate-policies': 'any role',
  'inspect-uploads': 'any role',
  'draft-policies': ['auditor', 'admin'],
  'read-audit-events': ['auditor', 'admin'],
  'manage-api-tokens': ['admin'],
  'probe-clusters': ['admin'],
  'read-webhook-deliveries': ['auditor', 'admin'],
  'retry-webhook-deliveries': ['admin'],
  // For one cluster: a reviewer is the API server of that cluster.
  'review-access': ['reviewer', 'admin'],
  'read-enforcement': ['reviewer', 'auditor', 'admin'],
  'read-identities': ['provisioner', 'auditor', 'admin'],
  'block-identities': ['provisioner', 'admin'],
  'revoke-certificates': ['provisioner', 'admin'],
  // Sessions of others: everybody manages their own.
  'manage-sessions': ['admin'],
  'read-metrics': ['auditor', 'admin'],
  'acknowledge-restored': ['admin'],
  // Not for admins: nobody who asks for certificates puts people into groups.
  'provision-directory': ['directory'],
  'read-directory': ['provisioner', 'auditor', 'admin'],
  'confirm-directory-users': ['admin'],
  'manage-issuers': ['admin'],
} as const satisfies Record<string, readonly Role[] | 'any role'>;
type Action = keyof typeof permitted;
export const actions = Object.keys(permitted) as readonly Action[];

export function may(principal: Principal, action: Action): boolean {
  const allowed: readonly Role[] | 'any role' = permitted[action];
  if (allowed === 'any role') return principal.roles.length > 0 && !isMachine(principal);
  return principal.roles.some((role) => allowed.includes(role));
}

/** Actions that take a role whatever they are about, and the refusal of everybody else. */
const refusals = {
  'request-certificates': 'asking for certificates takes the role requester, provisioner or admin',
  'read-cluster-csrs': 'reading the CSRs of a cluster takes the role approver, auditor or admin',
  'draft-policies': 'trying policies out takes the role auditor or admin',
  'read-audit-events': 'reading the audit log takes the role auditor or admin',
  'manage-api-tokens': 'API tokens are for admins',
  'probe-clusters': 'probing a cluster takes the role admin',
  'read-webhook-deliveries': 'reading webhook deliveries takes the role auditor or admin',
  'retry-webhook-deliveries': 'sending a webhook again takes the role admin',
  'review-access': 'access reviews are for the reviewer of this cluster',
  'read-enforcement': 'these files are for the reviewer of this cluster, auditors and admins',
  'read-identities': 'reading identities takes the role provisioner, auditor or admin',
  'block-identities': 'blocking an identity takes the role provisioner or admin',
  'read-metrics': 'metrics are for auditors and admins',
  'acknowledge-restored': 'acknowledging a restoration takes the role admin',
  'provision-directory':
    'the directory is changed and read here with an API token of the role directory, and nothing else',
  'read-directory': 'reading the directory takes the role provisioner, auditor or admin',
  'confirm-directory-users': 'confirming a successor takes the role admin',
  'manage-issuers': 'issuers are for admins',
} as const satisfies Partial<Record<Action, string>>;
export type RoleAction = keyof typeof refusals;

/**
 * The refusal of a principal without a role for the action; null where it has one. A reviewer acts for its own
 * `cluster` alone.
 */
export function whyNotPermitted(
  principal: Principal,
  action: RoleAction,
  cluster: string | null = null,
): Refused | null {
  if (may(principal, action) && (!isReviewer(principal) || principal.cluster === cluster)) return null;
  return refused({ kind: 'not-permitted', message: refusals[action] });
}

/** Roles that API tokens do not hold where the configuration keeps them for people who come as themselves. */
export const isForPeopleAlone = (role: Role): boolean => role === 'admin' || role === 'approver';

export function permissionsOf(principal: Principal): readonly Action[] {
  return actions.filter((action) => may(principal, action));
}

/** The principals to whom a request and its certificate belong: as a request has them, or as a certificate does. */
type Parties = Pick<CertificateRequest, 'requester' | 'collector' | 'createdAt'> | PartiesOfCertificate;
type PartiesOfCertificate = Pick<Certificate, 'requester' | 'collector' | 'requestId'>;

/** When the record was made. A certificate counts from its request, so both belong to the same bearer. */
const madeAt = (record: Parties): Date | null =>
  'requestId' in record ? instantOfId(record.requestId) : record.createdAt;

function isRequester(principal: Principal, record: Parties): boolean {
  const { requester } = record;
  return isNameOf(principal, typeof requester === 'string' ? requester : requester.name, madeAt(record));
}

/** Whether the key is the principal's to collect. */
export const isCollector = (principal: Principal, record: Parties): boolean =>
  isNameOf(principal, record.collector, madeAt(record));

/** Whether the principal may see the request and its certificate. */
export function mayReadRequest(principal: Principal, request: CertificateRequest): boolean {
  return may(principal, 'read-all-requests') || isParty(principal, request);
}

/** Whether the principal may see what an identity could do: it is for approvers, auditors and admins. */
export function mayReadBlastRadius(principal: Principal): boolean {
  return may(principal, 'approve-requests') || may(principal, 'read-audit-events');
}

export function mayReadCertificate(principal: Principal, request: Parties): boolean {
  return may(principal, 'read-all-certificates') || isParty(principal, request);
}

/** Any certificate with the role for it, else one's own: as its requester or its collector. */
export function mayRevoke(principal: Principal, request: Parties): boolean {
  return may(principal, 'revoke-certificates') || isParty(principal, request);
}

/** Whether the principal may have a certificate renewed: it is theirs, or they are an admin. */
export function mayRenew(principal: Principal, request: Parties): boolean {
  return principal.roles.includes('admin') || isParty(principal, request);
}

/**
 * Whether an approval that was given to a request counts for the renewal of its certificate, without anybody being
 * asked again. The approval counts for the people to whom it was given. With a new key, the caller must be the
 * collector of that request. An approver does not renew through a credential that they made.
 */
export function approvalCarriesOver(
  principal: Principal,
  request: Parties,
  approvedBy: readonly string[],
  bringsKey: boolean,
): boolean {
  const wasMeant = bringsKey ? isCollector(principal, request) : isParty(principal, request);
  return wasMeant && madeByAny(principal, approvedBy) === undefined;
}

export function mayCancel(principal: Principal, request: CertificateRequest): boolean {
  return isRequester(principal, request) || principal.roles.includes('admin');
}

/**
 * Why the principal may not collect the key; null where it may. An approver does not collect through a credential that
 * they made for the collector.
 */
export function whyNotCollect(
  principal: Principal,
  request: Pick<CertificateRequest, 'requester' | 'collector' | 'createdAt' | 'approvals' | 'decision'>,
): string | null {
  const { collector, approvals, decision } = request;
  if (!isCollector(principal, request)) return `only ${JSON.stringify(collector)} may collect this key`;
  const maker = madeByAny(principal, [
    ...approvals.map((approval) => approval.principal),
    ...(decision.facts.renewal?.approvedBy ?? []),
  ]);
  return maker === undefined
    ? null
    : `this token was created by ${JSON.stringify(maker)}, who has approved the request`;
}

/**
 * Why this principal may not decide on the request; null where it may. Nobody decides on a request that they made or
 * will collect, or whose username is theirs; nor through a credential that one of these people made, directly or
 * through others; nor if they made a credential of the requester or the collector. `makers` are the principals behind
 * those credentials.
 */
export function whyNotDecide(
  principal: Principal,
  { requester, collector, username, decision }: CertificateRequest,
  makers: readonly string[] = decision.makers ?? [],
): string | null {
  if (!may(principal, 'approve-requests')) return 'deciding on requests takes the role approver or admin';
  const is = (name: string): boolean => isSamePerson(principal.name, name);
  if (is(requester.name)) return 'the requester does not decide on their own request';
  if (is(collector)) return 'the collector does not decide on the request';
  if (is(username)) return 'nobody decides on a certificate for their own username';
  if (makers.some(is))
    return 'you created a token of the requester or the collector, directly or through others, so you do not decide';
  for (const [party, who] of [
    [requester.name, 'who made the request'],
    [collector, 'who will collect its key'],
    [username, 'whose username it is for'],
  ] as const)
    if (madeByAny(principal, [party]) !== undefined)
      return `this token was created by ${JSON.stringify(party)}, ${who}`;
  return null;
}

/**
 * Why an approval of this principal would not count; null where it would. Over all stages nobody counts twice, nor
 * through a credential that they made, directly or through others.
 */
export function whyNotCount(principal: Principal, { approvals }: Pick<CertificateRequest, 'approvals'>): string | null {
  for (const { principal: approver, createdBy = [] } of approvals) {
    if (isSamePerson(approver, principal.name))
      return 'you have approved this request already, and nobody counts twice';
    if (madeByAny(principal, [approver]) !== undefined)
      return `this token was created by ${JSON.stringify(approver)}, who has approved the request already`;
    if (createdBy.some((maker) => isSamePerson(maker, principal.name)))
      return `${JSON.stringify(approver)} has approved the request with a token that you created`;
  }
  return null;
}

/** The first of these names whose bearer made the principal's credential, directly or through others. */
function madeByAny({ createdBy }: Principal, names: readonly string[]): string | undefined {
  return names.find((name) => createdBy.some((maker) => isSamePerson(maker, name)));
}

/** Whether the record belongs to the principal, as requester or as collector. */
export function isParty(principal: Principal, request: Parties): boolean {
  return isRequester(principal, request) || isCollector(principal, request);
}

/**
 * Whether the caller, or somebody behind their credential, is this person. A token that was made on nobody's behalf is
 * the operator's, who has the data anyway.
 */
export const actsFor = (principal: Principal, person: string): boolean =>
  (tokenIdOf(principal) === null || principal.createdBy.length > 0) &&
  [principal.name, ...principal.createdBy].some((one) => isSamePerson(one, person));

/** Gives roles to the principals with one of these names, and to those in one of these groups. */
export interface RoleBinding {
  readonly names: readonly string[];
  readonly groups: readonly string[];
  readonly roles: readonly Role[];
}

/** The roles that bindings give. A right belongs to exactly one name: nothing is folded here. */
export function rolesBound(
  bindings: readonly RoleBinding[],
  { name, groups }: Pick<Principal, 'name' | 'groups'>,
): readonly Role[] {
  const held = new Set(
    bindings
      .filter((binding) => binding.names.includes(name) || binding.groups.some((group) => groups.includes(group)))
      .flatMap((binding) => binding.roles),
  );
  return roles.filter((role) => held.has(role));
}
