import { describeFailure } from '../../workers/worker-error.js';
import { ask, begin, giveWay } from '../../workers/worker-side.js';
import { decide } from '../decide.js';
import { neededFacts } from '../needed-facts.js';
import { parsePolicySet } from '../parse-policy-set.js';
import type { DraftResult, EvaluateTask, FactsAnswer, FactsQuestion } from './draft-task.js';

giveWay();

/** What a worker makes of one request under a draft. It never throws. */
export async function evaluateDraft({ draft, question, port }: EvaluateTask): Promise<DraftResult> {
  begin(port);
  try {
    const parsed = parsePolicySet(draft.texts, draft.clusters);
    if (!parsed.ok) return { kind: 'invalid', errors: parsed.errors };
    const { policySet } = parsed;
    const { request, requester, cluster, now } = question;
    const asked: FactsQuestion = { kind: 'facts', needed: neededFacts(policySet, cluster, requester) };
    const facts = await ask<FactsAnswer>(port, asked);
    if (facts === null) return { kind: 'withoutFacts' };
    const decision = decide(request, requester, facts, policySet, now);
    return { kind: 'decided', decision, facts, digest: policySet.digest };
  } catch (error) {
    return { kind: 'failed', failure: describeFailure(error) };
  } finally {
    port.close();
  }
}
