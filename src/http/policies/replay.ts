import { Readable } from 'node:stream';
import type { FastifyError, FastifyRequest } from 'fastify';
import type { Replay, Services } from '../../services.js';
import { errorToProblem } from '../problems/error-to-problem.js';
import { instantInBody } from '../instant.js';
import { callerOf } from '../plugins/authentication.js';
import { readDraftBodies } from './draft-bodies.js';
import { problemBody, type Problem } from '../problems/problem.js';
import { refusalToProblem } from '../problems/refusal-to-problem.js';
import { ref } from '../field-schemas.js';
import { maxDraftOctets, NewReplaySchema } from './draft.js';
import { ReplayLineSchema, type ReplayLine } from './replay-schemas.js';
import { bodyProblems, problems, response } from '../responses.js';
import { sendRefusal } from '../problems/send-refusal.js';
import type { App } from '../types.js';
import { replayBegun, replayLine } from './replay-view.js';

const ndjson = 'application/x-ndjson';

/** A caller who takes nothing for so long is not waited for: there is one replay at a time. */
const stalledMilliseconds = 120_000;

export function addReplayPolicies(app: App, { policies }: Services): void {
  app.register(async (scope: App) => {
    readDraftBodies(scope, app.initialConfig.bodyLimit ?? 0, maxDraftOctets);
    scope.post(
      '/policies/replay',
      {
        config: { produces: [ndjson] },
        schema: {
          operationId: 'replayPolicies',
          tags: ['policies'],
          summary: 'See which recorded decisions other policies would change',
          description:
            'Decides the requests of a period anew under `policies`, each with the facts and the time as they were ' +
            'recorded, and streams what would change. Takes the role auditor or admin. One replay at a time. Records ' +
            'nothing but an audit event.',
          body: ref(NewReplaySchema),
          response: {
            200: response({ [ndjson]: ReplayLineSchema }, { description: 'What would change, as it is found.' }),
            ...problems(403, 422, ...bodyProblems),
          },
        },
      },
      async (request, reply) => {
        const { after, before, ...ask } = request.body;
        const outcome = await policies.replay(callerOf(request), {
          ...ask,
          ...(after !== undefined && { after: instantInBody('/after', after) }),
          ...(before !== undefined && { before: instantInBody('/before', before) }),
        });
        if (!outcome.ok) return sendRefusal(reply, outcome.refusal);
        const { items } = outcome.value;
        const lines = Readable.from(linesOf(request, outcome.value));
        // Whatever becomes of the answer, the replay ends with it.
        lines.once('close', () => void items.return());
        reply.raw.setTimeout(stalledMilliseconds, () => reply.raw.destroy());
        return reply.type(ndjson).send(lines);
      },
    );
  });
}

/** What is found at once goes out at once. */
async function* linesOf(request: FastifyRequest, replay: Replay): AsyncGenerator<string> {
  yield textOf(replayBegun(replay));
  try {
    for await (const items of replay.items)
      yield items
        .map((item) =>
          textOf(item.kind === 'refused' ? errorLine(refusalToProblem(item.refusal), request.id) : replayLine(item)),
        )
        .join('');
  } catch (error) {
    request.log.error({ err: error }, 'a replay failed');
    yield textOf(errorLine(errorToProblem(error as FastifyError), request.id));
  }
}

const errorLine = (found: Problem, requestId: string): ReplayLine => ({
  type: 'error',
  problem: problemBody(found, requestId),
});

const textOf = (line: ReplayLine): string => `${JSON.stringify(line)}\n`;
