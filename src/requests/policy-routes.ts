import * as schemas from './policy-schemas.js';
import { evaluationView, type LoadedPolicyListBody } from './policy-schemas.js';
import { Type } from 'typebox';
import { evaluatePolicies } from './evaluate-policies.js';
import { listOffers, listPolicies, readPolicySchema, readPolicyTexts } from './read-policies.js';
import { ListQuerySchema, linkToNext, pageOfList, pageQuery, pageResponse } from '../http/answers/page-schemas.js';
import { callerOf } from '../http/hooks/authentication.js';
import { granted } from '../http/problems/refusal-to-problem.js';
import { json, operation, response, textBody } from '../http/answers/responses.js';
import { ref } from '../http/schemas/schema-parts.js';
import type { App } from '../http/server/types.js';
import { evaluationText } from './evaluation-text.js';
import { addReplay } from './replay-routes.js';
import { may } from '../callers/permissions.js';
import { jsonBodyParser } from '../http/hooks/request-input.js';
import { limitBodies } from '../http/hooks/request-bodies.js';
import { problem, ProblemError } from '../http/problems/problem.js';
import type { DraftingContext } from './drafts.js';

const schemaMediaTypes = ['application/json', 'application/schema+json'];

export function addPolicies(app: App, context: DraftingContext): void {
  app.get(
    '/policies',
    operation({
      operationId: 'listPolicies',
      tags: ['policies'],
      summary: 'List the policies and guardrails in force',
      description: 'Built-in guardrails are not listed. `digest` names the whole set, as decisions do.',
      querystring: ListQuerySchema,
      response: { 200: pageResponse(schemas.LoadedPolicyListSchema, 'A page.') },
    }),
    async (request, reply): Promise<LoadedPolicyListBody> => {
      const { digest, items } = listPolicies(context, callerOf(request));
      const page = pageOfList(items, pageQuery(request.query), ({ kind, path, name }) => `${kind} ${path} ${name}`);
      linkToNext(request, reply, page.nextCursor);
      return { digest, items: page.items.map((policy) => ({ ...policy })), nextCursor: page.nextCursor };
    },
  );

  app.get(
    '/policies/offers',
    operation({
      operationId: 'listPolicyOffers',
      tags: ['policies'],
      summary: 'See what you may ask for',
      description:
        'The policies whose `selector` you meet, by cluster. Guardrails, hours, quotas and expressions may still deny a ' +
        'request: `POST /v1/policies/evaluate` says so.',
      response: { 200: json(schemas.PolicyOfferListSchema, { description: 'One item for each policy.' }) },
    }),
    (request) => schemas.policyOffersView({ items: listOffers(context, callerOf(request)) }),
  );

  app.get(
    '/policies/texts',
    operation({
      config: { action: 'draft-policies' },
      operationId: 'readPolicyTexts',
      tags: ['policies'],
      summary: 'Read the files of the policies in force',
      description: 'To begin a draft with. For an auditor or admin.',
      response: { 200: json(schemas.PolicyTextsSchema, { description: 'The files.' }) },
    }),
    (request) => {
      const { digest, texts } = granted(readPolicyTexts(context, callerOf(request)));
      return schemas.policyTextsView({ digest, files: texts });
    },
  );

  // The schema does not change while the service runs. It is written once, when the first caller asks for it.
  let policySchema: string | null = null;
  app.get(
    '/policies/schema.json',
    operation({
      config: { produces: schemaMediaTypes },
      operationId: 'readPolicySchema',
      tags: ['policies'],
      summary: 'Read the JSON Schema of policy files, for editors',
      description:
        'Describes one document of a file. It checks the structure; globs and expressions are checked when a file is loaded.',
      response: {
        200: response(
          Object.fromEntries(
            schemaMediaTypes.map((type) => [
              type,
              Type.Unknown({ description: 'JSON Schema, draft 2020-12.', examples: [{ type: 'object' }] }),
            ]),
          ),
          { description: 'The schema.' },
        ),
      },
    }),
    (request, reply) => {
      policySchema ??= JSON.stringify(readPolicySchema());
      return reply.type(request.answerType).send(policySchema);
    },
  );

  app.register(async (scope: App) => {
    readDraftBodies(scope, app.initialConfig.bodyLimit ?? 0, schemas.maxDraftOctets);
    addReplay(scope, context);
    scope.post(
      '/policies/evaluate',
      operation({
        config: { produces: ['application/json', 'text/plain'], budgetUse: 'writing' },
        operationId: 'evaluatePolicies',
        tags: ['policies'],
        summary: 'See how a request would be decided, without making it',
        description:
          'Records only an audit event, unless `record` is false. Answers 200 for a denial too, with the complete trace. With `policies` (role ' +
          'auditor or admin; a body of at most 1 MiB) these decide instead of the policies in force; that may take ' +
          'at most 2 s.',
        body: ref(schemas.EvaluationSpecSchema),
        response: {
          200: response(
            {
              'application/json': ref(schemas.DecisionSchema),
              'text/plain': textBody('The same as text: the outcome first, then each guardrail and policy.', null),
            },
            { description: 'The decision.' },
          ),
        },
        problems: ['not-found', 'state-conflict', 'unacceptable-csr', 'unacceptable-policies'],
      }),
      async (request, reply) => {
        const { policies: draft, ...ask } = request.body;
        const evaluation = granted(await evaluatePolicies(context, callerOf(request), ask, draft ?? null));
        return request.answerType === 'text/plain'
          ? reply.type('text/plain; charset=utf-8').send(evaluationText(evaluation))
          : evaluationView(evaluation);
      },
    );
  });
}

/** Makes a scope accept larger bodies from callers who may send policies. */
function readDraftBodies(scope: App, ordinaryOctets: number, maxOctets: number): void {
  const parse = jsonBodyParser(scope);
  scope.removeContentTypeParser('application/json');
  limitBodies(scope, maxOctets);
  scope.addContentTypeParser<Buffer>('application/json', { parseAs: 'buffer' }, (request, body, done) => {
    if (body.length <= ordinaryOctets || may(callerOf(request), 'draft-policies')) parse(request, body, done);
    else done(new ProblemError(problem('content-too-large', 'the body is larger than it may be without policies')));
  });
}
