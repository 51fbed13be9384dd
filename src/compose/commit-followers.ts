import type { DirectoryUse } from '../issuance/directory/directory-use.js';
import { learningWriter, type DenyList } from '../issuance/lifecycle/deny-list.js';
import type { IdentityBlocks } from '../issuance/lifecycle/identity-blocks.js';
import type { StepMeasures } from '../model/measures.js';
import type { Tracing } from '../model/tracing.js';
import { afterCommit } from '../store/after-commit.js';
import type { Writer } from '../store/step.js';
import type { Authenticators } from './callers/authenticators.js';
import type { KeptRevocations } from './database/kept-revocations.js';
import { measuredWriter } from './metrics.js';
import { tracedWriter } from './traces.js';
import { wakingWriter } from './webhook-outbox.js';
import { withdrawingWriter } from './database/withdrawals.js';

/** The parts of this process that know of a commit before its caller does. */
export interface CommitFollowers {
  readonly denyList: DenyList;
  /** The list beside the database. */
  readonly kept: KeptRevocations;
  readonly authenticators: Authenticators;
  readonly directoryUse: DirectoryUse;
  readonly identityBlocks: IdentityBlocks;
  /** Wakes the dispatcher of webhooks. */
  readonly wake: () => void;
  readonly measures: StepMeasures;
  readonly tracing: Tracing;
}

/** A writer that answers when all followers know: then nobody gets in with a credential that the commit has ended. */
export function followedWriter(
  writer: Writer,
  { denyList, kept, authenticators, directoryUse, identityBlocks, wake, measures, tracing }: CommitFollowers,
): Writer {
  const learning = learningWriter(writer, (revoked) => {
    for (const one of revoked) denyList.add(one);
    return kept.keep(revoked);
  });
  const withdrawing = withdrawingWriter(learning, (some) => {
    for (const one of some) if ('folded' in one) identityBlocks.add(one.folded);
    return kept.keepWithdrawn(some);
  });
  const doubting = doubtingWriter(forgettingWriter(withdrawing, authenticators), directoryUse);
  const waking = wakingWriter(doubting, wake);
  return tracedWriter(measuredWriter(waking, measures), tracing);
}

/** A writer that makes the authenticators forget the sessions and the API tokens of leavers that a commit ends. */
const forgettingWriter = (writer: Writer, { apiTokens, sessions }: Authenticators): Writer =>
  afterCommit(
    writer,
    (operation) => {
      if (operation.op === 'endSession') return () => sessions.forget(operation.id);
      if (operation.op === 'revokeTokenOfLeaver') return () => apiTokens.forget(operation.id);
      return null;
    },
    (forgets) => {
      for (const forget of forgets) forget();
    },
  );

/** A writer by which decisions believe nothing any more of the directory's users when one of them may have changed. */
const doubtingWriter = (writer: Writer, directoryUse: Pick<DirectoryUse, 'changed'>): Writer => ({
  commit(step) {
    const changes = step.operations.some(({ op }) => op === 'insertDirectoryUser' || op === 'updateDirectoryUser');
    // A commit without an answer may have been made.
    return changes ? writer.commit(step).finally(() => directoryUse.changed()) : writer.commit(step);
  },
});
