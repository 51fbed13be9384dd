import type { Static } from 'typebox';
import type { Services } from '../../services.js';
import { logUnavailable } from '../plugins/errors.js';
import { problem, sendProblem } from '../problems/problem.js';
import { json, onlyProblems } from '../responses.js';
import { namedObject, oneOf } from '../schema-parts.js';
import type { App } from '../types.js';

const HealthSchema = namedObject('Health', 'The service is well.', {
  status: oneOf(['ok'], 'Always the same; a fault has another HTTP status.'),
});

const ok: Static<typeof HealthSchema> = { status: 'ok' };

export function addHealth(app: App, { health }: Services): void {
  app.addSchema(HealthSchema);

  app.get(
    '/livez',
    {
      schema: {
        operationId: 'livez',
        tags: ['service'],
        summary: 'Check whether the process answers',
        description: 'Looks at nothing else: restart the process if it does not answer.',
        security: [],
        response: { 200: json(HealthSchema, { description: 'The process answers.' }) },
      },
    },
    async () => ok,
  );

  app.get(
    '/readyz',
    {
      schema: {
        operationId: 'readyz',
        tags: ['service'],
        summary: 'Check whether the service can do its work',
        description: 'Asks the database. Send no calls here while it answers 503.',
        security: [],
        response: {
          200: json(HealthSchema, { description: 'The service can do its work.' }),
          ...onlyProblems('service-unavailable'),
        },
      },
    },
    async (request, reply) => {
      try {
        await health.ready();
        return ok;
      } catch (error) {
        logUnavailable(request, error, 'not ready');
        return sendProblem(reply, problem('service-unavailable', 'not ready', { headers: { 'retry-after': '5' } }));
      }
    },
  );
}
