/** How programs sign in besides API tokens. It is public, and holds no secret. */
export interface OfferedSignIns {
  /** Identity providers with a public client for the command line. */
  readonly oidc: readonly OfferedIssuer[];
  /** A token of a service account of this cluster needs this audience. */
  readonly serviceAccounts: readonly { readonly cluster: string; readonly audience: string }[];
}

export interface OfferedIssuer {
  readonly name: string;
  readonly issuer: string;
  readonly clientId: string;
  readonly scopes: readonly string[];
  /** One of them must be in the token. */
  readonly audiences: readonly string[];
}
