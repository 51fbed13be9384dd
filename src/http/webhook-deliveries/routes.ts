import type { Services } from '../server/services.js';
import { NothingSchema } from '../certificate-requests/schemas.js';
import { pageBody, pageQuery, pageResponse } from '../answers/page-schemas.js';
import { callerOf } from '../plugins/authentication.js';
import { granted } from '../problems/refusal-to-problem.js';
import { json, operation } from '../answers/responses.js';
import { addSchemas, ref } from '../schemas/schema-parts.js';
import type { App } from '../server/types.js';
import * as schemas from './schemas.js';
import { webhookDeliveryView } from './schemas.js';
import { webhookEventSchemas } from './webhook-events.js';

/** A delivery that is under way. */
const example = { state: 'waiting', endedAt: null };

export function addWebhookDeliveries(app: App, { webhookDeliveries }: Services): void {
  addSchemas(app, schemas);
  addSchemas(app, webhookEventSchemas);

  app.get(
    '/webhook-deliveries',
    operation({
      config: { action: 'read-webhook-deliveries' },
      operationId: 'listWebhookDeliveries',
      tags: ['webhooks'],
      summary: 'List webhook deliveries',
      description: 'Successful deliveries are kept for 7 days, those that were given up for 90 days.',
      querystring: schemas.WebhookDeliveryQuerySchema,
      response: { 200: pageResponse(schemas.WebhookDeliveryListSchema, 'A page, newest first.', example) },
    }),
    async (request, reply) => {
      const { limit: _limit, cursor: _cursor, ...filter } = request.query;
      const page = granted(await webhookDeliveries.list(callerOf(request), filter, pageQuery(request.query)));
      return pageBody(request, reply, page, webhookDeliveryView);
    },
  );

  app.post(
    '/webhook-deliveries/:id/retry',
    operation({
      config: { action: 'retry-webhook-deliveries', optionalBody: true },
      operationId: 'retryWebhookDelivery',
      tags: ['webhooks'],
      summary: 'Send a webhook again',
      description:
        'Makes the delivery due at once, even if it has ended, with the same `webhook-id`. Changes nothing during an attempt.',
      params: schemas.WebhookDeliveryParamsSchema,
      body: ref(NothingSchema),
      response: { 202: json(schemas.WebhookDeliverySchema, { description: 'The delivery, due now.', example }) },
      problems: ['not-found', 'webhook-not-configured'],
    }),
    async (request, reply) => {
      const delivery = granted(await webhookDeliveries.retry(callerOf(request), request.params.id));
      return reply.code(202).send(webhookDeliveryView(delivery));
    },
  );
}
