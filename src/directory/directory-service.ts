import type { Budgets } from '../identity/spent-budgets.js';
import { actsFor, whyNotPermitted } from '../identity/permissions.js';
import { BudgetSpentError } from '../model/budget.js';
import type { ListedCertificate } from '../model/certificate.js';
import {
  isHere,
  refuseChange,
  type DirectoryGroup,
  type DirectoryGroupAttributes,
  type DirectoryOutcome,
  type DirectoryRange,
  type DirectoryRefusal,
  type DirectoryUser,
  type DirectoryUserAttributes,
  type GroupCondition,
  type UserCondition,
} from '../model/directory.js';
import { foldedName } from '@kubepass/inspect/formats';
import { listedAtMost, type ResidualExposure } from '../model/identity.js';
import { done, refused, type Outcome, type Page, type PageQuery } from '../model/outcome.js';
import type { ApiToken, Principal } from '../model/principal.js';
import type { DirectoryUserFilter } from '../store/tables/directory-table.js';
import type { IssuanceContext } from '../context/context.js';
import { liftLeaving } from '../access/blocks.js';
import { residualExposureOfAll } from '../access/exposed-identities.js';
import { readIdentity } from '../access/read-identities.js';
import { changeGroup, createGroup, deleteGroup, type GroupChange } from './change-group.js';
import { changedAttributes, changeUser, userEvent } from './change-user.js';
import { whyNoUsername } from './claim-names.js';
import { predecessorHasAccess, groupNamesOf, withLostGroups } from '../access/directory-facts.js';

export type ScimService = ReturnType<typeof scimService>;

/** The directory, as an identity provider changes it over SCIM. */
export function scimService(context: IssuanceContext, budgets: Pick<Budgets, 'begin'>) {
  const { store, directoryUse } = context;
  const notFound: DirectoryRefusal = { why: 'not-found' };
  return {
    /** How others reach the service; null where that is not known. */
    address: context.publicAddress?.url ?? null,

    async user(id: string): Promise<DirectoryOutcome<DirectoryUser>> {
      const user = await store.directory.user(id);
      return user === null || user.deletedAt !== null ? refuseChange(notFound) : { ok: true, value: user };
    },
    users: (conditions: readonly UserCondition[], range: DirectoryRange) => store.directory.users(conditions, range),

    /** Somebody who left and comes back under the same `externalId` is changed, not made. */
    createUser({ name }: Principal, attributes: DirectoryUserAttributes): Promise<DirectoryOutcome<DirectoryUser>> {
      directoryUse.begin();
      return changeUser(context, name, { kind: 'create', attributes });
    },
    /** `version` null: whichever there is. `asked` may throw. */
    changeUser(
      principal: Principal,
      id: string,
      version: number | null,
      asked: (before: DirectoryUserAttributes) => DirectoryUserAttributes,
    ): Promise<DirectoryOutcome<DirectoryUser>> {
      const change = withinBudget(budgets, principal, asked);
      return changeUser(context, principal.name, { kind: 'change', id, version, change });
    },
    async deleteUser({ name }: Principal, id: string, version: number | null): Promise<DirectoryOutcome<null>> {
      const outcome = await changeUser(context, name, { kind: 'delete', id, version });
      return outcome.ok ? { ok: true, value: null } : outcome;
    },

    async group(id: string): Promise<DirectoryOutcome<DirectoryGroup>> {
      const group = await store.directory.group(id);
      return group === null ? refuseChange(notFound) : { ok: true, value: group };
    },
    groups: (conditions: readonly GroupCondition[], range: DirectoryRange) => store.directory.groups(conditions, range),
    /** The first members of a group. */
    members: (groupId: string, limit: number) => store.directory.members(groupId, limit),

    createGroup: ({ name }: Principal, attributes: DirectoryGroupAttributes, members: readonly string[]) =>
      createGroup(context, name, attributes, members),
    changeGroup: ({ name }: Principal, id: string, version: number | null, change: GroupChange) =>
      changeGroup(context, name, id, change, version),
    deleteGroup: ({ name }: Principal, id: string, version: number | null) => deleteGroup(context, name, id, version),
  };
}

