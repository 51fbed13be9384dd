import type { PrincipalSelector } from '../model/decision.js';
import type { Requester } from '../model/principal.js';
import { matchesAnyGlob } from './glob.js';

/**
 * Whether a selector speaks about a principal: OR within a field, AND across fields; an omitted field matches any
 * principal, an empty list none.
 */
export function matchesPrincipal(selector: PrincipalSelector, principal: Requester): boolean {
  const { names, groups, roles } = selector;
  return (
    (names === undefined || matchesAnyGlob(names, principal.name)) &&
    (groups === undefined || principal.groups.some((group) => matchesAnyGlob(groups, group))) &&
    (roles === undefined || principal.roles.some((role) => roles.includes(role)))
  );
}
