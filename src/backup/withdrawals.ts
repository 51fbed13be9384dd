import type { IdentityBlock } from '../model/identity.js';
import { revocationReasons } from '@kubepass/x509';
import type { Operation } from '../store/steps/step.js';

/** Something that was taken from somebody, besides a certificate, or given back: as the list beside the database keeps it. */
export type Withdrawal =
  | { readonly token: string; readonly at: Date }
  /** Null: the name was unblocked. */
  | { readonly folded: string; readonly block: IdentityBlock | null };

type WithdrawingOp = 'revokeApiToken' | 'revokeTokenOfLeaver' | 'insertIdentityBlock' | 'removeIdentityBlock';

export function withdrawalBy(operation: Extract<Operation, { readonly op: WithdrawingOp }>): Withdrawal {
  switch (operation.op) {
    case 'revokeApiToken':
    case 'revokeTokenOfLeaver':
      return { token: operation.id, at: operation.at };
    case 'insertIdentityBlock':
      return { folded: operation.folded, block: operation.block };
    case 'removeIdentityBlock':
      return { folded: operation.folded, block: null };
  }
}

/** How a list ends: of several lines about one name, the last one holds. */
export function resolvedWithdrawals(listed: readonly Withdrawal[]) {
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
  const [first, second] = [resolvedWithdrawals(one), resolvedWithdrawals(other)];
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
