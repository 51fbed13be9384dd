import type { Services } from '../../services.js';
import { callerOf } from '../plugins/authentication.js';
import { readDraftBodies } from './draft-bodies.js';
import { ref } from '../field-schemas.js';
import { DecisionSchema } from '../certificate-requests/decision.js';
import { maxDraftOctets, NewEvaluationSchema } from './draft.js';
import { bodyProblems, problems, response, textOf } from '../responses.js';
import { sendRefusal } from '../problems/send-refusal.js';
import type { App } from '../types.js';
import { evaluationView } from '../certificate-requests/decision-view.js';
import { evaluationText } from './evaluation-text.js';

export function addEvaluatePolicies(app: App, { policies }: Services): void {
  app.register(async (scope: App) => {
    readDraftBodies(scope, app.initialConfig.bodyLimit ?? 0, maxDraftOctets);
    scope.post(
      '/policies/evaluate',
      {
        config: { produces: ['application/json', 'text/plain'] },
        schema: {
          operationId: 'evaluatePolicies',
          tags: ['policies'],
          summary: 'See how a request would be decided, without making it',
          description:
            'Records nothing but an audit event. Answers 200 for a denial too, with the whole trace. With `policies` ' +
            '(role auditor or admin; a body of at most 1 MiB) it is decided under those instead of the ones in force, ' +
            'which takes at most 2 s.',
          body: ref(NewEvaluationSchema),
          response: {
            200: response(
              {
                'application/json': ref(DecisionSchema),
                'text/plain': textOf('The same to be read: the outcome first, then each guardrail and policy.'),
              },
              { description: 'The decision.' },
            ),
            ...problems(403, 422, ...bodyProblems),
          },
        },
      },
      async (request, reply) => {
        const { policies: draft, ...ask } = request.body;
        const outcome = await policies.evaluate(callerOf(request), ask, draft ?? null);
        if (!outcome.ok) return sendRefusal(reply, outcome.refusal);
        return request.answerType === 'text/plain'
          ? reply.type('text/plain; charset=utf-8').send(evaluationText(outcome.value))
          : evaluationView(outcome.value);
      },
    );
  });
}
