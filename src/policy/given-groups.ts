import type { GlobValues } from './glob.js';
import type { Constraints, Policy, PolicySet } from './policy-set.js';
import type { Requester } from '../model/principal.js';
import { globValuesOf } from './evaluation.js';
import { selects } from './selector.js';

// A decision asks these of a request, and they are asked again of a certificate, so that both always agree.

/** Whether the policy is not yet in force, or no longer. */
export const isEarly = ({ notBefore }: Constraints, now: Date): boolean => notBefore !== undefined && now < notBefore;
export const isLate = ({ notAfter }: Constraints, now: Date): boolean => notAfter !== undefined && now > notAfter;

/** Whether a policy lets the requester ask for the username. */
export const permitsUsername = ({ usernames }: Policy['allowed'], username: string, values: GlobValues): boolean =>
  usernames?.matches(username, values) ?? false;

/** Whether a policy gives a group to a member of these directory groups. */
export const givesGroup = (
  { groups, groupsFromDirectory }: Policy['allowed'],
  group: string,
  names: readonly string[],
  values: GlobValues,
): boolean =>
  (groups?.matches(group, values) ?? false) ||
  names.some((name) => groupsFromDirectory?.get(name)?.matches(group) ?? false);

/** The bearer of a certificate, and whoever asked for it. */
interface GivenTo {
  readonly cluster: string;
  readonly username: string;
  readonly requester: Requester;
}

/** The groups, among these, that a policy for the cluster gives to members of some directory group. */
export const groupsOfDirectory = (
  { policies }: PolicySet,
  cluster: string,
  groups: readonly string[],
): readonly string[] =>
  groups.filter((group) =>
    policies.some(
      ({ selector, allowed: { groupsFromDirectory } }) =>
        groupsFromDirectory !== undefined &&
        (selector.clusters?.matches(cluster) ?? true) &&
        [...groupsFromDirectory.values()].some((globs) => globs.matches(group)),
    ),
  );

/**
 * The groups that this requester could ask for only if the username were in more directory groups than these. It looks
 * at the policies in force that the requester can use for the username on the cluster. Labels, hours, expressions and
 * quotas of a policy make no difference: another request may satisfy them.
 */
export function groupsGivenOnly(
  { policies }: PolicySet,
  { cluster, username, requester }: GivenTo,
  groups: readonly string[],
  names: readonly string[],
  now: Date,
): readonly string[] {
  const values = globValuesOf(requester);
  const usable = policies.filter(
    ({ selector, allowed, constraints }) =>
      selects(selector, cluster, requester) &&
      !isEarly(constraints, now) &&
      !isLate(constraints, now) &&
      permitsUsername(allowed, username, values),
  );
  const allNames = usable.flatMap(({ allowed }) => [...(allowed.groupsFromDirectory?.keys() ?? [])]);
  const isGiven = (group: string, of: readonly string[]) =>
    usable.some(({ allowed }) => givesGroup(allowed, group, of, values));
  return groups.filter((group) => !isGiven(group, names) && isGiven(group, allNames));
}
