import { restoreRevocations } from '../access/revoke-certificate.js';
import { apiTokenRevokedAgain } from '../callers/api-tokens.js';
import { auditEvent } from '../model/audit-event.js';
import type { Step, Withdrawal } from '../store/steps/step.js';
import type { Store } from '../store/store.js';
import { revokeApiToken } from '../store/tables/api-token-table.js';
import { insertIdentityBlock, removeIdentityBlock } from '../store/tables/identity-block-table.js';
import { comparedWithdrawals } from './compare-withdrawals.js';
import type { ReadRevocations } from './revocations-file.js';

/** What a list knew and the database did not, because it was put back from a backup or lost rows. */
interface RecordedAgain {
  /** How many revocations of certificates these were. */
  readonly revocations: number;
  /** How many revocations of API tokens and blocks of identities these were. */
  readonly others: number;
  /** The revocations of tokens and the blocks that hold now, from both. */
  readonly withdrawn: readonly Withdrawal[];
}

/** Records again what a list knows and the database does not know. */
export async function recordWithdrawalsAgain(
  store: Store,
  listed: Pick<ReadRevocations, 'revoked' | 'withdrawn'>,
  now: Date,
): Promise<RecordedAgain> {
  const revocations = await restoreRevocations(store, listed.revoked, now);
  const { tokens, blocks, all } = await comparedWithdrawals(store, listed.withdrawn, now);
  for (const token of tokens)
    await commit(store, [revokeApiToken({ id: token.id, at: now })], apiTokenRevokedAgain(token, now));
  for (const { folded, block, stored } of blocks) {
    const { username, clusters, reason, comment, until } = block;
    const details = {
      ...{ username, clusters, reason, comment, until: until && until.toISOString() },
      ...{ revokedCertificates: 0, cancelledRequests: 0, restored: true as const },
    };
    await commit(
      store,
      [...(stored ? [removeIdentityBlock({ folded, n: stored.n })] : []), insertIdentityBlock({ block, folded })],
      auditEvent('IdentityBlocked', now, null, details),
    );
  }
  return { revocations, others: tokens.length + blocks.length, withdrawn: all };
}

/** How many were recorded again, in words; null: there was no such record. */
export function recordedAgainInWords({ revocations, others }: RecordedAgain, list: string): string | null {
  if (revocations + others === 0) return null;
  return others === 0
    ? `the database did not know ${revocations} revocations of ${list}: they are recorded again`
    : `the database did not know ${revocations + others} revocations and blocks of ${list}, ${others} of them of API tokens and identities: they are recorded again`;
}

async function commit({ writer }: Store, operations: Step['operations'], event: Step['events'][number]) {
  const result = await writer.commit({ operations, events: [event] });
  if (!result.committed) throw new Error('what a list knows as withdrawn could not be recorded again');
}
