import type { KeyAlgorithm } from '../pki/key-algorithm.js';
import type { ApprovalStage, PrincipalSelector } from '../model/decision.js';

/** Which requests a policy or guardrail speaks about: OR within a field, AND across; omitted matches any, empty none. */
export interface Selector {
  readonly clusters?: readonly string[];
  readonly requesters?: PrincipalSelector;
}

export interface Policy {
  readonly name: string;
  readonly selector: Selector;
  /** An omitted field must be absent from the request. */
  readonly allowed: { readonly usernames?: readonly string[]; readonly groups?: readonly string[] };
  readonly constraints: {
    readonly maxExpirationSeconds?: number;
    /** `RSA` stands for every RSA size. */
    readonly keyAlgorithms?: readonly (KeyAlgorithm | 'RSA')[];
    readonly minRsaBits?: number;
  };
  readonly approval: { readonly mode: 'auto' } | { readonly mode: 'manual'; readonly stages: readonly ApprovalStage[] };
}

export interface Guardrail {
  readonly name: string;
  readonly selector: Selector;
  /** Denies where any of it matches; null denies whatever the selector holds for. */
  readonly match: { readonly usernames?: readonly string[]; readonly groups?: readonly string[] } | null;
  readonly message: string;
}

/** All policies and guardrails in force, read as one. */
export interface PolicySet {
  readonly policies: readonly Policy[];
  readonly guardrails: readonly Guardrail[];
  /** SHA-256 over paths and texts, lower-case hex. */
  readonly digest: string;
  readonly texts: readonly { readonly path: string; readonly text: string }[];
}

/** What `decide` looks at of a request. */
export interface RequestToDecide {
  readonly username: string;
  readonly groups: readonly string[];
  readonly keyAlgorithm: KeyAlgorithm;
  /** As asked; null where the caller left it to policy. */
  readonly expirationSeconds: number | null;
}
