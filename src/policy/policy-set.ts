import type { Cluster } from '../model/cluster.js';
import type { ApprovalStage, KubeconfigDefaults, Quota, QuotaLimit } from '../model/decision.js';
import type { Labels } from '../model/certificate-request.js';
import type { KeyAlgorithm } from '@kubepass/x509';
import type { Expression } from './cel/compile-expression.js';
import { type Choice, type Globs, type Selector, selects } from './selector.js';
import type { Hours } from './hours.js';
import type { Resolution } from './policy-schema.js';
import type { ReasonPattern } from './cel/compile-pattern.js';
import type { Requester } from '../model/principal.js';

/** A compiled policy. A decision parses nothing in it again. */
export interface Policy {
  readonly name: string;
  readonly selector: Selector;
  /** If a field is omitted, the request must not have it. A request without a collector has the requester as one. */
  readonly allowed: {
    readonly usernames?: Globs | undefined;
    readonly groups?: Globs | undefined;
    /** By the name of a directory group: the groups that the username gets as its member. */
    readonly groupsFromDirectory?: ReadonlyMap<string, Globs> | undefined;
    readonly collectors?: Globs | undefined;
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
        readonly expiresAfterSeconds?: number | undefined;
      };
  readonly renewal: PolicyRenewal;
  readonly kubeconfig: KubeconfigDefaults;
}

/** How a policy judges requests that renew a certificate. */
export interface PolicyRenewal {
  /** The greatest age of an approval by people that makes a new one needless. Null: as for a first request. */
  readonly withinSeconds: number | null;
  /** How long after its end a certificate may be renewed. */
  readonly afterExpirySeconds: number;
}

export interface Constraints {
  readonly minExpirationSeconds?: number;
  readonly maxExpirationSeconds?: number;
  /** `RSA` stands for every RSA size. */
  readonly keyAlgorithms?: Choice<KeyAlgorithm | 'RSA'> | undefined;
  readonly minRsaBits?: number;
  /** The request must give a reason. Without a pattern any reason will do. */
  readonly reason?: { readonly pattern: ReasonPattern | null } | undefined;
  readonly hours?: Hours | undefined;
  /** The policy applies from `notBefore` until `notAfter`. */
  readonly notBefore?: Date | undefined;
  readonly notAfter?: Date | undefined;
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
  readonly match: { readonly usernames: Globs | undefined; readonly groups: Globs | undefined } | null;
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
  /** The lifetime that the caller asked for. Null: that of the renewed certificate, or else the policy chooses. */
  readonly expirationSeconds: number | null;
  readonly namespace: string | null;
  readonly reason: string | null;
  readonly labels: Labels;
  /** The name of the principal who may collect the key. By default this is the requester. */
  readonly collector: string;
}

/** The parts of a cluster that loading policies depends on. */
export type ConfiguredCluster = Pick<Cluster, 'name' | 'readsRoleBindings'>;

/** Copies these two fields alone, so that the result can be posted to a worker. */
export function configuredCluster({ name, readsRoleBindings }: Cluster): ConfiguredCluster {
  return { name, readsRoleBindings };
}

/** The parts of a request that quotas count certificates by. */
interface QuotaSubject {
  readonly cluster: string;
  readonly username: string;
  readonly groups: readonly string[];
  /** The name of the requester. */
  readonly requester: string;
  /** Given where the bound of a lineage, which no policy sets, counts too. */
  readonly lineage?: string | undefined;
}

/**
 * How many certificates of a lineage may be valid at once, the new one counted: the one in use, one that is being
 * rolled out, and one more. So a client that renews in a loop fills no disk.
 */
export const mostLivePerLineage = 3;

/**
 * The counts that a quota limits for a request: `livePerGroup` gives one for each group. Once a count reaches `atMost`,
 * one more is too many.
 */
