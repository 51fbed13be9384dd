import { type RefusedAuthentication, refusedFor } from '../../model/principal.js';
import { quoteAll } from '@kubepass/inspect/formats';
import { type JsonWebToken, type SignatureAlgorithm, audiencesOf, memberOf, told } from './json-web-token.js';

/** How the claims of an issuer name a person. */
export interface NamingRules {
  /** The name of the issuer in the configuration. */
  readonly name: string;
  readonly usernameClaim: string;
  readonly usernamePrefix: string;
  readonly groupsClaim: string;
  readonly groupsPrefix: string;
  /** Beginnings of the names, and of the groups, that others give. */
  readonly othersPrefixes: { readonly usernames: readonly string[]; readonly groups: readonly string[] };
}

/** An identity provider, and the tokens of it that are accepted. */
export interface OidcIssuer extends NamingRules {
  /** Compared exactly with `iss`. */
  readonly issuer: string;
  readonly audiences: readonly string[];
  readonly tokens: 'access' | 'id';
  /** One of them is `azp`, else `client_id`; null: for access tokens anybody, for id tokens one of `audiences`. */
  readonly authorizedParties: readonly string[] | null;
  readonly algorithms: readonly SignatureAlgorithm[];
  readonly clockSkewSeconds: number;
}

/** The seconds since 1970 between which a token counts. Neither knows the clock skew. */
export interface Validity {
  readonly notBefore: number | null;
  readonly expires: number;
}

/** A token that is in order by all that it says about itself. The signature is another matter. */
interface AcceptableToken {
  readonly algorithm: SignatureAlgorithm;
  /** Null: the token names no key. */
  readonly keyId: string | null;
  readonly validity: Validity;
  /** In seconds since 1970; null: the token does not say it. */
  readonly issuedAt: number | null;
}

/** The last second of a JavaScript date. */
const lastSecond = 8.64e12;
const longestKeyId = 512;

/**
 * Judges a token of this issuer by its header and its claims (RFC 7519 section 4, RFC 8725, RFC 9068 section 4), all
 * but the signature and the person. `iss` is that of the issuer already.
 */
export function judgeToken(
  token: JsonWebToken,
  issuer: OidcIssuer,
  now: Date,
): AcceptableToken | RefusedAuthentication {
  const header = judgeHeader(token, issuer);
  if ('outcome' in header) return header;
  const otherKind = refusalOfKind(token, issuer.tokens);
  if (otherKind !== null) return otherKind;

  const audiences = audiencesOf(token);
  if (audiences === null)
    return refusedFor('AudienceNotAccepted', 'the audience of the token is neither text nor texts');
  if (!audiences.some((audience) => issuer.audiences.includes(audience)))
    return refusedFor(
      'AudienceNotAccepted',
      audiences.length === 0
        ? 'the token has no audience'
        : `audience ${quoteAll(audiences.slice(0, 10))} is not among ${quoteAll(issuer.audiences)} of the issuer`,
    );
  const party = refusalOfParty(token, issuer, audiences);
  if (party !== null) return party;
  // RFC 7800 section 3: the token counts together with a proof of a key, and callers with a bearer token prove no key.
  if (Object.hasOwn(token.claims, 'cnf'))
    return refusedFor('TokenBoundToKey', 'the token has "cnf": it is bound to a key, and a bearer token proves none');

  const times = readTimes(token);
  if ('outcome' in times) return times;
  const { validity, issuedAt } = times;
  const untimely = refusalOfTime(validity, issuer.clockSkewSeconds, now);
  if (untimely !== null) return untimely;
  if (issuedAt !== null && issuedAt > now.getTime() / 1000 + issuer.clockSkewSeconds)
    return refusedFor(
      'TokenNotYetValid',
      `the token is issued at ${told(issuedAt)}, which has not come: see the clocks`,
    );
  return { ...header, validity, issuedAt };
}

/** Why a token does not count at this instant; null where it does. A token that was verified is asked each time. */
export function refusalOfTime(
  { notBefore, expires }: Validity,
  skewSeconds: number,
  now: Date,
): RefusedAuthentication | null {
  const seconds = now.getTime() / 1000;
  if (seconds >= expires + skewSeconds)
    return refusedFor('TokenExpired', `the token has expired, at ${dateOf(expires).toISOString()}`);
  if (notBefore !== null && seconds < notBefore - skewSeconds)
    return refusedFor(
      'TokenNotYetValid',
      `the token counts from ${dateOf(notBefore).toISOString()} on: see the clocks`,
    );
  return null;
}

/** The instant of a NumericDate (RFC 7519 section 2). */
export const dateOf = (seconds: number): Date => new Date(Math.floor(seconds * 1000));

