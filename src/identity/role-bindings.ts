import { roles, type Principal, type Role } from '../model/principal.js';

/** Gives roles to the principals with one of these names, and to those in one of these groups. */
export interface RoleBinding {
  readonly names: readonly string[];
  readonly groups: readonly string[];
  readonly roles: readonly Role[];
}

/** The roles that bindings give. A right belongs to exactly one name: nothing is folded here. */
export function rolesBound(
  bindings: readonly RoleBinding[],
  { name, groups }: Pick<Principal, 'name' | 'groups'>,
): readonly Role[] {
  const held = new Set(
    bindings
      .filter((binding) => binding.names.includes(name) || binding.groups.some((group) => groups.includes(group)))
      .flatMap((binding) => binding.roles),
  );
  return roles.filter((role) => held.has(role));
}
