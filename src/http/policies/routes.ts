import type { Services } from '../../services.js';
import { linkToNext, pageOfList, pageQuery } from '../pages.js';
import { callerOf } from '../plugins/authentication.js';
import { ListQuery } from '../clusters/schemas.js';
import { LoadedPolicyListSchema, type LoadedPolicyListBody } from './schemas.js';
import { json, problems } from '../responses.js';
import type { App } from '../types.js';

export function addPolicies(app: App, { policies }: Services): void {
  app.get(
    '/policies',
    {
      schema: {
        operationId: 'listPolicies',
        tags: ['policies'],
        summary: 'List the policies and guardrails in force',
        querystring: ListQuery,
        response: {
          200: json(LoadedPolicyListSchema, {
            description: 'A page.',
            headers: { Link: '`rel="next"` where there is more.' },
          }),
          ...problems(),
        },
      },
    },
    async (request, reply): Promise<LoadedPolicyListBody> => {
      const { digest, items } = policies.list(callerOf(request));
      const page = pageOfList(items, pageQuery(request.query), ({ kind, path, name }) => `${kind} ${path} ${name}`);
      linkToNext(request, reply, page.nextCursor);
      return { digest, items: page.items.map((policy) => ({ ...policy })), nextCursor: page.nextCursor };
    },
  );
}
