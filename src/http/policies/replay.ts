import type { FastifyError, FastifyRequest } from 'fastify';
import type { ReplayedRequest, ReplayItem, ReplaySide } from '../../model/replay.js';
import type { Replay } from '../../issuance/policies/policy-service.js';
import type { Services } from '../services.js';
import { stageView } from '../certificate-requests/decision.js';
import { instantInBody } from '../instant.js';
import { callerOf } from '../plugins/authentication.js';
import { errorToProblem } from '../problems/error-to-problem.js';
import { problemBody, type Problem } from '../problems/problem.js';
import { granted, refusalToProblem } from '../problems/refusal-to-problem.js';
import { bodyProblems, problems, response } from '../responses.js';
import { addSchemas, ref } from '../schema-parts.js';
import { sendTexts } from '../text-stream.js';
import type { App } from '../types.js';
import { replays } from './examples.js';
import * as schemas from './replay-schemas.js';
import type { ReplayLine } from './replay-schemas.js';
import { NewReplaySchema } from './schemas.js';

const ndjson = 'application/x-ndjson';

/** Adds the route to a scope that accepts drafts of policies. */
export function addReplay(scope: App, { policies }: Services): void {
  addSchemas(scope, schemas);
  scope.post(
    '/policies/replay',
    {
      config: { action: 'draft-policies', produces: [ndjson], bodyExamples: replays },
      schema: {
        operationId: 'replayPolicies',
        tags: ['policies'],
        summary: 'See which recorded decisions other policies would change',
        description:
          'Decides the requests of a period again under `policies`, each with the facts and the time that were ' +
          'recorded, and streams what would change. Needs the role auditor or admin. Only one replay runs at a time. ' +
          'Records only an audit event.',
        body: ref(NewReplaySchema),
        response: {
          200: response({ [ndjson]: schemas.ReplayLineSchema }, { description: 'What would change, as it is found.' }),
          ...problems('not-permitted', 'unacceptable-policies', ...bodyProblems),
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
      const replay = granted(outcome);
      // The replay ends when the answer ends, for whatever reason: there is only one at a time.
      return sendTexts(reply, ndjson, linesOf(request, replay), () => void replay.items.return());
    },
  );
}

/** Items go out as they come, each batch as one chunk. */
async function* linesOf(request: FastifyRequest, replay: Replay): AsyncGenerator<string, void, void> {
  yield textOfLine(replayBegun(replay));
  try {
    for await (const items of replay.items)
      yield items
        .map((item) =>
          textOfLine(
            item.kind === 'refused' ? errorLine(refusalToProblem(item.refusal), request.id) : replayLine(item),
          ),
        )
        .join('');
  } catch (error) {
    request.log.error({ err: error }, 'a replay failed');
    yield textOfLine(errorLine(errorToProblem(error as FastifyError), request.id));
  }
}

const errorLine = (found: Problem, requestId: string): ReplayLine => ({
  type: 'error',
  problem: problemBody(found, requestId),
});

const textOfLine = (line: ReplayLine): string => `${JSON.stringify(line)}\n`;

function replayBegun({ policySetDigest, after, before, cluster }: Replay): ReplayLine {
  return {
    type: 'begun',
    policySetDigest,
    after: after?.toISOString() ?? null,
    before: before.toISOString(),
    cluster: cluster ?? null,
  };
}

/** One item of a replay as a line. A refusal is a problem instead. */
function replayLine(item: Exclude<ReplayItem, { readonly kind: 'refused' }>): ReplayLine {
  switch (item.kind) {
    case 'progress': {
      const { requests, changed, decidedAt } = item;
      return { type: 'progress', requests, changed, decidedAt: decidedAt.toISOString() };
    }
    case 'changed': {
      const { request, changes, was, wouldBe, why, whyOmitted } = item;
      return {
        type: 'changed',
        ...subjectView(request),
        changes: [...changes],
        was: sideView(was),
        wouldBe: sideView(wouldBe),
        why: why.map(({ reasons, failing, ...rule }) => ({
          ...rule,
          reasons: [...reasons],
          failing: failing.map((check) => ({ ...check })),
        })),
        whyOmitted,
      };
    }
    case 'undecidable':
      return { type: 'undecidable', ...subjectView(item.request), facts: [...item.facts] };
    case 'failed':
      return { type: 'failed', ...subjectView(item.request) };
    case 'summary': {
      const { requests, changed, undecidable, failed } = item;
      return { type: 'summary', requests, changed: { ...changed }, undecidable: { ...undecidable }, failed };
    }
  }
}

function subjectView({ id, cluster, username, groups, requester, decidedAt }: ReplayedRequest) {
  return { id, cluster, username, groups: [...groups], requester, decidedAt: decidedAt.toISOString() };
}

function sideView({ outcome, approval, policy, stages, expirationSeconds, reasons }: ReplaySide) {
  return { outcome, approval, policy, stages: stages.map(stageView), expirationSeconds, reasons: [...reasons] };
}
