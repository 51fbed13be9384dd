/** A cluster's answer about a token (TokenReview of authentication.k8s.io/v1). */
export type TokenReview =
  /** It authenticates this user, for the audience that was asked about. */
  | {
      readonly verdict: 'authenticated';
      readonly username: string;
      readonly uid: string;
      readonly groups: readonly string[];
      /** Identifies the token, from Kubernetes 1.32 on: `JTI=…`; null where the cluster does not tell. */
      readonly credentialId: string | null;
    }
  /** It does not; `message` says why, to the operator. */
  | { readonly verdict: 'refused'; readonly message: string }
  /** The cluster cannot be asked. `missing`: the access right that kubepass lacks there; null where that is not why. */
  | {
      readonly verdict: 'unavailable';
      readonly message: string;
      readonly retryAfterSeconds: number | null;
      readonly missing: string | null;
    };
