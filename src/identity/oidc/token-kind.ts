import { memberOf, told, type JsonWebToken } from '../json-web-token.js';

/** The tokens that an identity provider makes for a person. `other` has been made for something else. */
type Kind = 'access' | 'id' | 'other';

/** RFC 9068 section 2.1, RFC 7515 section 4.1.9. The media types that a signed token of either kind has. */
const headerTypes: Readonly<Record<string, Kind | null>> = { 'at+jwt': 'access', jwt: null, jose: null };

/** The claim `typ` of Keycloak. Others may use the name for something of their own. */
const claimTypes: Readonly<Record<string, Kind>> = {
  ...{ bearer: 'access', id: 'id' },
  ...{ refresh: 'other', offline: 'other', logout: 'other', dpop: 'other' },
};

/** The claim `token_use` of Cognito. */
const tokenUses: Readonly<Record<string, Kind>> = { access: 'access', id: 'id' };

/**
 * Why a token is not of the accepted kind; null where it is. An id token tells its client who has signed in, and shall
 * open nothing else, and an access token says little about who its bearer is. The kinds are told apart by what they say
 * of themselves, else by what OpenID Connect Core 1.0 (sections 2, 3.3.2.11) puts into an id token alone.
 */
export function whyNotKind(
  token: JsonWebToken,
  accepted: 'access' | 'id',
): { readonly reason: string; readonly message: string } | null {
  const { header, claims } = token;
  const typ = memberOf(header, 'typ');
  const type = typ === undefined ? 'jwt' : typeof typ === 'string' ? shortType(typ) : '';
  if (!Object.hasOwn(headerTypes, type))
    return { reason: 'TokenTypeNotAccepted', message: `the token is of type ${told(typ)}` };
  // RFC 8417 section 2.2: a security event token, which tells of a sign-out for example, is not a credential.
  if (Object.hasOwn(claims, 'events'))
    return { reason: 'TokenTypeNotAccepted', message: 'the token has "events": it tells of a security event' };

  const use = memberOf(claims, 'token_use');
  const signs = [headerTypes[type] ?? null, kindOf(claimTypes, memberOf(claims, 'typ')), kindOf(tokenUses, use)];
  if (use !== undefined && signs[2] === null) return notAccepted('other', `token_use ${told(use)}`, accepted);
  const sign = signs.find((kind) => kind !== null && kind !== accepted) ?? null;
  if (sign !== null) return notAccepted(sign, 'its typ or token_use', accepted);
  if (accepted === 'id' || signs.some((kind) => kind === 'access')) return null;
  const ofIdTokens = ['nonce', 'at_hash', 'c_hash'].find((name) => Object.hasOwn(claims, name));
  return ofIdTokens === undefined ? null : notAccepted('id', `"${ofIdTokens}", which id tokens have`, accepted);
}

/** RFC 7515 section 4.1.9: `application/` may be left out, and case does not count. */
const shortType = (type: string): string => type.toLowerCase().replace(/^application\//, '');

const kindOf = (kinds: Readonly<Record<string, Kind>>, value: unknown): Kind | null => {
  const name = typeof value === 'string' ? value.toLowerCase() : '';
  return Object.hasOwn(kinds, name) ? (kinds[name] ?? null) : null;
};

const reasons = { access: 'AccessTokenPresented', id: 'IdTokenPresented', other: 'TokenTypeNotAccepted' } as const;
const names = { access: 'an access token', id: 'an id token', other: 'neither an access token nor an id token' };

const notAccepted = (kind: Kind, by: string, accepted: 'access' | 'id') => ({
  reason: reasons[kind],
  message: `the token is ${names[kind]}, by ${by}: "tokens" of the issuer is ${accepted}`,
});
