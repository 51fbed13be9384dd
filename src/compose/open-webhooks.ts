import { randomBytes } from 'node:crypto';
import { eventPayload } from '../http/webhook-deliveries/event-payload.js';
import type { Announcement, WebhookDelivery } from '../model/webhook-delivery.js';
import type { WebhookDeliveryService } from '../webhooks/webhook-delivery-service.js';
import type { Store } from '../store/store.js';
import { deliveriesOf } from '../webhooks/webhook.js';
import { webhookDeliveryService } from '../webhooks/webhook-delivery-service.js';
import { WebhookDispatcher } from '../webhooks/webhook-dispatcher.js';
import type { Runtime } from './runtime.js';
import { storedOutbox } from './webhook-outbox.js';
import { keepWebhooksInForce, type WebhooksInForce } from './webhooks-in-force.js';

export interface OpenedWebhooks extends WebhooksInForce {
  readonly dispatcher: WebhookDispatcher;
  readonly deliveries: WebhookDeliveryService;
  readonly configured: number;
  /** How many of them fail now. */
  readonly failing: number;
  /** The deliveries that tell the webhooks of a change, to be committed with it. */
  deliveriesOf(announcement: Announcement): readonly WebhookDelivery[];
  /** Makes the dispatcher look for due deliveries. */
  wake(): void;
}

/** Opens the configured webhooks. They are called once the dispatcher starts. Throws `ConfigError` as their files do. */
export async function openWebhooks(
  { config, overrides, clock, random, owner, log, tracing, intervalMilliseconds, closings }: Runtime,
  { webhookDeliveries, writer }: Pick<Store, 'webhookDeliveries' | 'writer'>,
): Promise<OpenedWebhooks> {
  const inForce = await keepWebhooksInForce(config, log, intervalMilliseconds);
  closings.push(() => {
    inForce.stop();
  });
  const { webhooks } = inForce;
  const outbox = storedOutbox(webhookDeliveries, writer);
  const dispatcher = new WebhookDispatcher({
    ...{ webhooks, outbox, clock, random: randomBytes, owner, log, tracing },
    ...(overrides.webhookRoundMilliseconds !== undefined && { roundMilliseconds: overrides.webhookRoundMilliseconds }),
  });
  const wake = () => {
    tracing.outside(() => {
      dispatcher.wake();
    });
  };
  return {
    ...inForce,
    ...{ dispatcher, wake },
    deliveries: webhookDeliveryService({
      ...{ records: outbox, clock, wake },
      webhooks: webhooks.map(({ name }) => name),
    }),
    configured: webhooks.length,
    get failing() {
      return dispatcher.failing;
    },
    deliveriesOf: (announcement) => deliveriesOf(webhooks, random, eventPayload, announcement),
  };
}
