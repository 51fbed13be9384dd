import { describeFailure } from '../../workers/worker-error.js';
import { ask, begin, giveWay } from '../../workers/worker-side.js';
import type { Replayed } from '../../model/replay.js';
import { parsePolicySet } from '../parse-policy-set.js';
import { Replayer } from '../replay-request.js';
import type { BatchAnswer, BatchQuestion, DraftResult, ReplayTask } from './draft-task.js';

giveWay();

/** What a worker makes of recorded requests under a draft, batch by batch until there are no more. It never throws. */
export async function replayDraft({ draft, port }: ReplayTask): Promise<DraftResult> {
  begin(port);
  try {
    const parsed = parsePolicySet(draft.texts, draft.clusters);
    if (!parsed.ok) return { kind: 'invalid', errors: parsed.errors };
    const { digest } = parsed.policySet;
    const replayer = new Replayer(parsed.policySet);
    let replayed: readonly Replayed[] = [];
    for (;;) {
      const question: BatchQuestion = { kind: 'batch', digest, replayed };
      const batch = await ask<BatchAnswer>(port, question);
      if (batch === null) return { kind: 'replayed' };
      replayed = batch.map((recorded) => replayer.replay(recorded));
    }
  } catch (error) {
    return { kind: 'failed', failure: describeFailure(error) };
  } finally {
    port.close();
  }
}