export function quotaLimits(
  { livePerUsername, livePerGroup, livePerRequester, issuancesPerHour }: Quota,
  { cluster, username, groups, requester, lineage }: QuotaSubject,
): readonly { readonly limit: QuotaLimit; readonly atMost: number }[] {
  const bounded = (atMost: number | undefined, ...limits: readonly QuotaLimit[]) =>
    atMost === undefined ? [] : limits.map((limit) => ({ limit, atMost }));
  return [
    ...bounded(livePerUsername, { kind: 'livePerUsername', cluster, username }),
    ...bounded(livePerGroup, ...groups.map((group) => ({ kind: 'livePerGroup', cluster, group }) as const)),
    ...bounded(livePerRequester, { kind: 'livePerRequester', cluster, requester }),
    ...bounded(issuancesPerHour, { kind: 'issuancesPerHour', cluster, requester }),
    ...(lineage === undefined ? [] : bounded(mostLivePerLineage, { kind: 'livePerLineage', cluster, lineage })),
  ];
}

// A decision asks these of a request, and they are asked again of a certificate, so that both always agree.

/** Whether the policy is not yet in force, or no longer. */
export const isEarly = ({ notBefore }: Constraints, now: Date): boolean => notBefore !== undefined && now < notBefore;
export const isLate = ({ notAfter }: Constraints, now: Date): boolean => notAfter !== undefined && now > notAfter;

/** The size of an RSA key; null: another key. */
export const rsaBitsOf = (key: KeyAlgorithm): number | null =>
  key.startsWith('RSA-') ? Number(key.slice('RSA-'.length)) : null;

export const hasKeyAlgorithm = ({ keyAlgorithms }: Constraints, key: KeyAlgorithm): boolean =>
  keyAlgorithms === undefined ||
  keyAlgorithms.values.includes(key) ||
  (rsaBitsOf(key) !== null && keyAlgorithms.values.includes('RSA'));

export const hasRsaBits = ({ minRsaBits = 0 }: Constraints, key: KeyAlgorithm): boolean =>
  (rsaBitsOf(key) ?? Infinity) >= minRsaBits;

/** Whether a policy lets the requester ask for the username. */
export const permitsUsername = ({ usernames }: Policy['allowed'], username: string, requester: string): boolean =>
  usernames?.matches(username, requester) ?? false;

/** Whether a policy gives a group to a member of these directory groups. */
export const givesGroup = (
  { groups, groupsFromDirectory }: Policy['allowed'],
  group: string,
  names: readonly string[],
  requester: string,
): boolean =>
  (groups?.matches(group, requester) ?? false) ||
  names.some((name) => groupsFromDirectory?.get(name)?.matches(group) ?? false);

/** The groups, among these, that a policy for the cluster gives to members of some directory group. */
export const groupsOfDirectory = (
  { policies }: PolicySet,
  cluster: string,
  groups: readonly string[],
): readonly string[] =>
  groups.filter((group) =>
    policies.some(
      ({ selector, allowed: { groupsFromDirectory } }) =>
        groupsFromDirectory !== undefined &&
        (selector.clusters?.matches(cluster) ?? true) &&
        [...groupsFromDirectory.values()].some((globs) => globs.matches(group)),
    ),
  );

/**
 * The groups that this requester could ask for only if the username were in more directory groups than these. It looks
 * at the policies in force that the requester can use for the username on the cluster. Labels, hours, expressions and
 * quotas of a policy make no difference: another request may satisfy them.
 */
export function groupsGivenOnly(
  { policies }: PolicySet,
  { cluster, username, requester }: { cluster: string; username: string; requester: Requester },
  groups: readonly string[],
  names: readonly string[],
  now: Date,
): readonly string[] {
  const usable = policies.filter(
    ({ selector, allowed, constraints }) =>
      selects(selector, cluster, requester) &&
      !isEarly(constraints, now) &&
      !isLate(constraints, now) &&
      permitsUsername(allowed, username, requester.name),
  );
  const allNames = usable.flatMap(({ allowed }) => [...(allowed.groupsFromDirectory?.keys() ?? [])]);
  const isGiven = (group: string, of: readonly string[]) =>
    usable.some(({ allowed }) => givesGroup(allowed, group, of, requester.name));
  return groups.filter((group) => !isGiven(group, names) && isGiven(group, allNames));
}
