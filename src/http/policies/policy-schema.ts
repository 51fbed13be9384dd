import { Type } from 'typebox';
import type { Services } from '../../services.js';
import { problems, response } from '../responses.js';
import type { App } from '../types.js';

const produces = ['application/schema+json', 'application/json'];

/** The same for everybody and for as long as the service runs; written out once, when the first caller asks. */
export function addPolicySchema(app: App, { policies }: Services): void {
  let text: string | null = null;
  app.get(
    '/policies/schema.json',
    {
      config: { produces },
      schema: {
        operationId: 'readPolicySchema',
        tags: ['policies'],
        summary: 'Get the JSON Schema of policy files, for editors',
        description: 'Of one document of a file. It tells the shape; globs and expressions are looked at when loaded.',
        response: {
          200: response(
            Object.fromEntries(
              produces.map((type) => [type, Type.Unknown({ description: 'JSON Schema, draft 2020-12.' })]),
            ),
            {
              description: 'The schema.',
            },
          ),
          ...problems(),
        },
      },
    },
    (request, reply) => {
      text ??= JSON.stringify(policies.schema());
      return reply.type(request.answerType).send(text);
    },
  );
}
