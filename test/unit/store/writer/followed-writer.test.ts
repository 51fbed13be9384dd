// Tests src/store/writer/followed-writer.ts
import { describe, expect, it } from 'vitest';
import { StoreUnavailableError } from '../../../../src/model/errors.js';
import { afterCommit, followedWriter, type CommitFollower } from '../../../../src/store/writer/followed-writer.js';
import type { CommitResult, Step, Writer } from '../../../../src/store/steps/step.js';
import { revokeApiToken } from '../../../../src/store/tables/api-token-table.js';
import { endSession } from '../../../../src/store/tables/session-table.js';

const committed: CommitResult = { committed: true };
const conflict: CommitResult = { committed: false, conflict: { kind: 'blocked' } };
const at = new Date('2026-03-01T09:30:00Z');
const revokesToken: Step = { operations: [revokeApiToken({ id: 't', at })], events: [] };
const endsSession: Step = { operations: [endSession({ id: 's', at })], events: [] };

/** A store that tells in `heard` when it commits. */
const storeOf = (heard: string[], answer: () => Promise<CommitResult> = () => Promise.resolve(committed)): Writer => ({
  commit(step) {
    heard.push(`commit of ${step.operations.map(({ tells }) => Object.keys(tells ?? {}).join()).join()}`);
    return answer();
  },
});

/** A follower that tells in `heard` of itself. */
const follower = (name: string, heard: string[], more: Partial<CommitFollower> = {}): CommitFollower => ({
  minds: null,
  waits: true,
  before(step) {
    heard.push(`${name} before`);
    return step;
  },
  after({ result }) {
    heard.push(`${name} after ${result === null ? 'nothing' : String(result.committed)}`);
  },
  ...more,
});

describe('the followers of a commit', () => {
  it('come in one order before it and after it', async () => {
    const heard: string[] = [];
    const writer = followedWriter(storeOf(heard), [follower('first', heard), follower('second', heard)]);
    expect(await writer.commit(revokesToken)).toBe(committed);
    expect(heard).toEqual([
      ...['first before', 'second before', 'commit of withdrawn'],
      ...['first after true', 'second after true'],
    ]);
  });

  it('are passed by where the step has no operation that they mind', async () => {
    const heard: string[] = [];
    const writer = followedWriter(storeOf(heard), [follower('one', heard, { minds: 'endedSession' })]);
    await writer.commit(revokesToken);
    expect(heard).toEqual(['commit of withdrawn']);
    await writer.commit(endsSession);
    expect(heard.slice(1)).toEqual(['one before', 'commit of endedSession', 'one after true']);
  });

  it('may become more: a commit has those that were there when it began', async () => {
    const heard: string[] = [];
    const followers = [follower('first', heard)];
    const writer = followedWriter(storeOf(heard), followers);
    const begun = writer.commit(revokesToken);
    followers.push(follower('second', heard));
    await begun;
    expect(heard).toEqual(['first before', 'commit of withdrawn', 'first after true']);
    await writer.commit(endsSession);
    expect(heard.slice(3)).toEqual([
      ...['first before', 'second before', 'commit of endedSession'],
      ...['first after true', 'second after true'],
    ]);
  });

  it('keep the caller waiting, and those behind them, only where it is to wait for them', async () => {
    for (const waits of [true, false]) {
      const heard: string[] = [];
      let finish: () => void = () => undefined;
      const after = () =>
        new Promise<void>((resolve) => {
          finish = resolve;
        });
      const writer = followedWriter(storeOf(heard), [
        follower('slow', heard, { waits, after }),
        follower('next', heard),
      ]);
      let answered = false;
      const committing = writer.commit(endsSession).then(() => {
        answered = true;
      });
      await new Promise(setImmediate);
      expect([answered, heard.includes('next after true')]).toEqual([!waits, !waits]);
      finish();
      await committing;
      expect(heard.at(-1)).toBe('next after true');
    }
  });

  it('are told of a conflict, and that it is not known whether a step was committed', async () => {
    const heard: string[] = [];
    const answers = [() => Promise.resolve(conflict), () => Promise.reject(new StoreUnavailableError('the disk'))];
    const writer = followedWriter(
      storeOf(heard, () => answers.shift()!()),
      [follower('one', heard, { before: (step) => step })],
    );
    expect(await writer.commit(endsSession)).toBe(conflict);
    await expect(writer.commit(endsSession)).rejects.toThrow(StoreUnavailableError);
    expect(heard.filter((line) => line.startsWith('one'))).toEqual(['one after false', 'one after nothing']);
  });

  it('may commit another step, or none', async () => {
    const heard: string[] = [];
    const other = follower('other', heard, { before: () => endsSession });
    expect(await followedWriter(storeOf(heard), [other]).commit(revokesToken)).toBe(committed);
    expect(heard).toEqual(['commit of endedSession', 'other after true']);
    heard.length = 0;
    const none = follower('none', heard, {
      before: () => Promise.resolve(conflict as { committed: false } & typeof conflict),
    });
    expect(await followedWriter(storeOf(heard), [none, follower('next', heard)]).commit(revokesToken)).toBe(conflict);
    const throws = follower('throws', heard, {
      before() {
        throw new Error('the budget is spent');
      },
    });
    await expect(followedWriter(storeOf(heard), [throws]).commit(revokesToken)).rejects.toThrow('the budget is spent');
    expect(heard).toEqual([]);
  });

  it('leave steps in the order in which they came', async () => {
    const heard: string[] = [];
    const writer = followedWriter(storeOf(heard), [follower('one', heard, { minds: null })]);
    const both = [writer.commit(revokesToken), writer.commit(endsSession)];
    expect(heard.filter((line) => line.startsWith('commit'))).toEqual([
      'commit of withdrawn',
      'commit of endedSession',
    ]);
    await Promise.all(both);
  });
});

describe('a follower of committed operations', () => {
  it('is told of its own operations, in one call for a step, and of nothing that was not committed', async () => {
    const answers = [committed, conflict];
    const told: unknown[] = [];
    const writer = followedWriter(
      storeOf([], () => Promise.resolve(answers.shift()!)),
      [afterCommit('endedSession', { waits: true }, (ids) => void told.push(ids))],
    );
    const operations = [...endsSession.operations, ...revokesToken.operations, ...endsSession.operations];
    await writer.commit({ operations, events: [] });
    await writer.commit({ operations, events: [] });
    expect(told).toEqual([['s', 's']]);
  });
});