/** A person in the directory. */
export interface DirectoryUserView {
  readonly user: DirectoryUser;
  readonly groups: readonly DirectoryGroup[];
  /** Why the person is nobody's username; null where they are. */
  readonly whyNoUsername: string | null;
  /** In a list, of somebody who is not here: the certificates that still work in some way. */
  readonly residualExposure?: readonly ResidualExposure[];
}

export interface DirectoryUserDetails extends DirectoryUserView {
  /** Live certificates with groups that only the directory gives, and gives to this person no longer. */
  readonly lostGroups: readonly {
    readonly cluster: string;
    readonly fingerprintSha256: string;
    readonly groups: readonly string[];
  }[];
  readonly consequences: {
    /** Ids; the first ones. */
    readonly cancelledRequests: readonly string[];
    readonly revokedTokens: readonly string[];
    /** Tokens in the person's name that go on: without them no admin would be left. */
    readonly keptTokens: readonly string[];
    readonly tokensMade: readonly ApiToken[];
    readonly requestedForOthers: readonly ListedCertificate[];
    readonly residualExposure: readonly ResidualExposure[];
  };
}

export type DirectoryUserService = ReturnType<typeof directoryUserService>;

/** The people in the directory, and what is left of the access of those who left. */
export function directoryUserService(context: IssuanceContext) {
  const { store } = context;
  return {
    /** Listed ones, oldest first; or those that are deleted, the last one first. */
    async list(
      principal: Principal,
      filter: DirectoryUserFilter,
      page: PageQuery,
    ): Promise<Outcome<Page<DirectoryUserView>>> {
      const refusal = whyNotPermitted(principal, 'read-directory');
      if (refusal !== null) return refusal;
      const { items, nextCursor } = await store.directory.list(filter, page);
      const away = items.flatMap((user) => (isHere(user) || user.username === null ? [] : [user.username]));
      const [groups, exposure] = await Promise.all([
        store.directory.groupsOf(items.map(({ id }) => id)),
        residualExposureOfAll(context, away),
      ]);
      const views = items.map((user) => ({
        ...viewOf(context, user, groups.get(user.id) ?? []),
        ...(!isHere(user) && {
          residualExposure: (exposure.get(foldedName(user.username ?? '')) ?? []).slice(0, listedAtMost),
        }),
      }));
      return done({ items: views, nextCursor });
    },

    /** One who was deleted too. */
    async find(principal: Principal, id: string): Promise<Outcome<DirectoryUserDetails>> {
      const refusal = whyNotPermitted(principal, 'read-directory');
      if (refusal !== null) return refusal;
      const user = await store.directory.user(id);
      return user === null ? refused({ kind: 'not-found' }) : done(await detailsOf(context, user));
    },

    /** Says of a user whose name was somebody else's that the name is theirs now. */
    async confirm(principal: Principal, id: string): Promise<Outcome<DirectoryUserDetails>> {
      const refusal = whyNotPermitted(principal, 'confirm-directory-users');
      if (refusal !== null) return refusal;
      for (;;) {
        const user = await store.directory.user(id);
        if (user === null) return refused({ kind: 'not-found' });
        if (user.username !== null && actsFor(principal, user.username))
          return refused({ kind: 'not-permitted', message: 'nobody confirms themselves: somebody else must do it' });
        if (user.reuse === null || (await settleReuse(context, user, principal.name))) {
          const settled = await store.directory.user(id);
          return settled === null ? refused({ kind: 'not-found' }) : done(await detailsOf(context, settled));
        }
      }
    },
  };
}

function viewOf(
  { directory }: IssuanceContext,
  user: DirectoryUser,
  groups: DirectoryUserView['groups'],
): DirectoryUserView {
  return { user, groups, whyNoUsername: user.username === null ? whyNoUsername(user, directory) : null };
}

