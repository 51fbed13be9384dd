import { probeDecider } from '../issuance/events.js';
import type { AuditEventDraft, AuditEventType } from '../model/audit-event.js';
import type { CertificateRequest } from '../model/certificate-request.js';
import { newId } from '../model/new-id.js';
import type { WebhookDelivery, WebhookEvent } from '../model/webhook-delivery.js';
import type { Step, Writer } from '../store/step.js';
import { eventPayload, eventTypeOf, type Announcement } from '../webhooks/event-payload.js';
import { wants, type Webhook } from '../webhooks/webhook.js';

export interface Announcing {
  readonly webhooks: readonly Webhook[];
  readonly findRequest: (id: string) => Promise<CertificateRequest | null>;
  readonly random: (octets: number) => Buffer;
  /** Called after a commit that announces something. */
  readonly wake: () => void;
}

/**
 * A writer that puts into the outbox, in the same commit, what its steps make of requests: whichever use case it is that
 * has a request wait for a person, denies it or has its certificate issued, each comes through here. What a probe asks
 * for is nobody's business but the probe's. Steps without any of it are passed on as they are, at once.
 */
export function announcingWriter(writer: Writer, announcing: Announcing): Writer {
  const { webhooks, wake } = announcing;
  if (webhooks.length === 0) return writer;
  return {
    commit(step) {
      const changes = changesIn(step).filter(({ event }) => webhooks.some(({ events }) => events.includes(event)));
      if (changes.length === 0) return writer.commit(step);
      return commitAnnounced(step, changes);
    },
  };

  async function commitAnnounced(step: Step, changes: readonly Change[]) {
    const deliveries: WebhookDelivery[] = [];
    for (const change of changes) deliveries.push(...(await deliveriesOf(announcing, step, change)));
    if (deliveries.length === 0) return writer.commit(step);
    const result = await writer.commit({
      operations: [...step.operations, { op: 'enqueueWebhooks', deliveries }],
      events: step.events,
    });
    if (result.committed) wake();
    return result;
  }
}

/** What a step makes of a request. `inserted` where the step itself records it. */
interface Change {
  readonly event: WebhookEvent;
  readonly requestId: string;
  readonly inserted: CertificateRequest | null;
}

function changesIn({ operations }: Step): readonly Change[] {
  return operations.flatMap((operation): readonly Change[] => {
    if (operation.op === 'insertRequest') {
      const { request } = operation;
      const { id: requestId, state } = request;
      return state === 'pending' || state === 'denied' ? [{ event: state, requestId, inserted: request }] : [];
    }
    if (operation.op === 'moveRequest') {
      const { id: requestId, to } = operation;
      // One that waits already is not announced again, whatever is recorded of it meanwhile.
      return to.state === 'issued' || to.state === 'denied' ? [{ event: to.state, requestId, inserted: null }] : [];
    }
    return [];
  });
}

async function deliveriesOf(
  { webhooks, findRequest, random }: Announcing,
  step: Step,
  { event, requestId, inserted }: Change,
): Promise<readonly WebhookDelivery[]> {
  // What is announced of it was fixed when it was recorded: nothing of it can change before the commit. A store that
  // cannot be read is one that cannot be committed to: the step fails with it, as it would there.
  const request = inserted ?? (await findRequest(requestId));
  // The commit says what is wrong with a request that is not there.
  if (request === null || request.decision.policy === probeDecider) return [];
  const takers = webhooks.filter((webhook) => wants(webhook, event, request.cluster));
  if (takers.length === 0) return [];
  const announcement = announcementOf(step, event, request);
  const payload = eventPayload(announcement);
  return takers.map(({ name }) => ({
    id: `msg_${newId(announcement.at, random)}`,
    webhook: name,
    type: eventTypeOf(event),
    requestId,
    payload,
    state: 'waiting',
    createdAt: announcement.at,
    nextAttemptAt: announcement.at,
    attempts: 0,
    owner: null,
    lastFailure: null,
    endedAt: null,
  }));
}

function announcementOf(step: Step, event: WebhookEvent, request: CertificateRequest): Announcement {
  switch (event) {
    case 'pending':
      return { event, at: eventOf(step, 'CertificateRequested', request.id).at, request };
    case 'issued': {
      const inserted = step.operations.find(
        (operation) => operation.op === 'insertCertificate' && operation.certificate.requestId === request.id,
      );
      if (inserted?.op !== 'insertCertificate')
        throw new Error(`request ${request.id} is issued in a step without its certificate`);
      return {
        event,
        at: eventOf(step, 'CertificateIssued', request.id).at,
        request,
        certificate: inserted.certificate,
      };
    }
    case 'denied': {
      const { at, principal, details } = eventOf(step, 'RequestDenied', request.id);
      const { reason, comment, violations } = details;
      // Policy gives a reason; a person may give a comment.
      const byPolicy = typeof reason === 'string';
      return {
        event,
        at,
        request,
        denial: {
          reason: byPolicy ? reason : 'DeniedByApprover',
          deniedBy: byPolicy ? null : principal,
          comment: typeof comment === 'string' ? comment : null,
          violations: Array.isArray(violations) ? violations : [],
        },
      };
    }
  }
}

/** The event that tells of the change: every step has one, for nothing happens without its place in the audit log. */
function eventOf(step: Step, type: AuditEventType, requestId: string): AuditEventDraft {
  const found = step.events.find((event) => event.type === type && event.requestId === requestId);
  if (!found) throw new Error(`a step changes request ${requestId} without its ${type}`);
  return found;
}
