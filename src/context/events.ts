import {
  auditEvent,
  type AttemptDetails,
  type AuditEventDetails,
  type AuditEventDraft,
  type AuditEventOf,
  type AuditEventType,
} from '../model/audit-event.js';
import { probeUsername } from '../model/cluster.js';
import type { CertificateRequest, IssuanceAttempt, Labels } from '../model/certificate-request.js';
import type { Violation } from '../model/decision.js';
import type { Announcement } from '../model/webhook-delivery.js';
import type { Operation } from '../store/steps/step.js';
import type { PolicySet } from '../policy/policy-set.js';
import type { IssuanceContext } from './context.js';

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
export function announce(context: IssuanceContext, announcement: Announcement): readonly Operation[] {
  const deliveries = isOfProbe(announcement) ? [] : context.deliveriesOf(announcement);
  return deliveries.length === 0 ? [] : [{ op: 'enqueueWebhooks', deliveries }];
}

/** A certificate does not know its request, so its username tells. */
function isOfProbe(announcement: Announcement): boolean {
  if ('request' in announcement) return isProbe(announcement.request);
  return 'certificate' in announcement && announcement.certificate.username === probeUsername;
}

/** Records that the service began to serve, with which clusters and policies. */
export function recordServiceStarted(context: IssuanceContext): Promise<void> {
  const policySet = context.policySet();
  const details = {
    instance: context.owner,
    clusters: [...context.clusters.keys()],
    policySetDigest: policySet.digest,
  };
  return record(context, policySet, auditEvent('ServiceStarted', context.clock(), null, details));
}

/** Records that another policy set came into force; its texts are kept with its digest. */
export function recordPolicySetLoaded(
  context: IssuanceContext,
  policySet: PolicySet,
  previous: PolicySet,
): Promise<void> {
  const details = { policySetDigest: policySet.digest, previousPolicySetDigest: previous.digest };
  return record(context, policySet, auditEvent('PolicySetLoaded', context.clock(), null, details));
}

async function record({ store }: IssuanceContext, policySet: PolicySet, event: AuditEventDraft): Promise<void> {
  const { digest, texts } = policySet;
  await store.writer.commit({ operations: [{ op: 'rememberPolicySet', digest, texts }], events: [event] });
}
