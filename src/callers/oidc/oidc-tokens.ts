import { hash } from 'node:crypto';
import { type Authentication, type Principal, authenticated, refusedFor } from '../../model/principal.js';
import { BoundedMap } from '../../model/bounded-map.js';
import { type JsonWebToken, isVerifiedByOne, memberOf } from './json-web-token.js';
import { type RoleBinding, rolesBound } from '../permissions.js';
import { type OidcIssuer, type Validity, dateOf, judgeToken, refusalOfTime } from './token-rules.js';
import type { IssuerKeys } from './issuer-keys.js';
import { personOfClaims } from './person-of-claims.js';

/** An issuer with its keys. */
interface IssuerInForce {
  readonly issuer: OidcIssuer;
  readonly keys: Pick<IssuerKeys, 'find' | 'generation' | 'areUsable' | 'unavailable'>;
}

interface OidcTokensOptions {
  readonly issuers: readonly IssuerInForce[];
  readonly roles: readonly RoleBinding[];
  readonly clock: () => Date;
  readonly log: { info(fields: object, message: string): void };
}

interface VerifiedToken {
  readonly issuer: IssuerInForce;
  /** The set of keys that it was verified with. */
  readonly generation: number;
  readonly validity: Validity;
  readonly principal: Principal;
}

/** Bearer tokens of the configured identity providers. */
export class OidcTokens {
  readonly #issuers: ReadonlyMap<string, IssuerInForce>;
  /** By their SHA-256, so that each is verified once. Not the tokens themselves: they are secrets. */
  readonly #verified = new BoundedMap<string, VerifiedToken>(2_000);

  constructor(private readonly options: OidcTokensOptions) {
    this.#issuers = new Map(options.issuers.map((one) => [one.issuer.issuer, one]));
  }

  /** Whether the identity provider that a token names as its issuer is configured. */
  knows(issuer: string): boolean {
    return this.#issuers.has(issuer);
  }

  /**
   * For a message: the configured issuer that differs from this one by a slash at the end alone; null: there is none.
   */
  closeTo(issuer: string): string | null {
    const close = issuer.endsWith('/') ? issuer.slice(0, -1) : `${issuer}/`;
    return this.#issuers.has(close) ? close : null;
  }

  /**
   * The answer for a token that was verified before; null where it has to be read and verified. The keys may have
   * changed since, and the time has: both are looked at again.
   */
  remembered(token: string): Authentication | null {
    const sha256 = tokenSha256(token);
    const verified = this.#verified.get(sha256);
    if (verified === undefined) return null;
    const { issuer, keys } = verified.issuer;
    if (!keys.areUsable) return null;
    if (verified.generation !== keys.generation) {
      this.#verified.delete(sha256);
      return null;
    }
    const untimely = refusalOfTime(verified.validity, issuer.clockSkewSeconds, this.options.clock());
    if (untimely === null) return authenticated(verified.principal);
    this.#verified.delete(sha256);
    return untimely;
  }

  /** The token names an issuer that is configured. */
  async verify(token: JsonWebToken): Promise<Authentication> {
    const inForce = this.#issuers.get(memberOf(token.claims, 'iss') as string);
    if (inForce === undefined) return refusedFor('IssuerUnknown', 'the issuer of the token is not among callers.oidc');
    const { issuer, keys } = inForce;
    const now = this.options.clock();
    const judged = judgeToken(token, issuer, now);
    if ('outcome' in judged) return judged;
    const { algorithm, keyId, validity, issuedAt } = judged;

    const found = await keys.find(keyId, algorithm);
    if (found.outcome === 'unknown') return refusedFor('KeyUnknown', found.message);
    if (found.outcome === 'unavailable') return found;
    const isVerified = await isVerifiedByOne(token.text, found.keys, {
      algorithm,
      issuer: issuer.issuer,
      audience: [...issuer.audiences],
      requiredClaims: ['exp'],
      currentDate: now,
      // `jose` drops the fraction of the present second.
      clockTolerance: issuer.clockSkewSeconds + 1,
    });
    if (!isVerified)
      return refusedFor('SignatureInvalid', `the signature of the token is not by a key of issuer "${issuer.name}"`);

    const person = personOfClaims(token.claims, issuer);
    if ('outcome' in person) return person;
    const { name, groups, unmatchedGroups } = person;
    const sha256 = tokenSha256(token.text);
    const principal: Principal = {
      name,
      groups,
      roles: rolesBound(this.options.roles, person),
      method: 'oidc',
      createdBy: [],
      credentialId: `oidc:${issuer.name}:${safeId(memberOf(token.claims, 'jti')) ?? sha256.slice(0, 32)}`,
      cluster: null,
      expiresAt: dateOf(validity.expires),
      vouchedAt: issuedAt === null ? null : dateOf(issuedAt),
    };
    this.#verified.set(sha256, { issuer: inForce, generation: found.generation, validity, principal });
    // Once for each token that is verified: somebody may wonder why a group gives no role.
    if (unmatchedGroups > 0)
      this.options.log.info(
        { issuer: issuer.name, groupsClaim: issuer.groupsClaim, unmatchedGroups, credentialId: principal.credentialId },
        'groups of a token cannot be named here',
      );
    return authenticated(principal);
  }
}

/** Lower-case hex. */
const tokenSha256 = (token: string): string => hash('sha256', token, 'hex');

/** An id that may stand in an audit event as it is. */
const safeId = (id: unknown): string | null =>
  typeof id === 'string' && /^[A-Za-z0-9][A-Za-z0-9._:-]{0,63}$/.test(id) ? id : null;
