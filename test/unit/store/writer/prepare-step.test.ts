// Tests src/store/writer/prepare-step.ts
import { describe, expect, it } from 'vitest';
import { StoreUnavailableError } from '../../../../src/model/errors.js';
import { sqliteDialect } from '../../../../src/store/sqlite/sqlite-statements.js';
import type { CommitResult, Write } from '../../../../src/store/steps/step.js';
import { StepPreparation } from '../../../../src/store/writer/prepare-step.js';
import { rememberPolicySet } from '../../../../src/store/tables/policy-set-table.js';

const policySet = (digest: string): Write => rememberPolicySet({ digest, texts: [] });

describe('a policy set', () => {
  it('is committed once, and again with the next step where that did not go through', async () => {
    const answers: (() => Promise<CommitResult>)[] = [
      () => Promise.reject(new StoreUnavailableError('the disk is full')),
      () => Promise.resolve({ committed: false, conflict: { kind: 'idempotencyKey' } }),
    ];
    const digests: unknown[] = [];
    const preparation = new StepPreparation(sqliteDialect, (step) => step);
    const commit = (digest: string) =>
      preparation.commit([{ operations: [policySet(digest)], events: [] }], async (steps) => {
        digests.push(steps.flatMap(({ statements }) => statements.map(({ parameters }) => parameters[0])));
        return [{ result: await (answers.shift()?.() ?? Promise.resolve({ committed: true })) }];
      });
    await expect(commit('a')).rejects.toThrow(StoreUnavailableError);
    await commit('a');
    await commit('a');
    await commit('a');
    await commit('b');
    expect(digests).toEqual([['a'], ['a'], ['a'], [], ['b']]);
  });
});
