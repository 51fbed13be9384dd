import type { ApprovalStage, KubeconfigDefaults, Quota } from '../model/decision.js';
import type { Role } from '../model/principal.js';
import type { KeyAlgorithm } from '../x509/strict/key-algorithm.js';
import type { Choice } from './choice.js';
import type { Expression } from './cel/compile-expression.js';
import type { Globs } from './glob.js';
import type { Hours } from './hours.js';
import type { Pattern } from './pattern.js';
import type { Resolution } from './policy-schema.js';

/** Which requests a policy or guardrail speaks about: OR within a field, AND across; omitted matches any, empty none. */
export interface Selector {
  readonly clusters?: Globs;
  readonly requesters?: {
    readonly names?: Globs;
    readonly groups?: Globs;
    readonly roles?: Choice<Role>;
  };
}

/** A policy as it was read when it was loaded: nothing in it has to be parsed again to decide. */
export interface Policy {
  readonly name: string;
  readonly selector: Selector;
  /** An omitted field must be absent from the request; a collector is absent where it is the requester. */
  readonly allowed: {
    readonly usernames?: Globs;
    readonly groups?: Globs;
    readonly collectors?: Globs;
  };
  readonly constraints: Constraints;
  readonly validations: readonly Validation[];
  readonly quota: Quota;
  readonly approval:
    | { readonly mode: 'auto' }
    | {
        readonly mode: 'manual';
        readonly stages: readonly ApprovalStage[];
        /** How long a request waits for approval; omitted: as long as the service lets any request wait. */
        readonly expiresAfterSeconds?: number;
      };
  readonly kubeconfig: KubeconfigDefaults;
}

export interface Constraints {
  readonly minExpirationSeconds?: number;
  readonly maxExpirationSeconds?: number;
  /** `RSA` stands for every RSA size. */
  readonly keyAlgorithms?: Choice<KeyAlgorithm | 'RSA'>;
  readonly minRsaBits?: number;
  /** A reason must be given; null: any. */
  readonly reason?: { readonly pattern: Pattern | null };
  readonly hours?: Hours;
  /** Before and after these the policy does not apply. */
  readonly notBefore?: Date;
  readonly notAfter?: Date;
}

/** An expression that must be true of a request. */
export interface Validation {
  readonly expression: Expression;
  readonly message: string | null;
  readonly messageExpression: Expression | null;
}

export interface Guardrail {
  readonly name: string;
  readonly selector: Selector;
  /** Holds where any of it matches; null holds for whatever the selector holds for. */
  readonly match: { readonly usernames?: Globs; readonly groups?: Globs } | null;
  /** All of them must hold. */
  readonly matchConditions: readonly { readonly name: string; readonly expression: Expression }[];
  /** Holds where the identity amounts to any of it on the cluster; null: that is not asked. */
  readonly resolvesTo: readonly Resolution[] | null;
  /** The least approval that it asks for where it holds; null: it denies there. */
  readonly approval: { readonly stages: readonly ApprovalStage[] } | null;
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
  readonly namespace: string | null;
  readonly reason: string | null;
  /** The name of the principal who may collect the key; by default the requester's. */
  readonly collector: string;
}
