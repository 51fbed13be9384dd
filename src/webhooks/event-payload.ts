import { newId } from '../model/new-id.js';
import type { Announcement, WebhookDelivery, WebhookEvent, WebhookEventType } from '../model/webhook-delivery.js';
import type { CertificateRequest } from '../model/certificate-request.js';
import { wants, type Webhook } from './webhook.js';

/** Keeps payloads below 20 KB (Standard Webhooks, payload size); the request itself lists all violations. */
const violationsShown = 20;

const eventTypeOf = (event: WebhookEvent): WebhookEventType => `certificate_request.${event}`;

/** One delivery for each webhook that takes the event, due at once. */
export function deliveriesOf(
  webhooks: readonly Webhook[],
  random: (octets: number) => Buffer,
  announcement: Announcement,
): readonly WebhookDelivery[] {
  const { at, event, request } = announcement;
  const takers = webhooks.filter((webhook) => wants(webhook, event, request.cluster));
  if (takers.length === 0) return [];
  const payload = eventPayload(announcement);
  return takers.map(({ name }) => ({
    id: `msg_${newId(at, random)}`,
    webhook: name,
    type: eventTypeOf(event),
    requestId: request.id,
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

/** The body of a webhook. It names keys, CSRs, certificates and kubeconfigs, but never contains one. */
function eventPayload(announcement: Announcement): string {
  const { at, event, request } = announcement;
  return JSON.stringify({
    type: eventTypeOf(event),
    timestamp: at.toISOString(),
    data: { ...askOf(request), state: event, ...particulars(announcement) },
  });
}

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

function particulars(announcement: Announcement) {
  const { request } = announcement;
  switch (announcement.event) {
    case 'pending':
      return {
        expiresAt: request.expiresAt?.toISOString() ?? null,
        stages: request.decision.stages.map(({ count, approvers }) => ({ count, ...(approvers && { approvers }) })),
      };
    case 'issued': {
      const { fingerprintSha256, serialNumber, notBefore, notAfter } = announcement.certificate;
      return {
        certificate: {
          fingerprintSha256,
          serialNumber,
          notBefore: notBefore.toISOString(),
          notAfter: notAfter.toISOString(),
        },
      };
    }
    case 'denied': {
      const { reason, deniedBy, comment, violations } = announcement.denial;
      return {
        denial: {
          reason,
          deniedBy,
          comment,
          violations: violations.slice(0, violationsShown),
          violationCount: violations.length,
        },
      };
    }
  }
}
