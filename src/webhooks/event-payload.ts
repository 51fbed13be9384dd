import { newId } from '../model/new-id.js';
import { statusOf, type ListedCertificate } from '../model/certificate.js';
import type { CertificateRequest } from '../model/certificate-request.js';
import type { Revocation } from '../model/revocation.js';
import type { Announcement, Denial, LeftOver, WebhookDelivery } from '../model/webhook-delivery.js';
import { wants, type Webhook } from './webhook.js';

/** Keeps payloads below 20 KB (Standard Webhooks, payload size); the request itself lists all violations. */
const violationsShown = 20;

/** One delivery for each webhook that takes the event, due at once. */
export function deliveriesOf(
  webhooks: readonly Webhook[],
  random: (octets: number) => Buffer,
  announcement: Announcement,
): readonly WebhookDelivery[] {
  const { at, event } = announcement;
  const about = clustersOf(announcement);
  const takers = webhooks.filter((webhook) => wants(webhook, event, about));
  if (takers.length === 0) return [];
  const payload = JSON.stringify({ type: event, timestamp: at.toISOString(), data: dataOf(announcement) });
  return takers.map(({ name }) => ({
    id: `msg_${newId(at, random)}`,
    webhook: name,
    type: event,
    requestId: 'request' in announcement ? announcement.request.id : null,
    payload,
    state: 'waiting',
    createdAt: at,
    nextAttemptAt: at,
    attempts: 0,
    owner: null,
    lastFailure: null,
    endedAt: null,
  }));
}

/** The clusters that the event is about; null: all of them. */
function clustersOf(announcement: Announcement): readonly string[] | null {
  if ('request' in announcement) return [announcement.request.cluster];
  if ('checkpoint' in announcement) return null;
  return 'block' in announcement ? announcement.block.clusters : [announcement.certificate.cluster];
}

/** The content of the event. It names keys, CSRs, certificates and kubeconfigs, but never contains one. */
function dataOf(announcement: Announcement) {
  switch (announcement.event) {
    case 'certificate_request.pending': {
      const { expiresAt, decision } = announcement.request;
      return {
        ...askOf(announcement.request),
        state: 'pending',
        expiresAt: expiresAt?.toISOString() ?? null,
        stages: decision.stages.map(({ count, approvers }) => ({ count, ...(approvers && { approvers }) })),
      };
    }
    case 'certificate_request.issued': {
      const { fingerprintSha256, serialNumber, notBefore, notAfter } = announcement.certificate;
      return {
        ...askOf(announcement.request),
        state: 'issued',
        certificate: {
          fingerprintSha256,
          serialNumber,
          notBefore: notBefore.toISOString(),
          notAfter: notAfter.toISOString(),
        },
      };
    }
    case 'certificate_request.denied':
      return { ...askOf(announcement.request), state: 'denied', denial: denialOf(announcement.denial) };
    case 'certificate.expiring': {
      const { certificate, at, seconds } = announcement;
      return { ...certificateOf(certificate, at), noticeSeconds: seconds };
    }
    case 'certificate.revoked': {
      const { certificate, at, revocation } = announcement;
      return certificateOf({ ...certificate, revocation }, at);
    }
    case 'identity.blocked': {
      const { block, revokedCertificates, cancelledRequests, left } = announcement;
      const { username, clusters, reason, comment, until, blockedAt, blockedBy } = block;
      return {
        ...{ username, clusters, reason, comment },
        until: until?.toISOString() ?? null,
        blockedAt: blockedAt.toISOString(),
        ...{ blockedBy, revokedCertificates, cancelledRequests },
        ...(left && { directoryUser: leftOf(left) }),
      };
    }
    case 'identity.unblocked': {
      const { block, at, unblockedBy, comment } = announcement;
      const { username, clusters } = block;
      return { username, clusters, comment, unblockedAt: at.toISOString(), unblockedBy };
    }
    case 'audit.checkpoint': {
      const { origin, size, root, note } = announcement.checkpoint;
      return { origin, size, root: Buffer.from(root).toString('base64'), checkpoint: note };
    }
  }
}

const leftOf = ({ directoryUserId: id, residualExposure, ...others }: LeftOver) => ({
  id,
  residualExposure: residualExposure.map((one) => ({ ...one, notAfter: one.notAfter.toISOString() })),
  ...others,
});

function askOf(request: CertificateRequest) {
  return {
    requestId: request.id,
    cluster: request.cluster,
    username: request.username,
    groups: request.groups,
    expirationSeconds: request.expirationSeconds,
    namespace: request.namespace,
    reason: request.reason,
    labels: request.labels,
    requester: request.requester.name,
    collector: request.collector,
    ...(request.renewal && { renewalOf: request.renewal.of }),
    createdAt: request.createdAt.toISOString(),
    policy: request.decision.policy,
  };
}

const denialOf = ({ reason, deniedBy, comment, violations }: Denial) => ({
  ...{ reason, deniedBy, comment },
  violations: violations.slice(0, violationsShown),
  violationCount: violations.length,
});

function certificateOf(certificate: ListedCertificate, at: Date) {
  const { renewal, revocation } = certificate;
  return {
    fingerprintSha256: certificate.fingerprintSha256,
    serialNumber: certificate.serialNumber,
    subject: certificate.subject,
    issuer: certificate.issuer,
    username: certificate.username,
    groups: certificate.groups,
    notBefore: certificate.notBefore.toISOString(),
    notAfter: certificate.notAfter.toISOString(),
    cluster: certificate.cluster,
    requestId: certificate.requestId,
    status: statusOf(certificate, at),
    renewalOf: renewal?.of ?? null,
    supersededBy: certificate.supersededBy,
    revocation: revocation && revocationOf(revocation),
  };
}

const revocationOf = ({ reason, comment, revokedAt, revokedBy }: Revocation) => ({
  ...{ reason, comment },
  revokedAt: revokedAt.toISOString(),
  revokedBy,
});
