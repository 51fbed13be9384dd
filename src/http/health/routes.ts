import { Type, type Static } from 'typebox';
import type { FastifyReply } from 'fastify';
import type { Services } from '../../services.js';
import { logUnavailable } from '../plugins/errors.js';
import { problem, sendProblem } from '../problems/problem.js';
import { json, onlyProblems } from '../responses.js';
import { messageOf, namedObject, oneOf } from '../schema-parts.js';
import type { App } from '../types.js';

const HealthSchema = namedObject('Health', 'The service is well.', {
  status: oneOf(['ok'], 'Always the same; a fault has another HTTP status.'),
  restored: Type.Optional(
    Type.Boolean({
      description:
        'Only with `verbose`: whether the database was put back from a backup, and no admin has acknowledged that ' +
        '(`POST /v1/restored/acknowledge`). `notes` then say what may not be known.',
      examples: [false],
    }),
  ),
  notes: Type.Optional(
    Type.Array(
      messageOf(
        'A sentence.',
        'the database did not know 2 revocations of the list beside it: they are recorded again',
      ),
      { maxItems: 100, description: 'Only with `verbose`: what an operator should know all the same.' },
    ),
  ),
});

type HealthBody = Static<typeof HealthSchema>;
const ok: HealthBody = { status: 'ok' };

export function addHealth(app: App, { health }: Services): void {
  app.addSchema(HealthSchema);

  app.get(
    '/livez',
    {
      config: { untraced: true },
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
      config: { untraced: true },
      schema: {
        operationId: 'readyz',
        tags: ['service'],
        summary: 'Check whether the service can do its work',
        description: 'Asks the database. Send no calls here while it answers 503.',
        security: [],
        querystring: Type.Object({
          verbose: Type.Optional(
            Type.String({
              maxLength: 8,
              description: 'With any value: answer with `notes` and `restored`.',
              examples: ['true'],
            }),
          ),
        }),
        response: {
          200: json(HealthSchema, { description: 'The service can do its work.' }),
          ...onlyProblems('invalid-request', 'service-unavailable'),
        },
      },
    },
    async (request, reply): Promise<HealthBody | FastifyReply> => {
      try {
        await health.ready();
        if (request.query.verbose === undefined) return ok;
        const { restored, notes } = await health.restored();
        return { ...ok, restored, notes: [...notes, ...health.notes()] };
      } catch (error) {
        logUnavailable(request, error, 'not ready');
        return sendProblem(reply, problem('service-unavailable', 'not ready', { headers: { 'retry-after': '5' } }));
      }
    },
  );
}
