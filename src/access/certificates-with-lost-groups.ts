import type { ListedCertificate } from '../model/certificate.js';
import {
  isHere,
  type DirectoryGroup,
  type DirectoryPerson,
  type DirectoryStanding,
  type DirectoryUser,
} from '../model/directory.js';
import { foldedName } from '@kubepass/inspect/formats';
import type { Requester } from '../model/principal.js';
import type { Revocation } from '../model/revocation.js';
import { groupsGivenOnly, groupsOfDirectory } from '../policy/policy-set.js';
import type { IssuanceContext } from '../context/context.js';

/** A certificate with groups that only the directory gives, and gives to its bearer no longer. */
export interface WithLostGroups {
  readonly certificate: ListedCertificate;
  readonly groups: readonly string[];
}

/**
 * The certificates of one person that have lost groups. Each is judged as if its requester, as they were then,
 * asked for it again. `names`: the directory groups of the bearer, as policies name them.
 */
export async function withLostGroups(
  context: IssuanceContext,
  certificates: readonly ListedCertificate[],
  names: readonly string[],
): Promise<readonly WithLostGroups[]> {
  const policySet = context.policySet();
  const now = context.clock();
  // Most certificates have none of these groups, and need not be looked into.
  const candidates = certificates
    .map((certificate) => ({
      certificate,
      groups: groupsOfDirectory(policySet, certificate.cluster, certificate.groups),
    }))
    .filter(({ groups }) => groups.length > 0);
  if (candidates.length === 0) return [];
  const requesters = await context.store.requests.requestersOf(
    candidates.map(({ certificate: { requestId } }) => requestId),
  );
  return candidates.flatMap(({ certificate, groups }) => {
    const { cluster, username, requestId } = certificate;
    const requester = requesters.get(requestId);
    if (requester === undefined) return [];
    const lost = groupsGivenOnly(policySet, { cluster, username, requester }, groups, names, now);
    return lost.length > 0 ? [{ certificate, groups: lost }] : [];
  });
}

/** As `withLostGroups`, of a username that somebody who is here bears; none where nobody does. */
export async function lostByBearer(
  context: IssuanceContext,
  username: string,
  certificates: readonly ListedCertificate[],
): Promise<readonly WithLostGroups[]> {
  if (certificates.length === 0 || !(await context.directoryUse.isUsed())) return [];
  const bearer = await bearerOf(context, username);
  return bearer === undefined ? [] : withLostGroups(context, certificates, await namesOfGroups(context, bearer));
}

/**
 * Whether a certificate that is about to be recorded has a group that its bearer lost since it was judged, where such
 * certificates are revoked. Nothing is looked up for a certificate without groups that only the directory gives.
 */
export async function isLostMeanwhile(
  context: IssuanceContext,
  { cluster, username, groups }: Pick<ListedCertificate, 'cluster' | 'username' | 'groups'>,
  requester: Requester,
): Promise<boolean> {
  if (context.directory.onLostGroup !== 'revoke') return false;
  const subject = { cluster, username, requester };
  const lostBy = (names: readonly string[]) =>
    groupsGivenOnly(context.policySet(), subject, groups, names, context.clock()).length > 0;
  if (!lostBy([])) return false;
  const bearer = await bearerOf(context, username);
  return lostBy(bearer === undefined ? [] : await namesOfGroups(context, bearer));
}

/** The revocation of a certificate because of a group that its bearer lost. `actor`: the principal who says so. */
export const lossRevocation = (actor: string, now: Date): Revocation => ({
  reason: 'privilegeWithdrawn',
  comment: 'the directory says so: not in the group any more',
  revokedAt: now,
  revokedBy: actor,
});

/** A right belongs to exactly one name, so a group is not that of another spelling. */
async function bearerOf({ store }: IssuanceContext, username: string): Promise<DirectoryStanding | undefined> {
  const bearers = await store.directory.standingsOf([foldedName(username)]);
  return bearers.find((one) => isHere(one) && one.username === username);
}

/** The directory groups of a user, as policies name them; none for somebody who left. */
export const groupNamesOf = async (context: IssuanceContext, user: DirectoryUser): Promise<readonly string[]> =>
  isHere(user) ? namesOfGroups(context, user) : [];

export async function namesOfGroups(
  context: IssuanceContext,
  { id }: Pick<DirectoryPerson, 'id'>,
): Promise<readonly string[]> {
  const groups = (await context.store.directory.groupsOf([id])).get(id) ?? [];
  return groups.flatMap((group) => policyNameOf(context, group) ?? []);
}

/** The name by which policies know a group; null where it has none. */
export const policyNameOf = ({ directory }: Pick<IssuanceContext, 'directory'>, group: DirectoryGroup): string | null =>
  group[directory.groupsBy];
