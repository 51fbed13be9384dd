import type { ListedCertificate } from '../../model/certificate.js';
import { isHere, type DirectoryPerson, type DirectoryUser } from '../../model/directory.js';
import { groupsGivenOnly, groupsOfDirectory } from '../../policy/directory-groups.js';
import type { IssuanceContext } from '../context.js';
import { policyNameOf } from './policy-name.js';

/** A certificate with groups that only the directory gives, and gives to its bearer no longer. */
export interface WithLostGroups {
  readonly certificate: ListedCertificate;
  readonly groups: readonly string[];
}

/**
 * Those of these certificates of one person that have lost groups. Each is judged as if its requester, as they were then,
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
