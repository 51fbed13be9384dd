import type { Cluster } from '../model/cluster.js';
import type { ApprovalStage, KubeconfigDefaults, Quota } from '../model/decision.js';
import type { Labels } from '../model/certificate-request.js';
import type { Role } from '../model/principal.js';
import type { KeyAlgorithm } from '@kubepass/x509';
import type { Expression } from './cel/compile-expression.js';
import type { Choice, Globs } from './glob.js';
import type { Hours } from './hours.js';
import type { Resolution } from './policy-schema.js';
import type { ReasonPattern } from './reason-pattern.js';

/**
 * Selects the requests that a policy or guardrail applies to: OR within a field, AND across fields. An omitted field
 * matches every request, an empty list matches none.
 */
export interface Selector {
  readonly clusters?: Globs;
  /** By key. A request without the key does not match. */
  readonly labels?: ReadonlyMap<string, Globs>;
  readonly requesters?: {
    readonly names?: Globs;
    readonly groups?: Globs;
    readonly roles?: Choice<Role>;
  };
}

/** A compiled policy. A decision parses nothing in it again. */
export interface Policy {
  readonly name: string;
  readonly selector: Selector;
  /** If a field is omitted, the request must not have it. A request without a collector has the requester as one. */
  readonly allowed: {
    readonly usernames?: Globs;
    readonly groups?: Globs;
    /** By the name of a directory group: the groups that the username gets as its member. */
    readonly groupsFromDirectory?: ReadonlyMap<string, Globs>;
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
        /** How long a request waits for approval. If omitted, the limit of the service applies. */
        readonly expiresAfterSeconds?: number;
      };
  readonly renewal: PolicyRenewal;
  readonly kubeconfig: KubeconfigDefaults;
}

/** How a policy judges requests that renew a certificate. */
export interface PolicyRenewal {
  /** The greatest age of an approval by people that spares another one. Null: a renewal needs approval as any request. */
  readonly withinSeconds: number | null;
  /** How long after its end a certificate may be renewed. */
  readonly afterExpirySeconds: number;
}

export interface Constraints {
  readonly minExpirationSeconds?: number;
  readonly maxExpirationSeconds?: number;
  /** `RSA` stands for every RSA size. */
  readonly keyAlgorithms?: Choice<KeyAlgorithm | 'RSA'>;
  readonly minRsaBits?: number;
  /** The request must give a reason. Without a pattern any reason will do. */
  readonly reason?: { readonly pattern: ReasonPattern | null };
  readonly hours?: Hours;
  /** The policy applies from `notBefore` until `notAfter`. */
  readonly notBefore?: Date;
  readonly notAfter?: Date;
}

/** An expression that must be true for a request. */
export interface Validation {
  readonly expression: Expression;
  readonly message: string | null;
  readonly messageExpression: Expression | null;
}

/** The longest default lifetime, in seconds. */
export const longestDefaultSeconds = 86_400;

/** The lifetime of a request without `expirationSeconds`: a day, or the policy's maximum if that is less. */
export function defaultExpirationSeconds({ constraints }: Pick<Policy, 'constraints'>): number {
  return Math.min(longestDefaultSeconds, constraints.maxExpirationSeconds ?? Infinity);
}

/** A compiled guardrail. */
export interface Guardrail {
  readonly name: string;
  readonly selector: Selector;
  /** Holds if any glob matches. Null holds for every request that is selected. */
  readonly match: { readonly usernames?: Globs; readonly groups?: Globs } | null;
  /** All of them must hold. */
  readonly matchConditions: readonly { readonly name: string; readonly expression: Expression }[];
  /** Holds if the identity has any of these powers on the cluster. Null: the powers do not matter. */
  readonly resolvesTo: readonly Resolution[] | null;
  /** The least approval that the guardrail requires. Null: the guardrail denies. */
  readonly approval: { readonly stages: readonly ApprovalStage[] } | null;
  readonly message: string;
}

/** Policy files by their names, in order. */
export type PolicyTexts = readonly { readonly path: string; readonly text: string }[];

/** All policies and guardrails that are in force together. */
export interface PolicySet {
  readonly policies: readonly Policy[];
  readonly guardrails: readonly Guardrail[];
  /** SHA-256 over paths and texts, lower-case hex. */
  readonly digest: string;
  readonly texts: PolicyTexts;
}

/** The parts of a request that a decision depends on. */
export interface RequestToDecide {
  readonly username: string;
  readonly groups: readonly string[];
  readonly keyAlgorithm: KeyAlgorithm;
  /** The lifetime that the caller asked for. Null: the policy chooses. */
  readonly expirationSeconds: number | null;
  readonly namespace: string | null;
  readonly reason: string | null;
  readonly labels: Labels;
  /** The name of the principal who may collect the key. By default this is the requester. */
  readonly collector: string;
}

/** Copies these fields alone, so that the result can be posted to a worker. */
export const requestToDecide = ({
  username,
  groups,
  keyAlgorithm,
  expirationSeconds,
  namespace,
  reason,
  labels,
  collector,
}: RequestToDecide): RequestToDecide => ({
  username,
  groups,
  keyAlgorithm,
  expirationSeconds,
  namespace,
  reason,
  labels,
  collector,
});

/** The parts of a cluster that loading policies depends on. */
export interface ConfiguredCluster {
  readonly name: string;
  /** Whether kubepass reads the role bindings of this cluster. */
  readonly readsRoleBindings: boolean;
}

/** Copies these two fields alone, so that the result can be posted to a worker. */
export function configuredCluster({ name, readsRoleBindings }: Cluster): ConfiguredCluster {
  return { name, readsRoleBindings };
}
