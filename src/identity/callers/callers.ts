import {
  authenticated,
  refusedFor,
  type Authentication,
  type Credential,
  type WayIn,
  type Principal,
  type RolesLost,
} from '../../model/principal.js';
import type { ApiTokenAuthenticator } from '../api-token-authenticator.js';
import type { KeyProofs } from '../proofs/key-proof-authenticator.js';
import type { RefusedSignIns } from '../refused-sign-ins.js';

/** The ways in that are configured, besides API tokens, which there always are. */
export interface OtherWaysIn {
  /** JSON Web Tokens: of people, and of service accounts. */
  readonly jsonWebTokens?: WayIn<string>;
  readonly sessions?: WayIn<string>;
  readonly clientCertificates?: WayIn<Uint8Array>;
  readonly keyProofs?: Pick<KeyProofs, 'authenticate' | 'use'>;
}

/** Answers why somebody has none of their roles now; null: they have them. For nearly everybody that is known at once. */
export type WhyRolesLost = (principal: Principal) => Promise<RolesLost | null> | null;

/** One door for all callers: whatever they present, it answers one kind of principal. */
export class Callers implements WayIn<Credential> {
  constructor(
    private readonly apiTokens: Pick<ApiTokenAuthenticator, 'authenticate' | 'authenticateReviewer'>,
    private readonly others: OtherWaysIn,
    /** Is told of each refusal. */
    private readonly refused: Pick<RefusedSignIns, 'count'> = { count: () => undefined },
    private readonly whyRolesLost: WhyRolesLost = () => null,
  ) {}

  async authenticate(credential: Credential): Promise<Authentication> {
    const authentication = await this.#authenticate(credential);
    if (authentication.outcome === 'refused') this.refused.count(authentication.reason);
    return authentication.outcome === 'authenticated' ? this.#withRoles(authentication.principal) : authentication;
  }

  /**
   * Somebody who is blocked or left has no role, although an identity provider vouched for them a moment ago; nor has whoever
   * had the name before its bearer.
   */
  #withRoles(principal: Principal): Authentication | Promise<Authentication> {
    const answer = (rolesLost: RolesLost | null) =>
      authenticated(rolesLost === null ? principal : { ...principal, roles: [], rolesLost });
    return this.whyRolesLost(principal)?.then(answer) ?? answer(null);
  }

  async #authenticate(credential: Credential): Promise<Authentication> {
    const { jsonWebTokens, sessions, clientCertificates, keyProofs } = this.others;
    switch (credential.kind) {
      case 'bearer': {
        if (jsonWebTokens !== undefined && isJsonWebToken(credential.token))
          return jsonWebTokens.authenticate(credential.token);
        const principal = await this.apiTokens.authenticate(credential.token);
        return principal === null
          ? refusedFor('ApiTokenNotLive', 'the API token is malformed, unknown, expired or revoked')
          : authenticated(principal);
      }
      case 'session':
        return sessions?.authenticate(credential.secret) ?? noSuchWay('sign-in');
      case 'client-certificate':
        return clientCertificates?.authenticate(credential.der) ?? noSuchWay('client certificates');
      case 'key-proof':
        return keyProofs?.authenticate(credential.presented) ?? noSuchWay('a proof of possession');
      case 'untrusted-certificate':
        return refusedFor('CertificateUntrusted', `the client certificate is not trusted: ${credential.why}`);
      case 'unreadable':
        return refusedFor('Unreadable', 'the Authorization header holds no bearer token, or one that is too long');
    }
  }

  /**
   * Takes the proof by which this caller came, once, for a call with this DER certification request; null: the call has
   * none. Answers why the proof does not count; null where it does, and for callers who came in another way.
   */
  async useProof(principal: Principal, csr: Uint8Array | null): Promise<Authentication | null> {
    if (principal.proof === undefined) return null;
    const refusal = (await this.others.keyProofs?.use(principal, csr)) ?? null;
    if (refusal?.outcome === 'refused') this.refused.count(refusal.reason);
    return refusal;
  }

  /** The reviewer behind the token, from memory; null for the token of anybody else. Never throws. */
  authenticateReviewer(token: string): Promise<Principal | null> {
    return this.apiTokens.authenticateReviewer(token);
  }
}

const noSuchWay = (what: string): Authentication => refusedFor('NotConfigured', `${what} is not configured`);

/** RFC 7515 section 7.1, RFC 7516 section 7.1: their parts stand between full stops, and API tokens hold none. */
const isJsonWebToken = (token: string): boolean => token.includes('.');
