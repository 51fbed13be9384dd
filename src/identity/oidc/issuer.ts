/** JWS algorithms (RFC 7518 section 3.1, RFC 8037) that a public key verifies. */
export type SignatureAlgorithm = `${'RS' | 'PS'}${256 | 384 | 512}` | `ES${256 | 384 | 512}` | 'EdDSA';

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
