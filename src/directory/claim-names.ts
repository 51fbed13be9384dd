import {
  isHere,
  type DirectorySettings,
  type DirectoryUser,
  type DirectoryUserAttributes,
  type NameReuse,
} from '../model/directory.js';
import { done, refuseChange, type DirectoryOutcome } from '../model/outcome.js';
import { foldedName, isSamePerson } from '@kubepass/inspect/formats';
import { whyNotName, whyNotPrincipalName, firstAdminName, whyReservedName } from '../model/name-grammar.js';
import { newId } from '../model/new-id.js';
import type { Context } from '../context/context.js';
import { predecessorHasAccess } from '../access/directory-facts.js';

/** The change of an entry, as far as it is known from the entry alone. */
export interface WantedEntry {
  /** The entry that is changed; null: a new one. */
  readonly found: DirectoryUser | null;
  readonly attributes: DirectoryUserAttributes;
  readonly deleted: boolean;
}

/** How somebody comes by the names that they are to have: who has them, and who had them. */
export interface NameClaim {
  /** The entry that is changed, and that takes the userName; null: a new one. */
  readonly before: DirectoryUser | null;
  /** An entry of the same userName that is not active, and that ends with this. */
  readonly givesUp: DirectoryUser | null;
  /** The username was somebody else's. */
  readonly reuse: NameReuse | null;
  readonly succeededAt: Date | null;
  /** An earlier entry with this username, whose block ends once the name is used again. */
  readonly endsBlockOf: DirectoryUser | null;
  /**
   * The entry is somebody else's from now on, under the same username: the id of the one that its person leaves behind.
   */
  readonly leavesBehind: string | null;
}

type UsernameClaim = Omit<NameClaim, 'before' | 'givesUp'>;

/**
 * A userName belongs to one listed user. One who is not active gives it up: to the same person, who comes back by a new
 * POST, or to somebody else, who then waits until the certificates of the first one have ended. The provider's
 * `externalId` says whether it is the same person; without one two entries count as two people, and one entry as one:
 * somebody may take back a name that they left behind, unless it was anybody else's since. An entry whose `externalId`
 * becomes another one is somebody else's from then on: so providers link a name to a new person. The username may come
 * from another attribute, so it is looked at by itself.
 */
export async function claimNames(
  context: Context,
  wanted: WantedEntry,
  now: Date,
): Promise<DirectoryOutcome<NameClaim>> {
  const ofUserName = await claimUserName(context, wanted);
  if (!ofUserName.ok) return ofUserName;
  const ofUsername = await claimUsername(context, { ...wanted, found: ofUserName.value.before }, now);
  if (!ofUsername.ok) return ofUsername;
  return done({ ...ofUserName.value, ...ofUsername.value });
}

/** Makes sure that nobody else who is active has the userName. */
async function claimUserName(
  { store: { directory } }: Context,
  { found, attributes: { userName, externalId }, deleted }: WantedEntry,
): Promise<DirectoryOutcome<Pick<NameClaim, 'before' | 'givesUp'>>> {
  const key = foldedName(userName);
  const isClaimed = !deleted && (found === null || foldedName(found.userName) !== key);
  const holder = isClaimed ? await directory.userNamed(key) : null;
  if (holder === null) return done({ before: found, givesUp: null });
  if (holder.active) return refuseChange({ why: 'name-taken', message: 'another user has this userName' });
  if (found === null && hasExternalId(holder, externalId)) return done({ before: holder, givesUp: null });
  return done({ before: found, givesUp: holder });
}

/**
 * Makes sure that nobody else who is here has the username, and says whose it was. `found`: the entry that is changed.
 */
