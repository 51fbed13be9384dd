import { apiTokenEvent } from '../identity/api-tokens.js';
import { partOfOthers } from '../model/identity.js';
import { isMachine, type ApiToken, type Principal, type RolesLost } from '../model/principal.js';
import type { Step } from '../store/steps/step.js';
import type { IssuanceContext } from '../context/context.js';

type RolesContext = Pick<IssuanceContext, 'store' | 'directoryUse' | 'identityBlocks' | 'clock'>;

/**
 * Why the caller has none of their roles now; null: they have them. Machines go on: the connector of the directory and the API
 * servers of clusters are no person. So do break-glass tokens, and the last admin's.
 */
export const whyRolesLost =
  (context: RolesContext) =>
  (principal: Principal): Promise<RolesLost | null> | null => {
    const { identityBlocks, directoryUse } = context;
    if (!identityBlocks.isSuspectName(principal.name) && directoryUse.believes(principal)) return null;
    return principal.method === 'api-token' ? whyLostByToken(context, principal) : whyLost(context, principal);
  };

async function whyLostByToken(context: RolesContext, principal: Principal): Promise<RolesLost | null> {
  const why = isMachine(principal) ? null : await whyLost(context, principal);
  // Where no token is an admin, none goes on because it would be the last one.
  if (why === null || !principal.roles.includes('admin')) return why;
  const breakGlass = await context.store.apiTokens.liveBreakGlass(context.clock());
  const goesOn = [...breakGlass, await lastAdmin(context)].some((token) => token?.id === principal.credentialId);
  return goesOn ? null : why;
}

/**
 * The API token of an admin that goes on although its bearer is blocked or left, because it is the last one; null where another
 * admin's is there. It is one that only the directory ends before one that somebody blocked, and then the one that lasts longest. `ending`:
 * tokens that are about to be revoked because somebody leaves.
 */
export async function lastAdmin(context: RolesContext, ending: readonly ApiToken[] = []): Promise<ApiToken | null> {
  const isEnding = new Set(ending.map(({ id }) => id));
  const admins = await Promise.all(
    (await context.store.apiTokens.liveAdmins(context.clock())).map(async (token) => ({
      token,
      why:
        (await whyLost(context, { name: token.name, vouchedAt: token.createdAt })) ??
        (isEnding.has(token.id) ? 'left' : null),
    })),
  );
  if (admins.some(({ why }) => why === null)) return null;
  const [last] = admins.toSorted(
    (a, b) => Number(a.why === 'blocked') - Number(b.why === 'blocked') || endOf(b.token) - endOf(a.token),
  );
  return last?.token ?? null;
}

const endOf = ({ expiresAt }: ApiToken): number => expiresAt?.getTime() ?? Infinity;

/** A block that others asked for holds whatever the directory says. */
async function whyLost(
  { identityBlocks, directoryUse, clock }: RolesContext,
  principal: Pick<Principal, 'name' | 'vouchedAt'>,
): Promise<RolesLost | null> {
  const now = clock();
  const block = await identityBlocks.everywhere(principal.name, now);
  const ofOthers = partOfOthers(block, now);
  if (ofOthers !== null && identityBlocks.isEverywhere(ofOthers, now)) return 'blocked';
  return (await directoryUse.whyOut(principal)) ?? (block === null ? null : 'blocked');
}

/** The tokens of somebody who left that are revoked, and those that stay because no other admin's would be left. */
export interface LeaversTokens {
  readonly revoked: readonly ApiToken[];
  readonly kept: readonly ApiToken[];
}

/**
 * Looks up the tokens of people who left, by names in the form in which names are compared. Machines go on: the connector of
 * the directory and the API servers of clusters are no person.
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
 * Revokes whatever was made while they left: between the look at their tokens and the commit of the block. Nobody who is
 * blocked gets a token or makes one, so none comes after it. `kept`: ids of those that stay.
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
