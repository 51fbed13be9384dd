import type { Policy, PolicySet } from './policy-set.js';

/** Whether a policy gives a group to the members of one of these directory groups. */
export const givenByDirectory = ({ allowed }: Policy, group: string, names: readonly string[]): boolean =>
  names.some((name) => allowed.groupsFromDirectory?.get(name)?.matches(group) ?? false);

/**
 * Those of the groups that people get by the directory alone, and that a member of these directory groups would not get. It
 * looks at the policies for the cluster. A group that a policy gives to the username in any other way is not among them.
 */
export function groupsGivenOnly(
  { policies }: PolicySet,
  cluster: string,
  username: string,
  groups: readonly string[],
  names: readonly string[],
): readonly string[] {
  const here = policies.filter(({ selector }) => selector.clusters?.matches(cluster) ?? true);
  return groups.filter((group) => {
    const byDirectory = here.filter(({ allowed }) =>
      [...(allowed.groupsFromDirectory ?? [])].some(([, globs]) => globs.matches(group)),
    );
    if (byDirectory.length === 0) return false;
    return !here.some(
      (policy) =>
        givenByDirectory(policy, group, names) ||
        ((policy.allowed.groups?.matches(group) ?? false) && (policy.allowed.usernames?.matches(username) ?? false)),
    );
  });
}
