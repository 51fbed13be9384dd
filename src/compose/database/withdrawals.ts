import { apiTokenRevokedAgain } from '../../identity/api-tokens.js';
import { auditEvent } from '../../model/audit-event.js';
import type { IdentityBlock } from '../../model/identity-block.js';
import { revocationReasons } from '../../model/revocation.js';
import { afterCommit } from '../../store/after-commit.js';
import type { Operation, Step, Writer } from '../../store/step.js';
import type { Store } from '../../store/store.js';

/** Something that was taken from somebody, besides a certificate, or given back: as the list beside the database keeps it. */
export type Withdrawal =
  | { readonly token: string; readonly at: Date }
  /** Null: the name was unblocked. */
  | { readonly folded: string; readonly block: IdentityBlock | null };

/** A writer that hands on the withdrawals of each commit before the commit is answered. Nearly all commits have none. */
export const withdrawingWriter = (writer: Writer, keep: (some: readonly Withdrawal[]) => Promise<void>): Writer =>
  afterCommit(writer, withdrawalBy, keep);

function withdrawalBy(operation: Operation): Withdrawal | null {
  switch (operation.op) {
    case 'revokeApiToken':
    case 'revokeTokenOfLeaver':
      return { token: operation.id, at: operation.at };
    case 'insertIdentityBlock':
      return { folded: operation.folded, block: operation.block };
    case 'removeIdentityBlock':
      return { folded: operation.folded, block: null };
    default:
      return null;
  }
}

type WithdrawalStore = Pick<Store, 'writer' | 'apiTokens' | 'identityBlocks'>;

/** The outcome of reading a list of withdrawals. */
export interface RestoredWithdrawals {
  /** How many the database did not know. */
  readonly restored: number;
  /** Those that are still worth keeping. */
  readonly kept: readonly Withdrawal[];
}

/** Withdraws again what a list knows and the database does not, because it was put back from a backup. */
export async function restoreWithdrawals(
  store: WithdrawalStore,
  listed: readonly Withdrawal[],
  now: Date,
): Promise<RestoredWithdrawals> {
  const { tokens, blocks } = resolved(listed);
  const kept: Withdrawal[] = [];
  let restored = 0;
  for (const [id, withdrawal] of tokens) {
    const token = await store.apiTokens.find(id);
    if (token !== null && token.expiresAt !== null && token.expiresAt <= now) continue;
    kept.push(withdrawal);
    if (token === null || token.revokedAt !== null) continue;
    await commit(store, [{ op: 'revokeApiToken', id, at: now }], apiTokenRevokedAgain(token, now));
    restored += 1;
  }
  for (const [folded, block] of blocks) {
    if (block === null || (block.until !== null && block.until <= now)) continue;
    kept.push({ folded, block });
    const [stored] = await store.identityBlocks.find([folded]);
    if (stored !== undefined && stored.blockedAt >= block.blockedAt) continue;
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
    restored += 1;
  }
  return { restored, kept };
}

/** How a list ends: of several lines about one name, the last one holds. */
function resolved(listed: readonly Withdrawal[]) {
  const tokens = new Map<string, Withdrawal>();
  const blocks = new Map<string, IdentityBlock | null>();
  for (const one of listed)
    if ('token' in one) tokens.set(one.token, one);
    else blocks.set(one.folded, one.block);
  return { tokens, blocks };
}

/**
 * The withdrawals of two lists. Nobody knows which of them is the younger one, so a name that either has blocked at its end is
 * blocked: by the younger block where both have one.
 */
export function unitedWithdrawals(one: readonly Withdrawal[], other: readonly Withdrawal[]): readonly Withdrawal[] {
  const [first, second] = [resolved(one), resolved(other)];
  const blocks = new Map(first.blocks);
  for (const [folded, block] of second.blocks) {
    const already = blocks.get(folded) ?? null;
    blocks.set(folded, already !== null && (block === null || already.blockedAt > block.blockedAt) ? already : block);
  }
  return [
    ...new Map([...first.tokens, ...second.tokens]).values(),
    ...Array.from(blocks, ([folded, block]) => ({ folded, block })),
  ];
}

async function commit({ writer }: WithdrawalStore, operations: Step['operations'], event: Step['events'][number]) {
  const result = await writer.commit({ operations, events: [event] });
  if (!result.committed) throw new Error('what a list knows as withdrawn could not be recorded again');
}

export function withdrawalLine(withdrawal: Withdrawal): string {
  return `${JSON.stringify(withdrawal)}\n`;
}

const isText = (value: unknown): value is string => typeof value === 'string' && value !== '';
const instantIn = (value: unknown): Date | null =>
  isText(value) && !Number.isNaN(Date.parse(value)) ? new Date(value) : null;

/** Null where the members of a line are no withdrawal. */
export function withdrawalIn(found: Readonly<Record<string, unknown>>): Withdrawal | null {
  const { token, folded, block } = found;
  if (isText(token)) {
    const at = instantIn(found['at']);
    return at && { token, at };
  }
  if (!isText(folded) || block === undefined) return null;
  if (block === null) return { folded, block };
  const read = blockIn(block);
  return read && { folded, block: read };
}

function blockIn(value: unknown): IdentityBlock | null {
  if (typeof value !== 'object' || value === null) return null;
  const { username, clusters, comment, blockedBy, ...more } = value as Readonly<Record<string, unknown>>;
  const reason = revocationReasons.find((known) => known === more['reason']);
  const blockedAt = instantIn(more['blockedAt']);
  const until = instantIn(more['until']);
  if (!isText(username) || !isText(blockedBy) || reason === undefined || blockedAt === null) return null;
  if (clusters !== null && !(Array.isArray(clusters) && clusters.every(isText))) return null;
  if ((comment !== null && typeof comment !== 'string') || (until === null && more['until'] !== null)) return null;
  return { username, clusters, reason, comment, until, blockedAt, blockedBy };
}
