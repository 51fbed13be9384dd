import { setTimeout as sleep } from 'node:timers/promises';
import { auditEvent } from '../../model/audit-event.js';
import type { RecordedRequest, ReplayItem } from '../../model/replay.js';
import { DraftRefusedError } from '../../policy/workers/draft-refused-error.js';
import type { ReplaySession } from '../../policy/workers/replay-session.js';
import type { RecordedRequestRange } from '../../store/store.js';
import type { IssuanceContext } from '../context.js';
import { isProbe } from '../events.js';
import { draftRefusal } from './draft-refusal.js';
import { ReplayTally } from './replay-tally.js';

/** Requests that are read at once, while the event loop waits: a few milliseconds. */
const chunkSize = 100;
/** Between two lines of progress. */
const requestsPerProgress = 1000;
/** After each chunk the event loop is left to others, whatever they do with it: a hundred thousand take ten seconds more. */
const restMilliseconds = 10;

/**
 * Replays the requests of a period, chunk by chunk as the items are taken, and tells what comes of it. The first item
 * is empty: once it is taken, ending the items closes the session. Whatever ends it, the audit log tells of it.
 */
export async function* replayItems(
  context: IssuanceContext,
  principal: string,
  session: ReplaySession,
  range: RecordedRequestRange,
): AsyncGenerator<readonly ReplayItem[], void, void> {
  const tally = new ReplayTally();
  const record = (complete: boolean) => recordReplay(context, principal, session.digest, range, tally, complete);
  let recorded = false;
  try {
    yield [];
    let told = 0;
    for await (const chunk of chunks(context, range)) {
      const replayed = await session.replay(chunk);
      const items: ReplayItem[] = replayed.filter((one) => one.kind !== 'unchanged');
      tally.add(replayed);
      const last = chunk.at(-1);
      if (last && tally.requests - told >= requestsPerProgress) {
        told = tally.requests;
        items.push({ kind: 'progress', ...tally.progress(), decidedAt: last.decision.decidedAt });
      }
      if (items.length > 0) yield items;
    }
    await record(true);
    recorded = true;
    yield [{ kind: 'summary', ...tally.summary() }];
  } catch (error) {
    if (!(error instanceof DraftRefusedError)) throw error;
    yield [{ kind: 'refused', refusal: draftRefusal(error) }];
  } finally {
    await session.close();
    if (!recorded)
      await record(false).catch((error: unknown) => {
        context.log.error({ err: error }, 'a replay that was cut short could not be put on record');
      });
  }
}

/** The requests that policies decided on, oldest first. What kubepass asks for itself, to probe a cluster, is not theirs. */
async function* chunks(
  { store }: IssuanceContext,
  range: RecordedRequestRange,
): AsyncGenerator<readonly RecordedRequest[], void, void> {
  let afterId: string | null = null;
  for (;;) {
    const chunk: readonly RecordedRequest[] = await store.recordedRequests.chunk(range, afterId, chunkSize);
    const decided = chunk.filter((request) => !isProbe(request));
    if (decided.length > 0) yield decided;
    const last = chunk.at(-1);
    if (last === undefined || chunk.length < chunkSize) return;
    afterId = last.id;
    await sleep(restMilliseconds);
  }
}

async function recordReplay(
  { store, clock }: IssuanceContext,
  principal: string,
  policySetDigest: string,
  { cluster, after, before }: RecordedRequestRange,
  tally: ReplayTally,
  complete: boolean,
): Promise<void> {
  const details = {
    policySetDigest,
    after: after?.toISOString() ?? null,
    before: before.toISOString(),
    complete,
    ...tally.summary(),
  };
  await store.writer.commit({
    operations: [],
    events: [auditEvent('PolicyReplayed', clock(), principal, details, { cluster: cluster ?? null })],
  });
}
