import type { Services } from '../../services.js';
import { linkToNext, pageQuery } from '../pages.js';
import { callerOf } from '../plugins/authentication.js';
import { NothingSchema } from '../certificate-requests/schemas.js';
import { ref } from '../field-schemas.js';
import { bodyProblems, json, problems } from '../responses.js';
import {
  WebhookDeliveryListSchema,
  WebhookDeliveryParams,
  WebhookDeliveryQuerySchema,
  WebhookDeliverySchema,
} from './schemas.js';
import { sendRefusal } from '../problems/send-refusal.js';
import type { App } from '../types.js';
import { webhookDeliveryView } from './webhook-delivery-view.js';

export function addWebhookDeliveries(app: App, { webhookDeliveries }: Services): void {
  app.get(
    '/webhook-deliveries',
    {
      schema: {
        operationId: 'listWebhookDeliveries',
        tags: ['webhooks'],
        summary: 'See what became of webhooks',
        description: 'Delivered ones are kept for 7 days, those that were given up for 90.',
        querystring: WebhookDeliveryQuerySchema,
        response: {
          200: json(WebhookDeliveryListSchema, {
            description: 'A page, newest first.',
            headers: { Link: '`rel="next"` where there is more.' },
          }),
          ...problems(403),
        },
      },
    },
    async (request, reply) => {
      const { limit: _limit, cursor: _cursor, ...filter } = request.query;
      const outcome = await webhookDeliveries.list(callerOf(request), filter, pageQuery(request.query));
      if (!outcome.ok) return sendRefusal(reply, outcome.refusal);
      linkToNext(request, reply, outcome.value.nextCursor);
      return { items: outcome.value.items.map(webhookDeliveryView), nextCursor: outcome.value.nextCursor };
    },
  );

  app.post(
    '/webhook-deliveries/:id/retry',
    {
      config: { optionalBody: true },
      schema: {
        operationId: 'retryWebhookDelivery',
        tags: ['webhooks'],
        summary: 'Send a webhook again',
        description:
          'Makes the delivery due at once, however it ended, under the same `webhook-id`. One that is being attempted is left to that attempt.',
        params: WebhookDeliveryParams,
        body: ref(NothingSchema),
        response: {
          202: json(WebhookDeliverySchema, { description: 'The delivery, due now.' }),
          ...problems(403, 404, 409, ...bodyProblems),
        },
      },
    },
    async (request, reply) => {
      const outcome = await webhookDeliveries.retry(callerOf(request), request.params.id);
      return outcome.ok
        ? reply.code(202).send(webhookDeliveryView(outcome.value))
        : sendRefusal(reply, outcome.refusal);
    },
  );
}
