import { untraced, type Tracing } from '../../model/tracing.js';
import type { CommitResult, Step, Tells, Writer } from '../steps/step.js';

/** How a commit ended. */
interface CommitEnd {
  /** As it was given to the store. */
  readonly step: Step;
  /** Null: the store gave none, and may have committed the step all the same. */
  readonly result: CommitResult | null;
  /** Why there is no result. */
  readonly error?: unknown;
  /** From the call of the writer on. */
  readonly seconds: number;
}

/** The answer for a step that is not even handed to the store. */
type Refused = Extract<CommitResult, { readonly committed: false }>;

/** A part of this process that has to do with commits: it looks at steps before them, or is told of them afterwards. */
export interface CommitFollower {
  /** A step whose operations do not tell this passes it by; null: it minds every step. */
  readonly minds: keyof Tells | null;
  /** Whether the caller is answered only when `after` has ended. */
  readonly waits: boolean;
  /** The step to commit in the place of this one, or why none is. Where it throws, nothing is committed. */
  readonly before?: (step: Step) => Step | Refused | Promise<Step | Refused>;
  readonly after?: (end: CommitEnd) => void | Promise<void>;
}

/** A follower that is told what each step that is committed tells under this name. */
export function afterCommit<Name extends keyof Tells>(
  minds: Name,
  { waits }: Pick<CommitFollower, 'waits'>,
  tell: (told: readonly NonNullable<Tells[Name]>[]) => void | Promise<void>,
): CommitFollower {
  return {
    minds,
    waits,
    after: ({ step, result }) => (result?.committed === true ? tell(toldBy(step, minds)) : undefined),
  };
}

/** What the operations of a step tell under this name, in their order. */
export function toldBy<Name extends keyof Tells>(
  { operations }: Pick<Step, 'operations'>,
  name: Name,
): readonly NonNullable<Tells[Name]>[] {
  return operations.flatMap(({ tells }): readonly NonNullable<Tells[Name]>[] => {
    const told = tells?.[name];
    return told === undefined ? [] : [told];
  });
}

/**
 * A writer whose commits these followers follow, in this order; each is a span where there are traces. A commit is
 * followed by those that are in `followers` when it begins: a start adds its parts as it opens them.
 */
export function followedWriter(
  store: Writer,
  followers: readonly CommitFollower[],
  tracing: Tracing = untraced,
): Writer {
  const commit = (step: Step) => commitFollowed(store, followers, step);
  if (tracing === untraced) return { commit };
  return {
    commit: (step) =>
      tracing.span('commit', async (span) => {
        const result = await commit(step);
        span.set({ 'kubepass.committed': result.committed });
        return result;
      }),
  };
}

async function commitFollowed(store: Writer, all: readonly CommitFollower[], given: Step): Promise<CommitResult> {
  const began = performance.now();
  const followers = all.filter(
    ({ minds }) => minds === null || given.operations.some(({ tells }) => tells?.[minds] !== undefined),
  );
  const end = async (step: Step, how: Pick<CommitEnd, 'result' | 'error'>) => {
    for (const { waits, after } of followers) {
      const telling = after?.({ step, ...how, seconds: (performance.now() - began) / 1000 });
      if (waits) await telling;
    }
  };

  let step = given;
  for (const { before } of followers) {
    const answer = before?.(step) ?? step;
    // Without a wait where there is nothing to wait for: steps reach the store in the order in which they came.
    const next = answer instanceof Promise ? await answer : answer;
    if ('committed' in next) return next;
    step = next;
  }
  let result: CommitResult;
  try {
    result = await store.commit(step);
  } catch (error) {
    await end(step, { result: null, error });
    throw error;
  }
  await end(step, { result });
  return result;
}
