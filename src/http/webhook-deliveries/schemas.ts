import { Type, type Static } from 'typebox';
import { webhookDeliveryStates, webhookEventTypes } from '../../model/webhook-delivery.js';
import {
  dnsLabelOf,
  instantOf,
  named,
  nullable,
  oneOf,
  pageOf,
  pageParameters,
  requestIdOf,
} from '../field-schemas.js';

const deliveryId = Type.String({
  minLength: 1,
  maxLength: 64,
  description: 'The `webhook-id`: the same in every attempt.',
  examples: ['msg_01968c2e-7a1b-7c3d-8e4f-5a6b7c8d9e0f'],
});

export const WebhookDeliverySchema = named(
  'WebhookDelivery',
  Type.Object(
    {
      id: deliveryId,
      webhook: dnsLabelOf('The webhook, by its name in the configuration.', 'chat'),
      type: oneOf(webhookEventTypes, { description: 'What it tells.' }),
      requestId: requestIdOf('The certificate request that it tells of.'),
      state: oneOf(webhookDeliveryStates, {
        description: '`dead`: given up, and sent again only where an admin says so.',
      }),
      createdAt: instantOf('When it happened.'),
      attempts: Type.Integer({
        minimum: 0,
        description: 'How many attempts have begun, since it was made or last sent again by an admin.',
        examples: [3],
      }),
      nextAttemptAt: nullable(instantOf('When the next attempt is due.'), {
        description:
          'When the next attempt is due; while one is under way, when another may take its place. Null where it has ended.',
      }),
      lastFailure: nullable(Type.String({ maxLength: 500, examples: ['answered 503'] }), {
        description: 'What came of the last attempt that failed.',
      }),
      endedAt: nullable(instantOf('When it was delivered or given up.')),
    },
    { additionalProperties: false, description: 'One event on its way to one webhook.' },
  ),
);
export type WebhookDeliveryBody = Static<typeof WebhookDeliverySchema>;

export const WebhookDeliveryListSchema = pageOf(WebhookDeliverySchema, 'Webhook deliveries, newest first.');

export const webhookDeliverySchemas = [WebhookDeliverySchema, WebhookDeliveryListSchema] as const;

export const WebhookDeliveryQuerySchema = Type.Object(
  {
    state: Type.Optional(oneOf(webhookDeliveryStates, { description: 'Only in this state.' })),
    webhook: Type.Optional(dnsLabelOf('Only for this webhook.', 'chat')),
    requestId: Type.Optional(
      Type.String({ minLength: 1, maxLength: 64, description: 'Only about this certificate request.' }),
    ),
    ...pageParameters,
  },
  { additionalProperties: false },
);

export const WebhookDeliveryParams = Type.Object({ id: deliveryId }, { additionalProperties: false });
