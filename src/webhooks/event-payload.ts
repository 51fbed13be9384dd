import type { Json } from '../model/audit-event.js';
import type { CertificateRequest } from '../model/certificate-request.js';
import type { Certificate } from '../model/certificate.js';
import type { WebhookEvent, WebhookEventType } from '../model/webhook-delivery.js';

/** An event to announce, with the state at that time. */
export type Announcement = {
  readonly at: Date;
  readonly request: CertificateRequest;
} & (
  | { readonly event: 'pending' }
  | { readonly event: 'issued'; readonly certificate: Certificate }
  | { readonly event: 'denied'; readonly denial: Denial }
);

export interface Denial {
  /** `PolicyDenied`, `NoLongerPermitted`, or `DeniedByApprover`. */
  readonly reason: string;
  /** The approver who denied it; null where policy did. */
  readonly deniedBy: string | null;
  readonly comment: string | null;
  /** `{source, reason, message}` each; empty where a person denied it. */
  readonly violations: readonly Json[];
}

/** Keeps payloads below 20 KB (Standard Webhooks, payload size); the request itself lists all violations. */
const violationsShown = 20;

export const eventTypeOf = (event: WebhookEvent): WebhookEventType => `certificate_request.${event}`;

/** The body of a webhook. It names keys, CSRs, certificates and kubeconfigs, but never contains one. */
export function eventPayload(announcement: Announcement): string {
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
    requester: request.requester.name,
    collector: request.collector,
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
