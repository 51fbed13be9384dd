import { refusedFor, type Authentication, type WayIn } from '../model/principal.js';
import { audiencesOf, memberOf, readJsonWebToken, told, type JsonWebToken } from './json-web-token.js';

/** Tokens of identity providers. */
export interface TokensOfIssuers {
  /** Whether the one who says to have issued the token is configured. */
  readonly knows: (issuer: string) => boolean;
  /** The answer for a token that was verified before; null where it has to be read and verified. */
  readonly remembered: (token: string) => Authentication | null;
  /** The token names an issuer that this one knows. */
  readonly verify: (token: JsonWebToken) => Promise<Authentication>;
  /** For a message: the configured issuer that differs from this one by a slash at the end alone; null: there is none. */
  readonly closeTo: (issuer: string) => string | null;
}

/** Tokens of service accounts, which a cluster reviews. */
export interface TokensOfServiceAccounts extends WayIn<string> {
  /** Whether a cluster makes tokens for this audience. */
  readonly knows: (audience: string) => boolean;
}

/**
 * Hands each JSON Web Token to the one who can verify it: to the identity provider that is its issuer, else to the cluster
 * of its audience. Both are read from a token that nobody has verified, so they choose, and give no right.
 */
export class JsonWebTokens implements WayIn<string> {
  constructor(
    private readonly issuers: TokensOfIssuers,
    private readonly serviceAccounts: TokensOfServiceAccounts | null,
  ) {}

  async authenticate(text: string): Promise<Authentication> {
    const remembered = this.issuers.remembered(text);
    if (remembered !== null) return remembered;
    const read = readJsonWebToken(text);
    if (!read.ok) return read.refusal;
    const { token } = read;
    const issuer = memberOf(token.claims, 'iss');
    if (typeof issuer === 'string' && this.issuers.knows(issuer)) return this.issuers.verify(token);
    const audiences = audiencesOf(token) ?? [];
    const { serviceAccounts } = this;
    if (serviceAccounts !== null && audiences.some((audience) => serviceAccounts.knows(audience)))
      return serviceAccounts.authenticate(text);
    return refusedFor('IssuerUnknown', this.#unknown(issuer));
  }

  #unknown(issuer: unknown): string {
    const nobody =
      this.serviceAccounts === null
        ? `issuer ${told(issuer)} is not among callers.oidc`
        : `issuer ${told(issuer)} is not among callers.oidc, and no audience of the token is among callers.serviceAccounts`;
    const close = typeof issuer === 'string' ? this.issuers.closeTo(issuer) : null;
    return close === null ? nobody : `${nobody}; ${told(close)} is, and differs by the slash at its end`;
  }
}
