import { apiTokenEvent } from '../callers/api-tokens.js';
import type { ApiToken } from '../model/principal.js';
import type { Step } from '../store/steps/step.js';
import { revokeTokenOfLeaver } from '../store/tables/api-token-table.js';
import type { Context } from '../context/context.js';
import { lastAdmin } from '../context/standing.js';

/** Live tokens of leavers. `toRevoke` is to be revoked. `kept` stay, because no other admin's token would be left. */
interface LeaversTokens {
  readonly toRevoke: readonly ApiToken[];
  readonly kept: readonly ApiToken[];
}

/**
 * Finds the tokens of people who left. `folded`: their names, in the form in which names are compared. It leaves out
 * the tokens of the directory's connector (`directory`) and of API servers (`reviewer`), because no person bears them.
 */
export async function tokensOfLeavers(context: Context, folded: readonly string[], now: Date): Promise<LeaversTokens> {
  const { store, directory } = context;
  if (folded.length === 0) return { toRevoke: [], kept: [] };
  const found = [
    // The first setting is about tokens in the leavers' names, the second about tokens that leavers made for others.
    ...(directory.revokeTokens ? await store.apiTokens.liveOf(folded, now) : []),
    ...(directory.revokeTokensMade ? await store.apiTokens.liveMadeBy(folded, now) : []),
  ].filter(({ roles }) => !roles.includes('directory') && !roles.includes('reviewer'));
  const all = [...new Map(found.map((token) => [token.id, token])).values()];
  if (!all.some(({ roles }) => roles.includes('admin'))) return { toRevoke: all, kept: [] };
  // Null where another admin's token is left when `all` end.
  const last = await lastAdmin(context, all);
  const isLast = ({ id }: ApiToken): boolean => id === last?.id;
  return { toRevoke: all.filter((token) => !isLast(token)), kept: all.filter(isLast) };
}

/** The step that revokes the tokens, with an audit event for each token. */
export const revokingTokens = (tokens: readonly ApiToken[], now: Date, actor: string): Step => ({
  operations: tokens.map(({ id }) => revokeTokenOfLeaver({ id, at: now })),
  events: tokens.map((token) => apiTokenEvent('ApiTokenRevoked', token, now, actor)),
});

/** One commit revokes at most so many tokens. */
const revokedAtOnce = 200;
/** After so many conflicts `endTokens` gives up. A commit conflicts where others changed the tokens meanwhile. */
const mostConflicts = 10;

/**
 * Revokes tokens that were made while somebody left: after the look-up of the leaver's tokens, before the commit of the
 * block. No token comes later, because a blocked person neither gets a token nor makes one. After `mostConflicts` it
 * gives up, and `BlockedAccess` goes on later. `kept`: the ids of the tokens that stay.
 */
export async function endTokens(
  context: Context,
  actor: string,
  folded: readonly string[],
  kept: ReadonlySet<string>,
): Promise<void> {
  for (let conflicts = 0; conflicts < mostConflicts;) {
    const now = context.clock();
    const { toRevoke } = await tokensOfLeavers(context, folded, now);
    const left = toRevoke.filter(({ id }) => !kept.has(id)).slice(0, revokedAtOnce);
    if (left.length === 0) return;
    const { committed } = await context.store.writer.commit(revokingTokens(left, now, actor));
    if (!committed) conflicts += 1;
  }
}
