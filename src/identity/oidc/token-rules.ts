import { refusedFor, type Authentication } from '../../model/principal.js';
import { quoteAll } from '@kubepass/inspect/formats';
import { audiencesOf, memberOf, told, type JsonWebToken } from '../json-web-token.js';
import type { OidcIssuer, SignatureAlgorithm } from './issuer.js';
import { whyNotKind } from './token-kind.js';

/** The seconds since 1970 between which a token counts. Neither knows the clock skew. */
export interface Validity {
  readonly notBefore: number | null;
  readonly expires: number;
}

/** A token that is in order by all that it says about itself. The signature is another matter. */
export interface AcceptableToken {
  readonly algorithm: SignatureAlgorithm;
  /** Null: the token names no key. */
  readonly keyId: string | null;
  readonly validity: Validity;
  /** In seconds since 1970; null: the token does not say it. */
  readonly issuedAt: number | null;
}

export type TokenJudgement =
  { readonly ok: true; readonly token: AcceptableToken } | { readonly ok: false; readonly refusal: Authentication };

/** The last second of a JavaScript date. */
const lastSecond = 8.64e12;
const longestKeyId = 512;

/**
 * Judges a token of this issuer by its header and its claims (RFC 7519 section 4, RFC 8725, RFC 9068 section 4), all but
 * the signature and the person. `iss` is that of the issuer already.
 */
export function judgeToken(token: JsonWebToken, issuer: OidcIssuer, now: Date): TokenJudgement {
  const header = judgeHeader(token, issuer);
  if (!header.ok) return header;
  const kind = whyNotKind(token, issuer.tokens);
  if (kind !== null) return refused(kind.reason, kind.message);

  const audiences = audiencesOf(token);
  if (audiences === null) return refused('AudienceNotAccepted', 'the audience of the token is neither text nor texts');
  if (!audiences.some((audience) => issuer.audiences.includes(audience)))
    return refused(
      'AudienceNotAccepted',
      audiences.length === 0
        ? 'the token has no audience'
        : `audience ${quoteAll(audiences.slice(0, 10))} is not among ${quoteAll(issuer.audiences)} of the issuer`,
    );
  const party = refusalOfParty(token, issuer, audiences);
  if (party !== null) return party;
  // RFC 7800 section 3: it works together with a key that its bearer proves, and a bearer proves none.
  if (Object.hasOwn(token.claims, 'cnf'))
    return refused('TokenBoundToKey', 'the token has "cnf": it is bound to a key, and a bearer token proves none');

  const times = readTimes(token);
  if (!times.ok) return times;
  const { validity, issuedAt } = times;
  const untimely = refusalOfTime(validity, issuer.clockSkewSeconds, now);
  if (untimely !== null) return { ok: false, refusal: untimely };
  if (issuedAt !== null && issuedAt > now.getTime() / 1000 + issuer.clockSkewSeconds)
    return refused('TokenNotYetValid', `the token is issued at ${told(issuedAt)}, which has not come: see the clocks`);
  return { ok: true, token: { ...header, validity, issuedAt } };
}

/** Why a token does not count at this instant; null where it does. A token that was verified is asked each time. */
export function refusalOfTime({ notBefore, expires }: Validity, skewSeconds: number, now: Date): Authentication | null {
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
):
  | { readonly ok: true; readonly algorithm: SignatureAlgorithm; readonly keyId: string | null }
  | Extract<TokenJudgement, { readonly ok: false }> {
  // RFC 7515 section 4.1.11: nothing of what could stand there is understood here.
  if (Object.hasOwn(header, 'crit')) return refused('CriticalHeader', 'the header of the token has "crit"');
  // RFC 7797 section 3. Without `crit` it means nothing, but to somebody it may.
  if (Object.hasOwn(header, 'b64')) return refused('CriticalHeader', 'the header of the token has "b64"');
  // RFC 7519 section 5.2: a signed token without another in it has none.
  const content = memberOf(header, 'cty');
  if (content !== undefined)
    return refused('NestedToken', `the token says that it holds ${told(content)}: it must not be nested`);
  const named = memberOf(header, 'alg');
  const algorithm = algorithms.find((one) => one === named);
  if (algorithm === undefined)
    return refused(
      'AlgorithmNotAccepted',
      `algorithm ${told(named)} is not among ${quoteAll(algorithms)} of the issuer`,
    );
  const keyId = memberOf(header, 'kid') ?? null;
  if (keyId !== null && (typeof keyId !== 'string' || keyId === '' || keyId.length > longestKeyId))
    return refused('KeyUnknown', 'the kid of the token is no text that a key could have');
  return { ok: true, algorithm, keyId };
}

/**
 * OpenID Connect Core 1.0 section 2, `azp`; RFC 9068 section 2.2, `client_id`. An id token is for its audiences, which are clients.
 * The one to which it was issued is one of those that count (section 3.1.3.7), and is named where there are several.
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
  return refused(
    'AuthorizedPartyNotAccepted',
    party === undefined
      ? `the token has neither azp nor client_id, one of which must be among ${authorizedParties === null ? 'audiences' : 'authorizedParties'}`
      : `authorized party ${told(party)} is not among ${quoteAll(parties)} of the issuer`,
  );
}

function readTimes({
  claims,
}: JsonWebToken):
  | { readonly ok: true; readonly validity: Validity; readonly issuedAt: number | null }
  | Extract<TokenJudgement, { readonly ok: false }> {
  const read = { exp: memberOf(claims, 'exp'), nbf: memberOf(claims, 'nbf'), iat: memberOf(claims, 'iat') };
  const wrong = Object.entries(read).find(([, value]) => value !== undefined && !isNumericDate(value));
  if (wrong !== undefined)
    return refused('TimesUnreadable', `${wrong[0]} of the token is no number of seconds in range`);
  const { exp, nbf, iat } = read as Readonly<Record<keyof typeof read, number | undefined>>;
  if (exp === undefined) return refused('ExpiryMissing', 'the token has no exp: it would never end');
  return { ok: true, validity: { notBefore: nbf ?? null, expires: exp }, issuedAt: iat ?? null };
}

const isNumericDate = (value: unknown): value is number =>
  typeof value === 'number' && Number.isFinite(value) && value >= 0 && value <= lastSecond;

const refused = (reason: string, message: string): Extract<TokenJudgement, { readonly ok: false }> => ({
  ok: false,
  refusal: refusedFor(reason, message),
});
