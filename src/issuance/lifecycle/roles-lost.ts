import { partOfOthers } from '../../model/identity-block.js';
import { isMachine, type ApiToken, type Principal, type RolesLost } from '../../model/principal.js';
import type { IssuanceContext } from '../context.js';

type RolesContext = Pick<IssuanceContext, 'store' | 'directoryUse' | 'identityBlocks' | 'clock'>;

/**
 * Why the caller has none of their roles now; null: they have them. Machines go on: the connector of the directory and the API
 * servers of clusters are no person. So do break-glass tokens, and the last admin's.
 */
export function whyRolesLost(context: RolesContext, principal: Principal): Promise<RolesLost | null> | null {
  const { identityBlocks, directoryUse } = context;
  if (!identityBlocks.isSuspectName(principal.name) && directoryUse.believes(principal)) return null;
  return principal.method === 'api-token' ? whyLostByToken(context, principal) : whyLost(context, principal);
}

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