/** The user with everything that follows from their leaving, or from the groups that they lost. */
async function detailsOf(context: IssuanceContext, user: DirectoryUser): Promise<DirectoryUserDetails> {
  const { store, clock } = context;
  const groups = (await store.directory.groupsOf([user.id])).get(user.id) ?? [];
  const view = viewOf(context, user, groups);
  const { left, username } = user;
  const { cancelledRequests = [], revokedTokens = [], keptTokens = [] } = left ?? {};
  const leaving = { cancelledRequests, revokedTokens, keptTokens };
  if (username === null) {
    const consequences = { ...leaving, tokensMade: [], requestedForOthers: [], residualExposure: [] };
    return { ...view, lostGroups: [], consequences };
  }
  const [identity, tokensMade, names] = await Promise.all([
    readIdentity(context, username),
    store.apiTokens.liveMadeBy([foldedName(username)], clock()),
    groupNamesOf(context, user),
  ]);
  // The certificates of somebody who is here and lost a group go on as they are.
  const losing = isHere(user) ? await withLostGroups(context, identity.certificates, () => names) : [];
  return {
    ...view,
    lostGroups: losing.map(({ certificate: { cluster, fingerprintSha256 }, groups: lost }) => ({
      cluster,
      fingerprintSha256,
      groups: lost,
    })),
    consequences: {
      ...leaving,
      tokensMade: tokensMade.slice(0, listedAtMost),
      requestedForOthers: identity.requestedForOthers,
      residualExposure: identity.residualExposure,
    },
  };
}

/**
 * Ends the wait of a successor, and the block that a predecessor's leaving made with it: at once, or when the successor
 * returns. False where something of it has changed meanwhile.
 */
async function settleReuse(context: IssuanceContext, user: DirectoryUser, actor: string): Promise<boolean> {
  const { store, clock } = context;
  if (user.reuse === null) return true;
  const now = clock();
  const names = user.username === null ? [] : [foldedName(user.username)];
  const [stored] = await store.identityBlocks.find(names);
  const bearers = await store.directory.bearersOf(names);
  const ofLeaver =
    stored?.leaving && bearers.some(({ blockedAt }) => blockedAt?.getTime() === stored.leaving?.at.getTime())
      ? stored
      : null;
  const here = isHere(user);
  const unblocking =
    ofLeaver !== null && here
      ? liftLeaving(context, actor, ofLeaver, now, 'the name is somebody else’s now')
      : { operations: [], events: [] };
  const settled: DirectoryUser = {
    ...user,
    reuse: null,
    changedAt: now,
    version: user.version + 1,
    blockedAt: here ? null : (ofLeaver?.leaving?.at ?? user.blockedAt),
  };
  const { committed } = await store.writer.commit({
    operations: [{ op: 'updateDirectoryUser', user: settled, version: user.version }, ...unblocking.operations],
    events: [userEvent('Confirmed', { ...settled, reuse: user.reuse }, actor, now, []), ...unblocking.events],
  });
  return committed;
}

const settledAtOnce = 50;
/** The principal in the log where nobody confirmed it. */
const byItself = 'kubepass';

/** Ends the wait of successors who are here, once their predecessors' certificates have ended. */
export async function settleReuses(context: IssuanceContext, isStopped: () => boolean): Promise<void> {
  let behind = 0n;
  while (!isStopped()) {
    const found = await context.store.directory.reused(behind, settledAtOnce);
    const last = found.at(-1);
    if (last === undefined) return;
    behind = last.n;
    for (const { user } of found)
      if (!isStopped() && user.reuse !== null && user.username !== null)
        if (!(await predecessorHasAccess(context, user.username, user.reuse)))
          await settleReuse(context, user, byItself);
  }
}

/**
 * A change of a person for which a caller has budget. Whether somebody leaves by it is known only now, so the call was
 * let in. Without budget nothing else is kept of such a change: the person leaves, and their other attributes stay.
 * Other changes are refused then.
 */
function withinBudget(
  budgets: Pick<Budgets, 'begin'>,
  principal: Principal,
  change: (before: DirectoryUserAttributes) => DirectoryUserAttributes,
): typeof change {
  return (before) => {
    const after = change(before);
    const changed = changedAttributes(before, after);
    const spent = changed.length === 0 ? null : budgets.begin(principal, 'keeping');
    if (spent === null) return after;
    if (changed.includes('active') && !after.active) return { ...before, active: false };
    throw new BudgetSpentError(spent);
  };
}
