import type { FastifyError, FastifyRequest } from 'fastify';
import type { ReplayItem } from '../model/replay.js';
import { type Replay, replayPolicies } from './replay.js';
import { instantInBody, jsonMediaType } from '../http/hooks/request-input.js';
import { callerOf } from '../http/hooks/authentication.js';
import { errorToProblem } from '../http/problems/error-to-problem.js';
import { problemBody, type Problem } from '../http/problems/problem.js';
import { granted, refusalToProblem } from '../http/problems/refusal-to-problem.js';
import { operation, response, sendTexts } from '../http/answers/responses.js';
import { ref, viewOf } from '../http/schemas/schema-parts.js';
import type { App } from '../http/server/types.js';
import { ReplaySpecSchema } from './policy-schemas.js';
import * as schemas from './replay-schemas.js';
import type { ReplayLine } from './replay-schemas.js';
import type { DraftingContext } from './drafts.js';

const ndjson = 'application/x-ndjson';

/** Adds the route to a scope that accepts drafts of policies. */
export function addReplay(scope: App, context: DraftingContext): void {
  scope.post(
    '/policies/replay',
    operation({
      config: { action: 'draft-policies', produces: ['application/json', ndjson], budgetUse: 'writing' },
      operationId: 'replayPolicies',
      tags: ['policies'],
      summary: 'See which recorded decisions other policies would change',
      description:
        'Decides the requests of a period again under `policies`, each with the facts and the time that were ' +
        'recorded, and streams what would change, with NDJSON line by line. Needs the role auditor or admin. Only one replay runs at a time. ' +
        'Records only an audit event.',
      body: ref(ReplaySpecSchema),
      response: {
        200: response(
          { 'application/json': ref(schemas.ReplaySchema), [ndjson]: ref(schemas.ReplayLineSchema) },
          { description: 'What would change, as it is found.' },
        ),
      },
      problems: ['unacceptable-policies'],
    }),
    async (request, reply) => {
      const { after, before, ...ask } = request.body;
      const outcome = await replayPolicies(context, callerOf(request), {
        ...ask,
        ...(after !== undefined && { after: instantInBody('/after', after) }),
        ...(before !== undefined && { before: instantInBody('/before', before) }),
      });
      const replay = granted(outcome);
      // The replay ends when the answer ends, for whatever reason: there is only one at a time.
      const end = () => void replay.items.return();
      const lines = linesOf(request, replay);
      return request.answerType === ndjson
        ? sendTexts(reply, ndjson, oneOnEachLine(lines), end)
        : sendTexts(reply, jsonMediaType, asOneObject(lines), end);
    },
  );
}

/** Some lines of a replay, which go out together. */
type Lines = AsyncGenerator<readonly ReplayLine[], void, void>;

/** Items go out as they come, each batch as one chunk. */
async function* linesOf(request: FastifyRequest, replay: Replay): Lines {
  const { after, cluster } = replay;
  yield [shown.begun({ ...replay, type: 'begun', after: after ?? null, cluster: cluster ?? null })];
  try {
    for await (const items of replay.items) yield items.map((item) => replayLine(item, request.id));
  } catch (error) {
    request.log.error({ err: error }, 'a replay failed');
    yield [errorLine(errorToProblem(error as FastifyError), request.id)];
  }
}

async function* oneOnEachLine(batches: Lines): AsyncGenerator<string, void, void> {
  for await (const lines of batches) yield lines.map((line) => `${JSON.stringify(line)}\n`).join('');
}

/** An object that is cut off is no JSON, so nobody takes a part for the whole. */
async function* asOneObject(batches: Lines): AsyncGenerator<string, void, void> {
  let before = '{"items":[';
  for await (const lines of batches) {
    if (lines.length === 0) continue;
    yield `${before}${lines.map((line) => JSON.stringify(line)).join(',')}`;
    before = ',';
  }
  yield ']}';
}

const errorLine = (found: Problem, requestId: string): ReplayLine => ({
  type: 'error',
  problem: problemBody(found, requestId),
});

const shown = {
  begun: viewOf(schemas.ReplayBegunSchema),
  progress: viewOf(schemas.ReplayProgressSchema),
  changed: viewOf(schemas.ReplayedChangeSchema),
  undecidable: viewOf(schemas.ReplayUndecidableSchema),
  failed: viewOf(schemas.ReplayFailedSchema),
  summary: viewOf(schemas.ReplaySummarySchema),
};

/** One item of a replay as a line. */
function replayLine(item: ReplayItem, requestId: string): ReplayLine {
  switch (item.kind) {
    case 'refused':
      return errorLine(refusalToProblem(item.refusal), requestId);
    case 'progress':
      return shown.progress({ type: item.kind, ...item });
    case 'changed':
      return shown.changed({ type: item.kind, ...item.request, ...item });
    case 'undecidable':
      return shown.undecidable({ type: item.kind, ...item.request, ...item });
    case 'failed':
      return shown.failed({ type: item.kind, ...item.request });
    case 'summary':
      return shown.summary({ type: item.kind, ...item });
  }
}
