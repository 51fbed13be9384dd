import { type RefusedAuthentication, mostPrincipalGroups, refusedFor } from '../../model/principal.js';
import { foldedName, isSystemName, quote } from '@kubepass/inspect/formats';
import { whyNotPrincipalName, whyReservedName } from '../../model/name-grammar.js';
import { type JsonObject, memberOf, told } from './json-web-token.js';
import type { NamingRules } from './token-rules.js';

/** A person, by the claims of an identity provider. */
export interface Person {
  readonly name: string;
  /** Each once, in the order of the claim. */
  readonly groups: readonly string[];
  /** How many groups were left out, because nobody could name them here. */
  readonly unmatchedGroups: number;
}

/**
 * The person whom verified claims are about. A name is taken whole or refused: a name that was trimmed or mended could
 * be somebody else's. Groups that do not fit are left out.
 */
export function personOfClaims(claims: JsonObject, rules: NamingRules): Person | RefusedAuthentication {
  const name = nameOf(claims, rules);
  if (typeof name !== 'string') return name;
  const groups = groupsOf(claims, rules);
  return 'outcome' in groups ? groups : { name, ...groups };
}

function nameOf(
  claims: JsonObject,
  { usernameClaim, usernamePrefix, othersPrefixes }: NamingRules,
): string | RefusedAuthentication {
  const claim = memberOf(claims, usernameClaim);
  if (typeof claim !== 'string' || claim === '')
    return refusedFor(
      'NameMissing',
      `the token has no ${quote(usernameClaim)}, or none that is a text with a character`,
    );
  if (usernameClaim === 'email') {
    const verified = memberOf(claims, 'email_verified');
    if (verified !== undefined && verified !== true && verified !== 'true')
      return refusedFor('EmailNotVerified', `email_verified is ${told(verified)}: anybody could have that address`);
  }
  const name = `${usernamePrefix}${claim}`;
  const whyNot = whyNotPrincipalName(name);
  if (whyNot !== null) return refusedFor('NameNotPermitted', `${quote(usernameClaim)} cannot be a name: it ${whyNot}`);
  const whyReserved = whyReservedName(name);
  if (whyReserved !== null) return refusedFor('NameReserved', `name ${quote(name)} ${whyReserved}`);
  if (beginsWithOneOf(name, othersPrefixes.usernames))
    return refusedFor('NameOfAnotherIssuer', `name ${quote(name)} begins as the names of another issuer do`);
  return name;
}

function groupsOf(
  claims: JsonObject,
  { groupsClaim, groupsPrefix, othersPrefixes }: NamingRules,
): Omit<Person, 'name'> | RefusedAuthentication {
  if (saysGroupsAreElsewhere(claims, groupsClaim))
    return refusedFor(
      'GroupsNotInToken',
      `the token has too many groups to hold them (_claim_names): let the provider put fewer into ${quote(groupsClaim)}`,
    );
  const claim = memberOf(claims, groupsClaim) ?? [];
  const stated: readonly unknown[] = Array.isArray(claim) ? claim : [claim];
  if (!stated.every((group) => typeof group === 'string'))
    return refusedFor('GroupsUnreadable', `${quote(groupsClaim)} is neither a text nor a list of texts`);
  if (stated.length > mostPrincipalGroups)
    return refusedFor('TooManyGroups', `the token has ${stated.length} groups, of at most ${mostPrincipalGroups}`);
  const distinct = [...new Set(stated.map((group) => (group === '' ? '' : `${groupsPrefix}${group}`)))];
  const groups = distinct.filter(
    (group) =>
      whyNotPrincipalName(group) === null && !isSystemName(group) && !beginsWithOneOf(group, othersPrefixes.groups),
  );
  return { groups, unmatchedGroups: distinct.length - groups.length };
}

/**
 * OpenID Connect Core 1.0 section 5.6.2: the groups are at another place, where nobody looks. Entra does so from 200
 * on, and with `hasgroups` in tokens that come by a URL. To take them for no groups would pass by every rule about
 * them.
 */
function saysGroupsAreElsewhere(claims: JsonObject, groupsClaim: string): boolean {
  const names = memberOf(claims, '_claim_names');
  const hasNames = typeof names === 'object' && names !== null && Object.hasOwn(names, groupsClaim);
  const hasGroups = [true, 'true'].includes(memberOf(claims, 'hasgroups') as boolean | string);
  return hasNames || (hasGroups && groupsClaim === 'groups' && !Object.hasOwn(claims, groupsClaim));
}

const beginsWithOneOf = (name: string, prefixes: readonly string[]): boolean => {
  const folded = foldedName(name);
  return prefixes.some((prefix) => folded.startsWith(foldedName(prefix)));
};
