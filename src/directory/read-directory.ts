import { foldedName } from '@kubepass/inspect/formats';
import { groupNamesOf, withLostGroups } from '../access/directory-facts.js';
import { residualExposureOfAll } from '../access/exposed-identities.js';
import { readIdentity } from '../access/read-identities.js';
import type { Context } from '../context/context.js';
import { whyNotPermitted } from '../callers/permissions.js';
import type { ListedCertificate } from '../model/certificate.js';
import {
  isHere,
  type DirectoryGroup,
  type DirectoryRange,
  type DirectoryUser,
  type GroupCondition,
  type UserCondition,
} from '../model/directory.js';
import { listedAtMost, type ResidualExposure } from '../model/identity.js';
import {
  done,
  refuseChange,
  refused,
  type DirectoryOutcome,
  type Outcome,
  type Page,
  type PageQuery,
} from '../model/outcome.js';
import type { ApiToken, Principal } from '../model/principal.js';
import type { DirectoryUserFilter } from '../store/tables/directory-table.js';
import { whyNoUsername } from './claim-names.js';

// First what an identity provider reads over SCIM, whose routes let nobody else in; then what people read.

export async function findUser({ store }: Context, id: string): Promise<DirectoryOutcome<DirectoryUser>> {
  const user = await store.directory.user(id);
  return user === null || user.deletedAt !== null ? refuseChange({ why: 'not-found' }) : done(user);
}

export const findUsers = ({ store }: Context, conditions: readonly UserCondition[], range: DirectoryRange) =>
  store.directory.users(conditions, range);

export async function findGroup({ store }: Context, id: string): Promise<DirectoryOutcome<DirectoryGroup>> {
  const group = await store.directory.group(id);
  return group === null ? refuseChange({ why: 'not-found' }) : done(group);
}

export const findGroups = ({ store }: Context, conditions: readonly GroupCondition[], range: DirectoryRange) =>
  store.directory.groups(conditions, range);

/** The first members of a group. */
export const findMembers = ({ store }: Context, groupId: string, limit: number) =>
  store.directory.members(groupId, limit);

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

/** The people in the directory. Listed ones, oldest first; or those that are deleted, the last one first. */
export async function listDirectoryUsers(
  context: Context,
  principal: Principal,
  filter: DirectoryUserFilter,
  page: PageQuery,
): Promise<Outcome<Page<DirectoryUserView>>> {
  const refusal = whyNotPermitted(principal, 'read-directory');
  if (refusal !== null) return refusal;
  const { store } = context;
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
}

/** One who was deleted too. */
export async function findDirectoryUser(
  context: Context,
  principal: Principal,
  id: string,
): Promise<Outcome<DirectoryUserDetails>> {
  return whyNotPermitted(principal, 'read-directory') ?? readDetails(context, id);
}

export async function readDetails(context: Context, id: string): Promise<Outcome<DirectoryUserDetails>> {
  const user = await context.store.directory.user(id);
  return user === null ? refused({ kind: 'not-found' }) : done(await detailsOf(context, user));
}

function viewOf({ directory }: Context, user: DirectoryUser, groups: DirectoryUserView['groups']): DirectoryUserView {
  return { user, groups, whyNoUsername: user.username === null ? whyNoUsername(user, directory) : null };
}

/** The user with everything that follows from their leaving, or from the groups that they lost. */
async function detailsOf(context: Context, user: DirectoryUser): Promise<DirectoryUserDetails> {
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
