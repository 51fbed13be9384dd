import type { WebhookDelivery, WebhookDeliveryState, WebhookEventType } from '../../model/webhook-delivery.js';
import type { Columns } from '../columns.js';
import type { Prisma } from '../generated/sqlite/client.js';

export const webhookDeliveryColumns = {
  id: true,
  webhook: true,
  type: true,
  requestId: true,
  payload: true,
  state: true,
  createdAt: true,
  nextAttemptAt: true,
  attempts: true,
  owner: true,
  lastFailure: true,
  endedAt: true,
} as const satisfies Prisma.WebhookDeliverySelect;

type WebhookDeliveryRow = Prisma.WebhookDeliveryGetPayload<{ select: typeof webhookDeliveryColumns }>;

export function webhookDeliveryRow(delivery: WebhookDelivery): Columns<WebhookDeliveryRow> {
  return {
    id: delivery.id,
    webhook: delivery.webhook,
    type: delivery.type,
    requestId: delivery.requestId,
    payload: delivery.payload,
    state: delivery.state,
    createdAt: delivery.createdAt,
    nextAttemptAt: delivery.nextAttemptAt,
    attempts: delivery.attempts,
    owner: delivery.owner,
    lastFailure: delivery.lastFailure,
    endedAt: delivery.endedAt,
  };
}

export function webhookDeliveryOf(row: WebhookDeliveryRow): WebhookDelivery {
  return { ...row, type: row.type as WebhookEventType, state: row.state as WebhookDeliveryState };
}
