import { apiTokenEvent } from '../identity/api-tokens.js';
import type { ApiToken } from '../model/principal.js';
import type { Step } from '../store/steps/step.js';
import type { IssuanceContext } from '../context/context.js';
import { lastAdmin } from '../context/standing.js';

/** The tokens of somebody who left that are revoked, and those that stay because no other admin's would be left. */
interface LeaversTokens {
  readonly revoked: readonly ApiToken[];
  readonly kept: readonly ApiToken[];
}

/**
 * Looks up the tokens of people who left, by names in the form in which names are compared. Machines go on: the
 * connector of the directory and the API servers of clusters are no person.
 */
export async function tokensOfLeavers(
  context: IssuanceContext,
  folded: readonly string[],
  now: Date,
): Promise<LeaversTokens> {
  const { store, directory } = context;
  if (folded.length === 0) return { revoked: [], kept: [] };
  const found = [
    ...(directory.revokeTokens ? await store.apiTokens.liveOf(folded, now) : []),
    ...(directory.revokeTokensMade ? await store.apiTokens.liveMadeBy(folded, now) : []),
  ].filter(({ roles }) => !roles.includes('directory') && !roles.includes('reviewer'));
  const all = [...new Map(found.map((token) => [token.id, token])).values()];
  if (!all.some(({ roles }) => roles.includes('admin'))) return { revoked: all, kept: [] };
  const last = await lastAdmin(context, all);
  const isLast = ({ id }: ApiToken): boolean => id === last?.id;
  return { revoked: all.filter((token) => !isLast(token)), kept: all.filter(isLast) };
}

export const revokingTokens = (tokens: readonly ApiToken[], now: Date, actor: string): Step => ({
  operations: tokens.map(({ id }) => ({ op: 'revokeTokenOfLeaver', id, at: now }) as const),
  events: tokens.map((token) => apiTokenEvent('ApiTokenRevoked', token, now, actor)),
});

/** How many are revoked in one commit. */
const revokedAtOnce = 200;
/** How often a part is tried again because something of it has moved on. */
const mostConflicts = 10;

/**
 * Revokes whatever was made while they left: between the look at their tokens and the commit of the block. Nobody who
 * is blocked gets a token or makes one, so none comes after it. `kept`: ids of those that stay.
 */
export async function endTokens(
  context: IssuanceContext,
  actor: string,
  folded: readonly string[],
  kept: ReadonlySet<string>,
): Promise<void> {
  for (let conflicts = 0; conflicts < mostConflicts;) {
    const now = context.clock();
    const { revoked } = await tokensOfLeavers(context, folded, now);
    const left = revoked.filter(({ id }) => !kept.has(id)).slice(0, revokedAtOnce);
    if (left.length === 0) return;
    const { committed } = await context.store.writer.commit(revokingTokens(left, now, actor));
    if (!committed) conflicts += 1;
  }
}
