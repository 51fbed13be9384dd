import type { WebhookDelivery } from '../../model/webhook-delivery.js';
import type { WebhookDeliveryBody } from './schemas.js';

/** Without the payload: the request that it tells of can be read by those who may. */
export function webhookDeliveryView(delivery: WebhookDelivery): WebhookDeliveryBody {
  return {
    id: delivery.id,
    webhook: delivery.webhook,
    type: delivery.type,
    requestId: delivery.requestId,
    state: delivery.state,
    createdAt: delivery.createdAt.toISOString(),
    attempts: delivery.attempts,
    nextAttemptAt: delivery.nextAttemptAt?.toISOString() ?? null,
    lastFailure: delivery.lastFailure,
    endedAt: delivery.endedAt?.toISOString() ?? null,
  };
}
