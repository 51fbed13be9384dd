import type { MessagePort } from 'node:worker_threads';
import type { Replayed } from '../../model/replay.js';
import { describeFailure } from '../../workers/thread.js';
import { ask, begin, giveWay } from '../../workers/worker-side.js';
import { decide, neededFacts } from '../decide.js';
import { parsePolicySet } from '../parse-policy-set.js';
import type { PolicySet } from '../policy-set.js';
import { Replayer } from '../compare-decisions.js';
import type {
  BatchAnswer,
  BatchQuestion,
  Draft,
  DraftResult,
  EvaluateTask,
  FactsAnswer,
  FactsQuestion,
  ReplayTask,
} from './draft.js';

giveWay();

/** Decides one request under a draft. It asks for the facts that the draft needs. It never throws. */
export async function evaluateDraft({ draft, question, port }: EvaluateTask): Promise<DraftResult> {
  return underDraft(draft, port, async (policySet) => {
    const { request, requester, cluster, now } = question;
    const factsQuestion: FactsQuestion = { kind: 'facts', needed: neededFacts(policySet, cluster, requester) };
    const facts = await ask<FactsAnswer>(port, factsQuestion);
    if (facts === null) return { kind: 'withoutFacts' };
    const decision = decide(request, requester, facts, policySet, now);
    return { kind: 'decided', decision, facts, digest: policySet.digest };
  });
}

/** Replays recorded requests under a draft, batch after batch until there are no more. Never throws. */
export async function replayDraft({ draft, port }: ReplayTask): Promise<DraftResult> {
  return underDraft(draft, port, async (policySet) => {
    const replayer = new Replayer(policySet);
    let replayed: readonly Replayed[] = [];
    for (;;) {
      const question: BatchQuestion = { kind: 'batch', digest: policySet.digest, replayed };
      const batch = await ask<BatchAnswer>(port, question);
      if (batch === null) return { kind: 'replayed' };
      replayed = batch.map((recorded) => replayer.replay(recorded));
    }
  });
}

async function underDraft(
  { texts, clusters }: Draft,
  port: MessagePort,
  work: (policySet: PolicySet) => Promise<DraftResult>,
): Promise<DraftResult> {
  begin(port);
  try {
    const parsed = parsePolicySet(texts, clusters);
    return parsed.ok ? await work(parsed.policySet) : { kind: 'invalid', errors: parsed.errors };
  } catch (error) {
    return { kind: 'failed', failure: describeFailure(error) };
  } finally {
    port.close();
  }
}
