import type { CertificateRequest } from '../model/certificate-request.js';
import type { Announcement } from '../model/webhook-delivery.js';
import { shownListed } from '../access/certificate-schemas.js';
import { viewOf } from '../http/schemas/schema-parts.js';
import { webhookEventSchemas as schemas } from './webhook-events.js';

/** Keeps payloads below 20 KB (Standard Webhooks, payload size); the request itself lists all violations. */
const violationsShown = 20;

const shown = Object.fromEntries(Object.entries(schemas).map(([type, schema]) => [type, viewOf(schema)])) as {
  readonly [Type in keyof typeof schemas]: ReturnType<typeof viewOf<(typeof schemas)[Type]>>;
};

/** The payload of the event, as JSON. It names keys, CSRs, certificates and kubeconfigs, but never contains one. */
export const eventPayload = (announcement: Announcement): string => JSON.stringify(eventOf(announcement));

function eventOf(announcement: Announcement): object {
  const { at: timestamp } = announcement;
  switch (announcement.event) {
    case 'certificate_request.pending': {
      const { event: type, request } = announcement;
      const { stages } = request.decision;
      return shown[type]({ type, timestamp, data: { ...askOf(request), state: 'pending', stages } });
    }
    case 'certificate_request.issued': {
      const { event: type, request, certificate } = announcement;
      return shown[type]({ type, timestamp, data: { ...askOf(request), state: 'issued', certificate } });
    }
    case 'certificate_request.denied': {
      const { event: type, request, denial } = announcement;
      const violations = denial.violations.slice(0, violationsShown);
      const counted = { ...denial, violations, violationCount: denial.violations.length };
      return shown[type]({ type, timestamp, data: { ...askOf(request), state: 'denied', denial: counted } });
    }
    case 'certificate.expiring': {
      const { event: type, certificate, seconds: noticeSeconds } = announcement;
      return shown[type]({ type, timestamp, data: { ...shownListed(certificate, timestamp), noticeSeconds } });
    }
    case 'certificate.revoked': {
      const { event: type, certificate, revocation } = announcement;
      return shown[type]({ type, timestamp, data: shownListed({ ...certificate, revocation }, timestamp) });
    }
    case 'identity.blocked': {
      const { event: type, block, left, ...counts } = announcement;
      const directoryUser = left && { ...left, id: left.directoryUserId };
      return shown[type]({ type, timestamp, data: { ...block, ...counts, directoryUser } });
    }
    case 'identity.unblocked': {
      const { event: type, block, unblockedBy, comment } = announcement;
      return shown[type]({ type, timestamp, data: { ...block, comment, unblockedAt: timestamp, unblockedBy } });
    }
    case 'issuer.activated': {
      const { event: type, issuer, ...change } = announcement;
      return shown[type]({ type, timestamp, data: { ...issuer, ...change, issuer: issuer.name } });
    }
    case 'issuer.retired': {
      const { event: type, issuer, ...change } = announcement;
      return shown[type]({ type, timestamp, data: { ...issuer, ...change, issuer: issuer.name } });
    }
    case 'issuer.expiring': {
      const { event: type, issuer, seconds: noticeSeconds } = announcement;
      return shown[type]({ type, timestamp, data: { ...issuer, noticeSeconds, issuer: issuer.name } });
    }
    case 'break_glass_token.made': {
      const { event: type, token } = announcement;
      return shown[type]({ type, timestamp, data: { ...token, tokenId: token.id } });
    }
    case 'audit.checkpoint': {
      const { event: type, checkpoint } = announcement;
      const root = Buffer.from(checkpoint.root).toString('base64');
      return shown[type]({ type, timestamp, data: { ...checkpoint, root, checkpoint: checkpoint.note } });
    }
  }
}

const askOf = (request: CertificateRequest) => ({
  ...request,
  requestId: request.id,
  requester: request.requester.name,
  renewalOf: request.renewal?.of,
  policy: request.decision.policy,
});