async function claimUsername(
  context: Context,
  { found: before, attributes, deleted }: WantedEntry,
  now: Date,
): Promise<DirectoryOutcome<UsernameClaim>> {
  const { externalId, active } = attributes;
  const username = usernameOf(attributes, context.directory);
  if (username === null) return done(free);
  const kept = { ...free, reuse: before?.reuse ?? null, succeededAt: before?.succeededAt ?? null };
  const isKept = before !== null && isSameUsername(before.username, username);
  const arrives = !deleted && active && (before === null || !isHere(before));
  const isGivenAway = isKept && !deleted && isSomebodyElse(before.externalId, externalId);
  if (deleted || (isKept && !arrives && !isGivenAway)) return done(kept);

  const others = (await context.store.directory.bearersOf([foldedName(username)])).filter(
    ({ id }) => id !== before?.id,
  );
  if ((arrives || !isKept) && others.some(isHere))
    return refuseChange({ why: 'name-taken', message: 'another user has this username' });
  if (isGivenAway) return done(await succeeding(context, before, username, now, newId(now, context.random)));
  const isOwn = (other: DirectoryUser) =>
    hasExternalId(other, externalId) || (before !== null && isPersonOf(before, externalId, other));
  // Somebody else counts as the later one where both left at one instant.
  const [last] = others.toSorted((a, b) => leftAt(b) - leftAt(a) || Number(isOwn(a)) - Number(isOwn(b)));
  if (last === undefined) return done(isKept ? kept : free);
  if (isKept && leftAt(before) >= leftAt(last)) return done(kept);
  if (isOwn(last)) return done({ ...free, reuse: last.reuse, succeededAt: last.succeededAt, endsBlockOf: last });
  return done(await succeeding(context, last, username, now));
}

/** Nobody had the name, or there is none. */
const free: UsernameClaim = { reuse: null, succeededAt: null, endsBlockOf: null, leavesBehind: null };

/**
 * The username was another person's, who had this entry before (`leavesBehind`: the id of the one that they leave
 * behind) or another one. Their successor waits while they may have access; else the name is free, and their block
 * ends.
 */
async function succeeding(
  context: Context,
  other: DirectoryUser,
  username: string,
  now: Date,
  leavesBehind: string | null = null,
): Promise<UsernameClaim> {
  const reuse = { predecessor: leavesBehind ?? other.id, since: now };
  const isInUse = leavesBehind !== null && isHere(other);
  const waits = isInUse || (await predecessorHasAccess(context, username, reuse));
  return { reuse: waits ? reuse : null, succeededAt: now, endsBlockOf: waits ? null : other, leavesBehind };
}

const hasExternalId = (other: DirectoryUser, externalId: string | null): boolean =>
  externalId !== null && externalId === other.externalId;

/** Somebody who gets an `externalId`, or loses it, stays the same. */
const isSomebodyElse = (before: string | null, after: string | null): boolean =>
  before !== null && after !== null && before !== after;

/**
 * Whether the other is a name that the person of this entry left behind. With another `externalId` it tells nothing.
 */
const isPersonOf = (before: DirectoryUser, externalId: string | null, other: DirectoryUser): boolean =>
  before.externalId === externalId && before.person === other.person;

export const isSameUsername = (one: string | null, other: string | null): boolean =>
  one === other || (one !== null && other !== null && foldedName(one) === foldedName(other));

const leftAt = ({ deletedAt, inactiveSince, changedAt }: DirectoryUser): number =>
  (inactiveSince ?? deletedAt ?? changedAt).getTime();

/** The name that a user's attributes give, whether it is a username or not; null where they give none. */
function givenName({ userName, emails }: DirectoryUserAttributes, from: DirectorySettings['username']): string | null {
  if (from === 'userName') return userName;
  return emails.find(({ type }) => type?.toLowerCase() === 'work')?.value ?? null;
}

/** The requested username and principal that the person is; null where the name is outside the grammar of both. */
export function usernameOf(
  user: DirectoryUserAttributes,
  { username }: Pick<DirectorySettings, 'username'>,
): string | null {
  return whyNoUsername(user, { username }) === null ? givenName(user, username) : null;
}

/** Why the person is nobody's username; null where they are. */
export function whyNoUsername(
  user: DirectoryUserAttributes,
  { username }: Pick<DirectorySettings, 'username'>,
): string | null {
  const name = givenName(user, username);
  if (name === null) return `there is no ${username}`;
  // A cluster may know a person by that name, and their leaving has to end it there.
  const whyReserved = isSamePerson(name, firstAdminName) ? null : whyReservedName(name);
  if (whyReserved !== null) return `the ${username} ${whyReserved}`;
  const why = whyNotPrincipalName(name);
  return why === null || whyNotName(name, 'unicode') === null ? null : `the ${username} ${why}`;
}
