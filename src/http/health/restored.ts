import type { Services } from '../server/services.js';
import { callerOf } from '../plugins/authentication.js';
import { granted } from '../problems/refusal-to-problem.js';
import { json, problems } from '../answers/responses.js';
import { addSchemas } from '../schemas/schema-parts.js';
import type { App } from '../server/types.js';
import * as schemas from './restored-schemas.js';
import { restoredView } from './restored-schemas.js';

export function addRestored(app: App, { restored }: Services): void {
  addSchemas(app, schemas);

  app.get(
    '/restored',
    {
      config: { action: 'read-audit-events' },
      schema: {
        operationId: 'getRestored',
        tags: ['service'],
        summary: 'Read whether the database was put back from a backup',
        description:
          'The answer also says what the service may not know. `GET /readyz?verbose=true` says the same in short, without a token.',
        response: {
          200: json(schemas.RestoredSchema, {
            description: 'Whether the database was put back, and what may not be known.',
          }),
          ...problems('not-permitted'),
        },
      },
    },
    async (request) => restoredView(granted(await restored.read(callerOf(request)))),
  );

  app.post(
    '/restored/acknowledge',
    {
      config: { action: 'acknowledge-restored' },
      schema: {
        operationId: 'acknowledgeRestored',
        tags: ['service'],
        summary: 'Acknowledge that the database was put back from a backup',
        description:
          'Needs the role admin. Says that you have looked at what the service may not know: `restored` is false from now on. ' +
          'The audit log records who said so: `RestoredAcknowledged`. If nothing is left to acknowledge, nothing changes.',
        response: {
          200: json(schemas.RestoredSchema, {
            description: 'It is acknowledged, now or before.',
            example: { restored: false, mayBeUnknown: [] },
          }),
          ...problems('not-permitted'),
        },
      },
    },
    async (request) => restoredView(granted(await restored.acknowledge(callerOf(request)))),
  );
}
