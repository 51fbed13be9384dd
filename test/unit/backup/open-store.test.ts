import { describe, expect, it } from 'vitest';
import { policySetsOnce } from '../../../src/backup/open-store.js';
import { StoreUnavailableError } from '../../../src/model/errors.js';
import { followedWriter } from '../../../src/store/writer/followed-writer.js';
import type { CommitResult, Operation, Step } from '../../../src/store/steps/step.js';

const policySet = (digest: string): Operation => ({ op: 'rememberPolicySet', digest, texts: [] });
const step = (...operations: readonly Operation[]): Step => ({ operations, events: [] });

function writer(answer: () => Promise<CommitResult>) {
  const committed: Step[] = [];
  const remembering = followedWriter(
    {
      commit(given) {
        committed.push(given);
        return answer();
      },
    },
    [policySetsOnce()],
  );
  return {
    remembering,
    digests: () => committed.map(({ operations }) => operations.map((o) => 'digest' in o && o.digest)),
  };
}

describe('a policy set', () => {
  it('is committed once, and again with the next step where that did not go through', async () => {
    const answers: (() => Promise<CommitResult>)[] = [
      () => Promise.reject(new StoreUnavailableError('the disk is full')),
      () => Promise.resolve({ committed: false, conflict: { kind: 'idempotencyKey' } }),
    ];
    const { remembering, digests } = writer(() => answers.shift()?.() ?? Promise.resolve({ committed: true }));
    await expect(remembering.commit(step(policySet('a')))).rejects.toThrow(StoreUnavailableError);
    await remembering.commit(step(policySet('a')));
    await remembering.commit(step(policySet('a')));
    await remembering.commit(step(policySet('a')));
    await remembering.commit(step(policySet('b')));
    expect(digests()).toEqual([['a'], ['a'], ['a'], [], ['b']]);
  });
});
