import type { CertificateRequest, RequestState, IssuanceAttempt, Labels } from '../model/certificate-request.js';
import type { Refusal } from '../model/outcome.js';
import type { Write } from '../store/steps/step.js';
import { rememberPolicySet } from '../store/tables/policy-set-table.js';
import { enqueueWebhooks } from '../store/tables/webhook-delivery-table.js';
import { type RequestMove, updateRequest } from '../store/tables/write-request.js';
import type { Context } from './context.js';
import {
  auditEvent,
  type AttemptDetails,
  type AuditEventDetails,
  type AuditEventDraft,
  type AuditEventOf,
  type AuditEventType,
} from '../model/audit-event.js';
import { probeUsername } from '../model/cluster.js';
import type { Violation } from '../model/decision.js';
import type { Announcement } from '../model/webhook-delivery.js';
import type { PolicySet } from '../policy/policy-set.js';

/**
 * The moves that a request can make. `issuing` goes back to `approved` where an attempt was abandoned, and `approved`
 * ends `denied` where policy, asked again before signing, no longer permits it.
 */
const moves: Record<RequestState, readonly RequestState[]> = {
  pending: ['approved', 'denied', 'cancelled', 'expired'],
  approved: ['issuing', 'cancelled', 'expired', 'denied'],
  issuing: ['issued', 'failed', 'approved'],
  issued: [],
  failed: [],
  denied: [],
  cancelled: [],
  expired: [],
};

export function canMove(from: RequestState, to: RequestState): boolean {
  return moves[from].includes(to);
}

/**
 * A compare-and-set on a request. Throws where no request makes that move, so that such a mistake of ours is not
 * stored. An attempt that is taken over stays `issuing`; a request whose approval is not the last one stays `pending`.
 */
export function moveRequest(id: string, from: RequestMove['from'], to: RequestMove['to']): Write {
  const takeover = from.state === 'issuing' && to.state === 'issuing';
  const approval = from.state === 'pending' && to.state === 'pending' && from.approvals !== undefined;
  if (!takeover && !approval && !canMove(from.state, to.state))
    throw new Error(`request ${id} cannot move from ${from.state} to ${to.state}`);
  return updateRequest({ id, from, to });
}

export function stateConflict(request: CertificateRequest, message: string): Refusal {
  return { kind: 'state-conflict', state: request.state, requestId: request.id, message };
}

/** Somebody else moved the request between reading it and writing to it. */
export function movedOn(request: CertificateRequest): Refusal {
  return stateConflict(request, 'the request has moved on meanwhile: read it again');
}

/**
 * Why a pending or approved request can no longer go on, whether or not it was ended yet: its time is over; or null.
 */
export function lapsed(request: CertificateRequest, now: Date): Refusal | null {
  if (request.waitsUntil === null || request.waitsUntil > now) return null;
  return stateConflict(request, `the request lapsed at ${request.waitsUntil.toISOString()}`);
}

/** Why nothing can be issued for a request whose cluster was taken out of the configuration since; or null. */
export function clusterGone({ clusters }: Context, request: CertificateRequest): Refusal | null {
  if (clusters.has(request.cluster)) return null;
  return stateConflict(request, `cluster ${JSON.stringify(request.cluster)} is no longer configured`);
}

/** The built-in decider of a probe's own request. Names of policies have no slash. */
export const probeDecider = 'built-in/probe';

/** Whether kubepass itself made the request, in order to probe a cluster. */
export const isProbe = ({ decision }: { readonly decision: Pick<CertificateRequest['decision'], 'policy'> }): boolean =>
  decision.policy === probeDecider;

/** An event about a request. `principal` caused it; null: the service itself. */
export function requestEvent<Type extends AuditEventType>(
  type: Type,
  at: Date,
  principal: string | null,
  request: Pick<CertificateRequest, 'id' | 'cluster' | 'decision'>,
  details: AuditEventDetails[Type],
  fingerprintSha256: string | null = null,
): AuditEventOf<Type> {
  // Readers of the log can leave out what kubepass did to probe a cluster.
  const marked = isProbe(request) ? { ...details, probe: true } : details;
  return auditEvent(type, at, principal, marked, {
    cluster: request.cluster,
    requestId: request.id,
    fingerprintSha256,
  });
}

/** The whole ask, as it was fixed when it was recorded. */
export function requestedDetails(request: CertificateRequest): AuditEventDetails['CertificateRequested'] {
  return {
    username: request.username,
    groups: request.groups,
    keyAlgorithm: request.keyAlgorithm,
    spkiSha256: request.publicKey?.spkiSha256 ?? null,
    expirationSeconds: request.expirationSeconds,
    namespace: request.namespace,
    reason: request.reason,
    ...labelDetails(request.labels),
    collector: request.collector,
    requesterGroups: request.requester.groups,
    requesterRoles: request.requester.roles,
    ...(request.decision.makers && { makers: request.decision.makers }),
    ...renewalDetails(request),
  };
}

/** Absent where it renews no certificate. */
export const renewalDetails = ({ renewal }: Pick<CertificateRequest, 'renewal'>): { readonly renewalOf?: string } =>
  renewal ? { renewalOf: renewal.of } : {};

/** Absent where there are none. */
export const labelDetails = (labels: Labels): { readonly labels?: Labels } =>
  Object.keys(labels).length === 0 ? {} : { labels };

export function attemptDetails(attempt: IssuanceAttempt): AttemptDetails {
  return { attempt: attempt.number, spkiSha256: attempt.spkiSha256, ...attempt.intent };
}

/** The members that the log and webhooks have of each violation. */
export function violationDetails(violations: readonly Violation[]): readonly Violation[] {
  return violations.map(({ source, reason, message }) => ({ source, reason, message }));
}

/**
 * The operation that tells webhooks of a change, for the step that makes the change: both are committed together. Empty
 * where no webhook wants to know. Probes are not announced.
 */
export function announce(context: Pick<Context, 'deliveriesOf'>, announcement: Announcement): readonly Write[] {
  const deliveries = isOfProbe(announcement) ? [] : context.deliveriesOf(announcement);
  return deliveries.length === 0 ? [] : [enqueueWebhooks(deliveries)];
}

/** A certificate does not know its request, so its username tells. */
function isOfProbe(announcement: Announcement): boolean {
  if ('request' in announcement) return isProbe(announcement.request);
  return 'certificate' in announcement && announcement.certificate.username === probeUsername;
}

/** Records that the service began to serve, with which clusters and policies. */
export function recordServiceStarted(context: Context): Promise<void> {
  const policySet = context.policySet();
  const details = {
    instance: context.owner,
    clusters: [...context.clusters.keys()],
    policySetDigest: policySet.digest,
  };
  return record(context, policySet, auditEvent('ServiceStarted', context.clock(), null, details));
}

/** Records that another policy set came into force; its texts are kept with its digest. */
export function recordPolicySetLoaded(context: Context, policySet: PolicySet, previous: PolicySet): Promise<void> {
  const details = { policySetDigest: policySet.digest, previousPolicySetDigest: previous.digest };
  return record(context, policySet, auditEvent('PolicySetLoaded', context.clock(), null, details));
}

async function record({ store }: Context, policySet: PolicySet, event: AuditEventDraft): Promise<void> {
  await store.writer.commit({ operations: [rememberPolicySet(policySet)], events: [event] });
}
