import type { AuditEventDraft } from '../model/audit-event.js';
import type { Operation, Writer } from '../store/steps/step.js';
import type { Store } from '../store/store.js';
import type { DeliveryRecords } from './webhook-delivery-service.js';
import type { Outbox } from './webhook-dispatcher.js';

/** The outbox as the store keeps it; each change is one commit with its audit events. */
export function storedOutbox(reader: Store['webhookDeliveries'], writer: Writer): Outbox & DeliveryRecords {
  const commit = async (operation: Operation, events: readonly AuditEventDraft[] = []) =>
    (await writer.commit({ operations: [operation], events })).committed;
  return {
    due: (webhook, now, limit) => reader.due(webhook, now, limit),
    begin: ({ id, owner, attempt }, now, leaseUntil) =>
      commit({ op: 'beginWebhookAttempt', id, owner, attempt, now, leaseUntil }),
    end: ({ id, owner, attempt }, at, end, events) =>
      commit({ op: 'endWebhookAttempt', id, owner, attempt, at, end }, events),
    waitingForOthers: (webhooks, limit) => reader.waitingForOthers(webhooks, limit),
    abandon: (id, failure, at, event) => commit({ op: 'abandonWebhook', id, failure, at }, [event]),
    async forget(deliveredBefore, deadBefore) {
      await commit({ op: 'forgetWebhooks', deliveredBefore, deadBefore });
    },
    list: (filter, page) => reader.list(filter, page),
    find: (id) => reader.find(id),
    async retry(id, at, event) {
      await commit({ op: 'retryWebhook', id, at }, [event]);
    },
  };
}
