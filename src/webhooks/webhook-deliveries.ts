import { whyNotPermitted } from '../callers/permissions.js';
import { auditEvent } from '../model/audit-event.js';
import { done, refused, type Outcome, type Page, type PageQuery } from '../model/outcome.js';
import type { Principal } from '../model/principal.js';
import { quote } from '@kubepass/inspect/formats';
import type { Store } from '../store/store.js';
import { retryWebhook } from '../store/tables/webhook-delivery-table.js';
import type { WebhookDelivery, WebhookDeliveryFilter } from '../model/webhook-delivery.js';

/** The context of the use cases about deliveries. */
export interface DeliveriesContext {
  readonly store: Pick<Store, 'webhookDeliveries' | 'writer'>;
  readonly clock: () => Date;
  readonly webhooks: {
    /** The names of the configured webhooks. */
    readonly names: readonly string[];
    /** Makes the dispatcher look for due deliveries. */
    readonly wake: () => void;
  };
}

/** Newest first. */
export const listWebhookDeliveries = async (
  { store }: DeliveriesContext,
  principal: Principal,
  filter: WebhookDeliveryFilter,
  page: PageQuery,
): Promise<Outcome<Page<WebhookDelivery>>> =>
  whyNotPermitted(principal, 'read-webhook-deliveries') ?? done(await store.webhookDeliveries.list(filter, page));

/** Makes a delivery due at once, however it ended. It keeps its `webhook-id`. */
export async function retryWebhookDelivery(
  { store, clock, webhooks }: DeliveriesContext,
  principal: Principal,
  id: string,
): Promise<Outcome<WebhookDelivery>> {
  const refusal = whyNotPermitted(principal, 'retry-webhook-deliveries');
  if (refusal !== null) return refusal;
  const delivery = await store.webhookDeliveries.find(id);
  if (delivery === null) return refused({ kind: 'not-found' });
  const { webhook, type, requestId, state, attempts } = delivery;
  if (!webhooks.names.includes(webhook))
    return refused({
      kind: 'webhook-not-configured',
      message: `webhook ${quote(webhook)} is no longer configured: there is nowhere to send it`,
    });
  const at = clock();
  const details = { deliveryId: id, webhook, type, state, attempts };
  const event = auditEvent('WebhookDeliveryRetried', at, principal.name, details, { requestId });
  await store.writer.commit({ operations: [retryWebhook({ id, at })], events: [event] });
  webhooks.wake();
  return done((await store.webhookDeliveries.find(id)) ?? delivery);
}
