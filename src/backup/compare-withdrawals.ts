import { foldedName } from '@kubepass/inspect/formats';
import type { IdentityBlock, StoredIdentityBlock } from '../model/identity.js';
import type { ApiToken } from '../model/principal.js';
import { isOpen } from './detect-restorations.js';
import type { Store } from '../store/store.js';
import { resolvedWithdrawals } from './revocations-file.js';
import type { Withdrawal } from '../store/steps/step.js';

export type WithdrawalReader = Pick<Store, 'apiTokens' | 'identityBlocks' | 'auditEvents' | 'restorations'>;

/** A list of withdrawals beside what a database knows. */
interface ComparedWithdrawals {
  /** Tokens that are revoked in the list, but not in the database. */
  readonly tokens: readonly ApiToken[];
  /** Blocks of the list that the database never knew. */
  readonly blocks: readonly UnknownBlock[];
  /** Everything that holds by both of them. */
  readonly all: readonly Withdrawal[];
}

interface UnknownBlock {
  readonly folded: string;
  readonly block: IdentityBlock;
  /** The older block that the database has; null: it has none. */
  readonly stored: StoredIdentityBlock | null;
}

const atOnce = 500;

/**
 * Compares a list of withdrawals with a database. Either may be the older one: the database where it was put back from
 * a backup, the list where the process died before it wrote there. So the later word about a name holds.
 */
export async function comparedWithdrawals(
  store: WithdrawalReader,
  listed: readonly Withdrawal[],
  now: Date,
): Promise<ComparedWithdrawals> {
  const { tokens, elsewhere } = await tokensOf(store, listed, now);
  const blocks = await unknownBlocks(store, listed, now);
  return {
    tokens: tokens.map(({ token }) => token),
    blocks,
    all: [
      ...(await withdrawalsIn(store, now)),
      ...tokens.map(({ withdrawal }) => withdrawal),
      ...elsewhere,
      // The last line about a name holds.
      ...blocks.map(({ folded, block }) => ({ folded, block })),
    ],
  };
}

/** The blocks that hold and the tokens that are revoked before their end, as the database knows them. */
async function withdrawalsIn(
  { apiTokens, identityBlocks }: WithdrawalReader,
  now: Date,
): Promise<readonly Withdrawal[]> {
  const revoked = await apiTokens.revokedBeforeTheirEnd(now);
  const found: Withdrawal[] = revoked.map(({ id, revokedAt }) => ({ token: id, at: revokedAt }));
  for (let after = ''; ;) {
    const some = await identityBlocks.chunk(after, atOnce);
    for (const { n: _, leaving: __, folded, ...block } of some)
      if (!hasEnded(block, now)) found.push({ folded, block });
    if (some.length < atOnce) return found;
    after = some.at(-1)?.folded ?? after;
  }
}

/** A revocation of a token is never taken back. `elsewhere`: those of tokens that a younger database may have. */
async function tokensOf({ apiTokens }: WithdrawalReader, listed: readonly Withdrawal[], now: Date) {
  const tokens: { readonly withdrawal: Withdrawal; readonly token: ApiToken }[] = [];
  const elsewhere: Withdrawal[] = [];
  for (const [id, withdrawal] of resolvedWithdrawals(listed).tokens) {
    const token = await apiTokens.find(id);
    if (token === null) elsewhere.push(withdrawal);
    else if (token.revokedAt === null && (token.expiresAt === null || token.expiresAt > now))
      tokens.push({ withdrawal, token });
  }
  return { tokens, elsewhere };
}

async function unknownBlocks(
  store: WithdrawalReader,
  listed: readonly Withdrawal[],
  now: Date,
): Promise<readonly UnknownBlock[]> {
  const unknown: UnknownBlock[] = [];
  for (const [folded, block] of resolvedWithdrawals(listed).blocks) {
    if (block === null || hasEnded(block, now)) continue;
    const [stored = null] = await store.identityBlocks.find([folded]);
    if (stored === null || stored.blockedAt < block.blockedAt) unknown.push({ folded, block, stored });
  }
  if (unknown.length === 0) return [];
  const isKnown = await knownBlocks(
    store,
    unknown.map(({ block }) => block.blockedAt),
  );
  return unknown.filter(({ folded, block }) => !isKnown(folded, block));
}

/** Whether the database knows of a block that it does not have: then somebody has lifted it since. */
async function knownBlocks(store: WithdrawalReader, made: readonly Date[]) {
  const decided = await decidedSince(store, new Date(Math.min(...made.map((at) => at.getTime())) - 1));
  const beginning = await archivedUntil(store);
  return (folded: string, { blockedAt }: IdentityBlock): boolean => {
    const last = decided.get(folded);
    if (last !== undefined && last >= blockedAt) return true;
    return beginning !== null && blockedAt < beginning;
  };
}

/** When somebody last blocked or unblocked a name, by the folded name. */
async function decidedSince({ auditEvents }: WithdrawalReader, after: Date): Promise<ReadonlyMap<string, Date>> {
  const decided = new Map<string, Date>();
  for (const type of ['IdentityBlocked', 'IdentityUnblocked'] as const)
    for (let cursor: string | null = null; ;) {
      const page = await auditEvents.list({ type, after }, { limit: atOnce, cursor });
      for (const { at, details } of page.items) {
        const folded = typeof details['username'] === 'string' ? foldedName(details['username']) : '';
        if (at > (decided.get(folded) ?? after)) decided.set(folded, at);
      }
      if (page.nextCursor === null) break;
      cursor = page.nextCursor;
    }
  return decided;
}

/**
 * The instant before which all events are in archives; null where none are. While a restoration is open, the log does
 * not tell what is known: a list may be of a time that was never this database's.
 */
async function archivedUntil({ auditEvents, restorations }: WithdrawalReader): Promise<Date | null> {
  const { seq } = await auditEvents.start();
  if (seq === 0 || (await restorations.all()).some(isOpen)) return null;
  const [first] = await auditEvents.chunk(seq, 1);
  return first?.at ?? null;
}

const hasEnded = ({ until }: IdentityBlock, now: Date): boolean => until !== null && until <= now;
