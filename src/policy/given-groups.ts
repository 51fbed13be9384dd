import type { GlobValues } from './glob.js';
import type { Constraints, Policy } from './policy-set.js';

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
