import { may } from '../identity/permissions.js';
import { auditEvent } from '../model/audit-event.js';
import { done, refused } from '../model/outcome.js';
import { quote } from '../model/quote.js';
import type { WebhookDeliveryService } from '../services.js';
import type { DeliveryRecords } from './outbox.js';

export interface WebhookDeliveryServiceParts {
  readonly records: DeliveryRecords;
  /** Names of those that are configured. */
  readonly webhooks: readonly string[];
  readonly clock: () => Date;
  /** Has the outbox looked at. */
  readonly wake: () => void;
}

/** The deliveries of webhooks, for those who may see them. */
export function webhookDeliveryService({
  records,
  webhooks,
  clock,
  wake,
}: WebhookDeliveryServiceParts): WebhookDeliveryService {
  return {
    async list(principal, filter, page) {
      if (!may(principal, 'read-webhook-deliveries'))
        return refused({
          kind: 'not-permitted',
          message: 'reading webhook deliveries takes the role auditor or admin',
        });
      return done(await records.list(filter, page));
    },

    async retry(principal, id) {
      if (!may(principal, 'retry-webhook-deliveries'))
        return refused({ kind: 'not-permitted', message: 'sending a webhook again takes the role admin' });
      const delivery = await records.find(id);
      if (delivery === null) return refused({ kind: 'not-found' });
      const { webhook, type, requestId, state, attempts } = delivery;
      if (!webhooks.includes(webhook))
        return refused({
          kind: 'webhook-not-configured',
          message: `webhook ${quote(webhook)} is no longer configured: there is nowhere to send it`,
        });
      const at = clock();
      const details = { deliveryId: id, webhook, type, state, attempts };
      await records.retry(id, at, auditEvent('WebhookDeliveryRetried', at, principal.name, details, { requestId }));
      wake();
      return done((await records.find(id)) ?? delivery);
    },
  };
}
