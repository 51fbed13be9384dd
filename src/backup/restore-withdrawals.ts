import { apiTokenRevokedAgain } from '../identity/api-tokens.js';
import { auditEvent } from '../model/audit-event.js';
import type { Step } from '../store/steps/step.js';
import type { Store } from '../store/store.js';
import { comparedWithdrawals, type WithdrawalReader } from './compared-withdrawals.js';
import type { Withdrawal } from './withdrawals.js';

type WithdrawalStore = WithdrawalReader & Pick<Store, 'writer'>;

/** The outcome of reading a list of withdrawals. */
export interface RestoredWithdrawals {
  /** How many the database did not know. */
  readonly restored: number;
  /** Everything that holds now. */
  readonly kept: readonly Withdrawal[];
}

/** Withdraws again what a list knows and the database does not, because it was put back from a backup. */
export async function restoreWithdrawals(
  store: WithdrawalStore,
  listed: readonly Withdrawal[],
  now: Date,
): Promise<RestoredWithdrawals> {
  const { tokens, blocks, all } = await comparedWithdrawals(store, listed, now);
  for (const token of tokens)
    await commit(store, [{ op: 'revokeApiToken', id: token.id, at: now }], apiTokenRevokedAgain(token, now));
  for (const { folded, block, stored } of blocks) {
    const { username, clusters, reason, comment, until } = block;
    const details = {
      ...{ username, clusters, reason, comment, until: until && until.toISOString() },
      ...{ revokedCertificates: 0, cancelledRequests: 0, restored: true as const },
    };
    await commit(
      store,
      [
        ...(stored ? [{ op: 'removeIdentityBlock', folded, n: stored.n } as const] : []),
        { op: 'insertIdentityBlock', block, folded },
      ],
      auditEvent('IdentityBlocked', now, null, details),
    );
  }
  return { restored: tokens.length + blocks.length, kept: all };
}

async function commit({ writer }: WithdrawalStore, operations: Step['operations'], event: Step['events'][number]) {
  const result = await writer.commit({ operations, events: [event] });
  if (!result.committed) throw new Error('what a list knows as withdrawn could not be recorded again');
}