function judgeHeader(
  { header }: JsonWebToken,
  { algorithms }: OidcIssuer,
): Pick<AcceptableToken, 'algorithm' | 'keyId'> | RefusedAuthentication {
  // RFC 7515 section 4.1.11: nothing of what could stand there is understood here.
  if (Object.hasOwn(header, 'crit')) return refusedFor('CriticalHeader', 'the header of the token has "crit"');
  // RFC 7797 section 3. Without `crit` it means nothing, but to somebody it may.
  if (Object.hasOwn(header, 'b64')) return refusedFor('CriticalHeader', 'the header of the token has "b64"');
  // RFC 7519 section 5.2: only a token with another token inside has a content type.
  const content = memberOf(header, 'cty');
  if (content !== undefined)
    return refusedFor('NestedToken', `the token says that it holds ${told(content)}: it must not be nested`);
  const named = memberOf(header, 'alg');
  const algorithm = algorithms.find((one) => one === named);
  if (algorithm === undefined)
    return refusedFor(
      'AlgorithmNotAccepted',
      `algorithm ${told(named)} is not among ${quoteAll(algorithms)} of the issuer`,
    );
  const keyId = memberOf(header, 'kid') ?? null;
  if (keyId !== null && (typeof keyId !== 'string' || keyId === '' || keyId.length > longestKeyId))
    return refusedFor('KeyUnknown', 'the kid of the token is no text that a key could have');
  return { algorithm, keyId };
}

/**
 * OpenID Connect Core 1.0 section 2, `azp`; RFC 9068 section 2.2, `client_id`. An id token is for its audiences, which
 * are clients. The one to which it was issued is one of those that count (section 3.1.3.7), and is named where there
 * are several.
 */
function refusalOfParty(
  { claims }: JsonWebToken,
  { authorizedParties, tokens, audiences: clients }: OidcIssuer,
  audiences: readonly string[],
) {
  const azp = memberOf(claims, 'azp');
  if (authorizedParties === null && (tokens === 'access' || (azp === undefined && audiences.length === 1))) return null;
  const party = azp ?? (authorizedParties === null ? undefined : memberOf(claims, 'client_id'));
  const parties = authorizedParties ?? clients;
  if (typeof party === 'string' && parties.includes(party)) return null;
  return refusedFor(
    'AuthorizedPartyNotAccepted',
    party === undefined
      ? `the token has neither azp nor client_id, one of which must be among ${authorizedParties === null ? 'audiences' : 'authorizedParties'}`
      : `authorized party ${told(party)} is not among ${quoteAll(parties)} of the issuer`,
  );
}

function readTimes({ claims }: JsonWebToken): Pick<AcceptableToken, 'validity' | 'issuedAt'> | RefusedAuthentication {
  const read = { exp: memberOf(claims, 'exp'), nbf: memberOf(claims, 'nbf'), iat: memberOf(claims, 'iat') };
  const wrong = Object.entries(read).find(([, value]) => value !== undefined && !isNumericDate(value));
  if (wrong !== undefined)
    return refusedFor('TimesUnreadable', `${wrong[0]} of the token is no number of seconds in range`);
  const { exp, nbf, iat } = read as Readonly<Record<keyof typeof read, number | undefined>>;
  if (exp === undefined) return refusedFor('ExpiryMissing', 'the token has no exp: it would never end');
  return { validity: { notBefore: nbf ?? null, expires: exp }, issuedAt: iat ?? null };
}

export const isNumericDate = (value: unknown): value is number =>
  typeof value === 'number' && Number.isFinite(value) && value >= 0 && value <= lastSecond;

/** The tokens that an identity provider makes for a person. `other` has been made for something else. */
type Kind = 'access' | 'id' | 'other';

/** RFC 9068 section 2.1, RFC 7515 section 4.1.9. The media types that a signed token of either kind has. */
const headerTypes: Readonly<Record<string, Kind | null>> = { 'at+jwt': 'access', jwt: null, jose: null };

/** The claim `typ` of Keycloak. Others may use the name for something of their own. */
const claimTypes: Readonly<Record<string, Kind>> = {
  bearer: 'access',
  id: 'id',
  refresh: 'other',
  offline: 'other',
  logout: 'other',
  dpop: 'other',
};

/** The claim `token_use` of Cognito. */
const tokenUses: Readonly<Record<string, Kind>> = { access: 'access', id: 'id' };

/**
 * Why a token is not of the accepted kind; null where it is. An id token tells its client who has signed in, and shall
 * open nothing else, and an access token says little about who its bearer is. The kinds are told apart by what they say
 * of themselves, else by what OpenID Connect Core 1.0 (sections 2, 3.3.2.11) puts into an id token alone.
 */
function refusalOfKind({ header, claims }: JsonWebToken, accepted: 'access' | 'id'): RefusedAuthentication | null {
  const typ = memberOf(header, 'typ');
  const type = typ === undefined ? 'jwt' : typeof typ === 'string' ? shortType(typ) : '';
  if (!Object.hasOwn(headerTypes, type)) return refusedFor('TokenTypeNotAccepted', `the token is of type ${told(typ)}`);
  // RFC 8417 section 2.2: a security event token, which tells of a sign-out for example, is not a credential.
  if (Object.hasOwn(claims, 'events'))
    return refusedFor('TokenTypeNotAccepted', 'the token has "events": it tells of a security event');

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

const notAccepted = (kind: Kind, by: string, accepted: 'access' | 'id') =>
  refusedFor(reasons[kind], `the token is ${names[kind]}, by ${by}: "tokens" of the issuer is ${accepted}`);
