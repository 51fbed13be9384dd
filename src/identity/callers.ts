import {
  authenticated,
  refusedFor,
  type Authentication,
  type Credential,
  type WayIn,
} from '../model/authentication.js';
import type { OutOfDirectory, Principal } from '../model/principal.js';
import type { ApiTokenAuthenticator } from './api-token-authenticator.js';
import type { KeyProofs } from './proofs/key-proofs.js';
import type { RefusedSignIns } from './refused-sign-ins.js';

/** The ways in that are configured, besides API tokens, which there always are. */
export interface OtherWaysIn {
  /** JSON Web Tokens: of people, and of service accounts. */
  readonly jsonWebTokens?: WayIn<string>;
  readonly sessions?: WayIn<string>;
  readonly clientCertificates?: WayIn<Uint8Array>;
  readonly keyProofs?: Pick<KeyProofs, 'authenticate' | 'use'>;
}

/** Knows who left, and whose name was given to somebody else. */
export interface Directory {
  whyOut(principal: Pick<Principal, 'name' | 'vouchedAt'>): Promise<OutOfDirectory | null>;
}

/** One door for all callers: whatever they present, it answers one kind of principal. */
export class Callers implements WayIn<Credential> {
  constructor(
    private readonly apiTokens: Pick<ApiTokenAuthenticator, 'authenticate' | 'authenticateReviewer'>,
    private readonly others: OtherWaysIn,
    /** Is told of each refusal. */
    private readonly refused: Pick<RefusedSignIns, 'count'> = { count: () => undefined },
    private readonly directory: Directory = { whyOut: () => Promise.resolve(null) },
  ) {}

  async authenticate(credential: Credential): Promise<Authentication> {
    const authentication = await this.#authenticate(credential);
    if (authentication.outcome === 'refused') this.refused.count(authentication.reason);
    return authentication.outcome === 'authenticated' ? this.#asInDirectory(authentication.principal) : authentication;
  }

  /**
   * Somebody who left has no role, although an identity provider vouched for them a moment ago; nor has whoever had the
   * name before its bearer. API tokens are not asked about: those of a leaver are revoked with the leaving, and one that goes
   * on does so on purpose, as the last admin's does.
   */
  async #asInDirectory(principal: Principal): Promise<Authentication> {
    if (principal.method === 'api-token') return authenticated(principal);
    const outOfDirectory = await this.directory.whyOut(principal);
    return authenticated(outOfDirectory === null ? principal : { ...principal, roles: [], outOfDirectory });
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

  async useProof(principal: Principal, csr: Uint8Array | null): Promise<Authentication | null> {
    if (principal.proof === undefined) return null;
    const refusal = (await this.others.keyProofs?.use(principal, csr)) ?? null;
    if (refusal?.outcome === 'refused') this.refused.count(refusal.reason);
    return refusal;
  }

  authenticateReviewer(token: string): Promise<Principal | null> {
    return this.apiTokens.authenticateReviewer(token);
  }
}

const noSuchWay = (what: string): Authentication => refusedFor('NotConfigured', `${what} is not configured`);

/** RFC 7515 section 7.1, RFC 7516 section 7.1: their parts stand between full stops, and API tokens hold none. */
const isJsonWebToken = (token: string): boolean => token.includes('.');
