import { Readable } from 'node:stream';
import type { Services } from '../../services.js';
import { instant } from '../instant.js';
import { linkToNext, pageQuery } from '../pages.js';
import { callerOf } from '../plugins/authentication.js';
import { AuditEventListSchema, AuditEventQuerySchema, ChainVerificationSchema } from './schemas.js';
import { ref } from '../field-schemas.js';
import { json, problems, response, textOf } from '../responses.js';
import { sendRefusal } from '../problems/send-refusal.js';
import type { App } from '../types.js';
import { auditEventView } from './audit-event-view.js';

const ndjson = 'application/x-ndjson';

export function addAuditEvents(app: App, { auditEvents }: Services): void {
  app.get(
    '/audit-events',
    {
      config: { produces: ['application/json', ndjson] },
      schema: {
        operationId: 'listAuditEvents',
        tags: ['audit'],
        summary: 'Read or export the audit log',
        description: `JSON is read page by page; \`${ndjson}\` exports every matching event, so \`limit\` and \`cursor\` do not apply to it.`,
        querystring: AuditEventQuerySchema,
        response: {
          200: response(
            {
              'application/json': ref(AuditEventListSchema),
              [ndjson]: textOf('One canonical event (RFC 8785) a line: the bytes that the hash chain covers.'),
            },
            { description: 'Events, oldest first.', headers: { Link: '`rel="next"` where there is more.' } },
          ),
          ...problems(403),
        },
      },
    },
    async (request, reply) => {
      const { limit: _limit, cursor: _cursor, after, before, ...plain } = request.query;
      const filter = {
        ...plain,
        ...(after !== undefined && { after: instant('after', after) }),
        ...(before !== undefined && { before: instant('before', before) }),
      };
      if (request.answerType === ndjson) {
        const outcome = auditEvents.export(callerOf(request), filter);
        return outcome.ok
          ? reply.type(ndjson).send(Readable.from(lines(outcome.value)))
          : sendRefusal(reply, outcome.refusal);
      }
      const outcome = await auditEvents.list(callerOf(request), filter, pageQuery(request.query));
      if (!outcome.ok) return sendRefusal(reply, outcome.refusal);
      linkToNext(request, reply, outcome.value.nextCursor);
      return { items: outcome.value.items.map(auditEventView), nextCursor: outcome.value.nextCursor };
    },
  );

  app.get(
    '/audit-events/verification',
    {
      schema: {
        operationId: 'verifyAuditEvents',
        tags: ['audit'],
        summary: 'Check the hash chain of the audit log',
        response: { 200: json(ChainVerificationSchema, { description: 'What was found.' }), ...problems(403) },
      },
    },
    async (request, reply) => {
      const outcome = await auditEvents.verify(callerOf(request));
      return outcome.ok ? outcome.value : sendRefusal(reply, outcome.refusal);
    },
  );
}

async function* lines(events: AsyncIterable<string>): AsyncGenerator<string> {
  for await (const event of events) yield `${event}\n`;
}
