import { type DeliveriesContext, listWebhookDeliveries, retryWebhookDelivery } from './webhook-deliveries.js';
import { pageBody, pageQuery, pageResponse, pageOf, pageParameters } from '../http/answers/page-schemas.js';
import { callerOf } from '../http/hooks/authentication.js';
import { granted } from '../http/problems/refusal-to-problem.js';
import { json, operation } from '../http/answers/responses.js';
import {
  ref,
  closed,
  dnsLabelOf,
  idOf,
  instantOf,
  integerOf,
  namedObject,
  nullable,
  oneOf,
  textOf,
  viewOf,
} from '../http/schemas/schema-parts.js';
import type { App } from '../http/server/types.js';
import { Type, type Static } from 'typebox';
import { webhookDeliveryStates, webhookEventTypes } from '../model/webhook-delivery.js';
import { NothingSchema } from '../http/schemas/schema-parts.js';

const deliveryId = textOf('The `webhook-id`: the same in every attempt.', 'msg_01968c2e-7a1b-7c3d-8e4f-5a6b7c8d9e0f', {
  minLength: 1,
  maxLength: 64,
});

const WebhookDeliverySchema = namedObject('WebhookDelivery', 'One event and its delivery to one webhook.', {
  id: deliveryId,
  webhook: dnsLabelOf('The webhook, by its name in the configuration.', 'chat'),
  type: oneOf(webhookEventTypes, 'What happened.'),
  requestId: nullable(idOf('The certificate request that the event is about; null where it is about none.')),
  state: oneOf(webhookDeliveryStates, '`dead`: given up; sent again only if an admin asks for it.'),
  createdAt: instantOf('When the event happened.'),
  attempts: integerOf(
    'How many attempts were made since the event, or since an admin last asked to send it again.',
    3,
    { minimum: 0 },
  ),
  nextAttemptAt: nullable(
    instantOf('When the next attempt is due.'),
    'When the next attempt is due; during an attempt, when another one may start. Null once the delivery has ended.',
  ),
  lastFailure: nullable(
    Type.String({ maxLength: 500, examples: ['answered 503'] }),
    'Why the last failed attempt failed.',
  ),
  endedAt: nullable(instantOf('When it was delivered or given up.')),
});
export type WebhookDeliveryBody = Static<typeof WebhookDeliverySchema>;

const WebhookDeliveryListSchema = pageOf(WebhookDeliverySchema, 'Webhook deliveries, newest first.');

const WebhookDeliveryQuerySchema = closed({
  state: Type.Optional(oneOf(webhookDeliveryStates, 'Only deliveries in this state.')),
  webhook: Type.Optional(dnsLabelOf('Only deliveries to this webhook.', 'chat')),
  requestId: Type.Optional(
    Type.String({ minLength: 1, maxLength: 64, description: 'Only deliveries about this certificate request.' }),
  ),
  checkpoints: Type.Optional(oneOf(['false'], 'Without checkpoints of the audit log, of which there is one a minute.')),
  ...pageParameters,
});

const WebhookDeliveryParamsSchema = closed({ id: deliveryId });

/** Without the payload: callers who may read the request can read it there. */
const webhookDeliveryView = viewOf(WebhookDeliverySchema);

export function addWebhookDeliveries(app: App, context: DeliveriesContext): void {
  app.get(
    '/webhook-deliveries',
    operation({
      config: { action: 'read-webhook-deliveries' },
      operationId: 'listWebhookDeliveries',
      tags: ['operators'],
      summary: 'List webhook deliveries',
      description: 'Successful deliveries are kept for 7 days, those that were given up for 90 days.',
      querystring: WebhookDeliveryQuerySchema,
      response: { 200: pageResponse(WebhookDeliveryListSchema, 'A page, newest first.') },
    }),
    async (request, reply) => {
      const { limit: _limit, cursor: _cursor, ...filter } = request.query;
      const page = granted(await listWebhookDeliveries(context, callerOf(request), filter, pageQuery(request.query)));
      return pageBody(request, reply, page, webhookDeliveryView);
    },
  );

  app.post(
    '/webhook-deliveries/:id/retry',
    operation({
      config: { action: 'retry-webhook-deliveries', optionalBody: true, budgetUse: 'writing' },
      operationId: 'retryWebhookDelivery',
      tags: ['operators'],
      summary: 'Send a webhook again',
      description:
        'Makes the delivery due at once, even if it has ended, with the same `webhook-id`. Changes nothing during an attempt.',
      params: WebhookDeliveryParamsSchema,
      body: ref(NothingSchema),
      response: { 202: json(WebhookDeliverySchema, { description: 'The delivery, due now.' }) },
      problems: ['not-found', 'webhook-not-configured'],
    }),
    async (request, reply) => {
      const delivery = granted(await retryWebhookDelivery(context, callerOf(request), request.params.id));
      return reply.code(202).send(webhookDeliveryView(delivery));
    },
  );
}
