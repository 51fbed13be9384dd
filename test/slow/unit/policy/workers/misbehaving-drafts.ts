import { ask, begin } from '../../../../../src/workers/worker-side.js';
import type { BatchAnswer, DraftResult, EvaluateTask, ReplayTask } from '../../../../../src/policy/workers/draft.js';

/** Stands in for what a worker does: the draft's first text says how it misbehaves. */
function misbehave(text: string): DraftResult {
  switch (text) {
    case 'loop':
      for (;;);
    case 'hoard': {
      const hoard: object[] = [];
      // Far beyond each limit. Without an end, a thread that Node fails to end would take all memory.
      while (hoard.length < 100_000) hoard.push({ of: new Array(1000).fill(hoard.length) });
      throw new Error('the limit of memory was passed by');
    }
    case 'throw':
      throw new Error(`cannot read ${text} a-secret-in-the-draft`);
    default:
      return { kind: 'invalid', errors: [`/policies/0:1:1: ${text}`] };
  }
}

export async function evaluateDraft({ draft, port }: EvaluateTask): Promise<DraftResult> {
  begin(port);
  const result = misbehave(draft.texts[0]!.text);
  port.close();
  return Promise.resolve(result);
}

/** Reads every draft, and misbehaves with the second batch. */
export async function replayDraft({ draft, port }: ReplayTask): Promise<DraftResult> {
  begin(port);
  let batches = 0;
  for (;;) {
    const batch = await ask<BatchAnswer>(port, { kind: 'batch', digest: 'd', replayed: [{ kind: 'unchanged' }] });
    if (batch === null) break;
    if (++batches === 2) misbehave(draft.texts[0]!.text);
  }
  port.close();
  return { kind: 'replayed' };
}
