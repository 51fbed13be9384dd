import type { Services } from '../../services.js';
import { linkToNext, pageOfList, pageQuery } from '../pages.js';
import { callerOf } from '../plugins/authentication.js';
import { NewCertificateRequestSchema } from '../schemas/certificate-request.js';
import { ListQuery } from '../schemas/cluster.js';
import { ref } from '../schemas/common.js';
import { DecisionSchema } from '../schemas/decision.js';
import { LoadedPolicyListSchema, type LoadedPolicyListBody } from '../schemas/policy.js';
import { bodyProblems, json, problems } from '../schemas/responses.js';
import { sendRefusal } from '../send-refusal.js';
import type { App } from '../types.js';
import { decisionView } from '../views/decision-view.js';

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

  app.post(
    '/policies/evaluate',
    {
      schema: {
        operationId: 'evaluatePolicies',
        tags: ['policies'],
        summary: 'See how a request would be decided, without making it',
        description: 'Records nothing but an audit event. Answers 200 for a denial too, with the whole trace.',
        body: ref(NewCertificateRequestSchema),
        response: {
          200: json(DecisionSchema, { description: 'The decision.' }),
          ...problems(403, 422, ...bodyProblems),
        },
      },
    },
    async (request, reply) => {
      const outcome = await policies.evaluate(callerOf(request), request.body);
      return outcome.ok ? decisionView(outcome.value) : sendRefusal(reply, outcome.refusal);
    },
  );
}
