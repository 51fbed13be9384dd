import type { Services } from '../../services.js';
import { problem, sendProblem } from '../problems/problem.js';
import { ProblemSchema } from '../problems/schemas.js';
import { ref } from '../field-schemas.js';
import { json, response } from '../responses.js';
import { HealthSchema, type HealthBody } from '../whoami/schemas.js';
import type { App } from '../types.js';

const ok: HealthBody = { status: 'ok' };

export function addHealth(app: App, { health }: Services): void {
  app.get(
    '/livez',
    {
      schema: {
        operationId: 'livez',
        tags: ['service'],
        summary: 'Whether the process answers',
        security: [],
        response: { 200: json(HealthSchema, { description: 'It does.' }) },
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
        summary: 'Whether the service can do its work',
        security: [],
        response: {
          200: json(HealthSchema, { description: 'It can.' }),
          503: response({ 'application/problem+json': ref(ProblemSchema) }, { description: 'It cannot now.' }),
        },
      },
    },
    async (request, reply) => {
      try {
        await health.ready();
        return ok;
      } catch (error) {
        request.log.error({ err: error }, 'not ready');
        return sendProblem(reply, problem('service-unavailable', 'not ready', { headers: { 'retry-after': '5' } }));
      }
    },
  );
}
