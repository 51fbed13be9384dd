import type { Privileges } from './blast-radius.js';
import type { Role } from './principal.js';

/** Selects principals: OR within a field, AND across fields; an omitted field matches any, an empty list none. */
export interface PrincipalSelector {
  /** Globs. */
  readonly names?: readonly string[];
  /** Globs. */
  readonly groups?: readonly string[];
  readonly roles?: readonly Role[];
}

/** How many approvals a request needs, and from whom; omitted `approvers`: every approver and admin. */
export interface ApprovalStage {
  readonly count: number;
  readonly approvers?: PrincipalSelector;
}

/** One reason why a request is not permitted. `source` names the guardrail, policy or rule that says so. */
export interface Violation {
  readonly source: string;
  /** TitleCase and stable, as in Kubernetes conditions; those of now are `ViolationReason`. */
  readonly reason: string;
  readonly message: string;
}

/** How one guardrail or policy judged the request, check by check. */
export interface TraceEntry {
  readonly kind: 'guardrail' | 'policy';
  readonly name: string;
  readonly verdict: 'permits' | 'denies' | 'notApplicable';
  readonly checks: readonly TraceCheck[];
}

export interface TraceCheck {
  readonly check: string;
  readonly passed: boolean;
  readonly expected: string;
  readonly found: string;
  /** The reason that the violations give; present where the check failed. */
  readonly reason?: string;
}

/** A policy's verdict as it is stored with the decision; the full trace is recomputed from the facts. */
interface PolicyVerdict {
  readonly name: string;
  readonly verdict: 'permits' | 'denies' | 'notApplicable';
  readonly reasons: readonly string[];
}

interface DecisionBase {
  readonly violations: readonly Violation[];
  readonly trace: readonly TraceEntry[];
}

/** The decision of the policies on a request. Denied is a value, not an exception. */
export type Decision =
  | (DecisionBase & {
      readonly outcome: 'permitted';
      readonly approval: 'auto' | 'manual';
      /** The policy that decides. */
      readonly policy: string;
      /** Empty where approval is automatic. */
      readonly stages: readonly ApprovalStage[];
      /** The lifetime, in seconds: as asked, as before a renewal, or the default under the deciding policy. */
      readonly expirationSeconds: number;
      /** How long the request waits for approval; null: as long as the service lets any request wait. */
      readonly expiresAfterSeconds: number | null;
      /** Defaults for the kubeconfig, where the request does not say. */
      readonly kubeconfig: KubeconfigDefaults;
      /** The quota of the deciding policy, or empty. The commit that records the certificate counts it again. */
      readonly quota: Quota;
    })
  | (DecisionBase & {
      readonly outcome: 'denied';
      readonly approval: null;
      readonly policy: null;
    });

/** Defaults of the deciding policy; each is null where the policy says nothing. */
export interface KubeconfigDefaults {
  readonly namespace: string | null;
  readonly contextName: string | null;
}

/** The facts that a decision rests on besides the request and the requester. */
export interface DecisionFacts {
  readonly cluster: string;
  /** Privileged groups that the cluster's configuration lets policies give out, e.g. `kubeadm:cluster-admins`. */
  readonly allowPrivilegedGroups: readonly string[];
  /** `unicode` admits NFC letters, digits and inner spaces in names, never control or format characters. */
  readonly nameAlphabet: 'ascii' | 'unicode';
  /** Counts for quotas; present where the policy set has a quota. */
  readonly usage?: QuotaUsage;
  /** The identity's valid certificates, newest first, at most 100; present where an expression reads them. */
  readonly active?: readonly ActiveCertificate[];
  /** Present where a guardrail asks for it; null where the cluster cannot be read. */
  readonly blastRadius?: Privileges | null;
  /** The parties of the request that are blocked on the cluster; absent where none is. */
  readonly blocked?: readonly BlockedParty[];
  /** Absent where the request renews nothing. */
  readonly renewal?: RenewalFacts;
  /** The directory's view of the parties; absent where no directory is used and nothing asks for one. */
  readonly directory?: DirectoryFacts;
}

/** The parties of a request, as an identity provider tells of them. */
export interface DirectoryFacts {
  /** Whether the cluster gives certificates only to people in the directory. */
  readonly required: boolean;
  readonly username: DirectoryParty;
  readonly requester: DirectoryParty;
  readonly collector: DirectoryParty;
}

export interface DirectoryParty {
  /** `unknown`: nobody of this name is or was in the directory. */
  readonly state: 'active' | 'inactive' | 'unknown';
  /** The directory groups, as policies name them; empty unless the person is active. */
  readonly groups: readonly string[];
  /** Whether the name was somebody else's, whose certificates may still work or whose request it is. */
  readonly reused: boolean;
}

/** A blocked name, and what it is in the request. */
export interface BlockedParty {
  readonly party: 'username' | 'requester' | 'collector';
  readonly name: string;
}

/** The certificate that a request renews, and the approval by people that its lineage rests on. */
export interface RenewalFacts {
  /** Its fingerprint. */
  readonly of: string;
  /** 1 for the first renewal of a lineage. */
  readonly generation: number;
  /**
   * The last approval by people that counts for this renewal too, RFC 3339 UTC; null where there is none, or where it
   * was not given to the principal who gets the key now.
   */
  readonly approvedAt: string | null;
  /** The lifetime that was approved then, in seconds; null together with `approvedAt`. */
  readonly approvedSeconds: number | null;
  /** The principals who approved; empty where `approvedAt` is null. */
  readonly approvedBy: readonly string[];
  /** RFC 3339 UTC. */
  readonly notAfter: string;
  /** How long the certificate had ended when its renewal was asked for; 0: it had not. */
  readonly expiredSeconds: number;
  /** The lifetime that was granted to it; absent in decisions recorded before it was kept. */
  readonly expirationSeconds?: number;
  readonly revoked: boolean;
  /** When somebody last signed in for the lineage, RFC 3339 UTC; absent where they did for this renewal. */
  readonly signedInAt?: string;
}

/** How many certificates on the cluster count against each bound of a quota: valid ones, and those on their way. */
export interface QuotaUsage {
  readonly livePerUsername: number;
  /** For each group that is asked for. */
  readonly livePerGroup: Readonly<Record<string, number>>;
  readonly livePerRequester: number;
  /** Asked for by the requester: issued within the last hour, and those on their way. */
  readonly issuancesPerHour: number;
  /** Certificates of the lineage that is renewed; absent where the request renews nothing. */
  readonly livePerLineage?: number;
  /**
   * When the next certificate that counts against a bound stops to count, RFC 3339 UTC: by the bound, or
   * `livePerGroup/` and the group. Absent in decisions recorded before it was kept.
   */
  readonly nextEnds?: Readonly<Record<string, string>>;
}

/** The key of a bound in `nextEnds`. */
export const boundKey = (limit: QuotaLimit): string =>
  limit.kind === 'livePerGroup' ? `livePerGroup/${limit.group}` : limit.kind;

/** A valid certificate of the identity that is asked for. */
export interface ActiveCertificate {
  readonly groups: readonly string[];
  /** RFC 3339 UTC, as it is kept with the decision. */
  readonly notBefore: string;
  readonly notAfter: string;
  readonly serialNumber: string;
  readonly keyAlgorithm: string;
}

/** The decision as it is kept with its request: enough to recompute the full trace later. */
export interface RecordedDecision {
  readonly outcome: 'permitted' | 'denied';
  readonly approval: 'auto' | 'manual' | null;
  readonly policy: string | null;
  /** Fixed when the request is recorded; a later policy set does not change who must approve. */
  readonly stages: readonly ApprovalStage[];
  readonly violations: readonly Violation[];
  /**
   * The principals who created the credentials of the requester and the collector, directly or through others. They do
   * not decide. Absent where no person decides, and in decisions recorded before it was kept.
   */
  readonly makers?: readonly string[];
  /** Absent in decisions recorded before policies had it. */
  readonly kubeconfig?: KubeconfigDefaults;
  /** Quota of the deciding policy; absent in decisions recorded before policies had it. */
  readonly quota?: Quota;
  /** How long it may wait for approval, in seconds; null or absent: as long as the service lets any request wait. */
  readonly expiresAfterSeconds?: number | null;
  /** The lifetime as asked for; null where it was left to policy, absent where that was not recorded. */
  readonly askedExpirationSeconds?: number | null;
  readonly facts: DecisionFacts;
  readonly verdicts: readonly PolicyVerdict[];
  /** SHA-256 of the policy set in force, lower-case hex; its texts are stored once per digest. */
  readonly policySetDigest: string;
  readonly decidedAt: Date;
}

/** Bounds on the certificates that a policy gives out on one cluster; an omitted bound does not exist. */
export interface Quota {
  /** Certificates at once. */
  readonly livePerUsername?: number;
  readonly livePerGroup?: number;
  readonly livePerRequester?: number;
  /** To one requester. */
  readonly issuancesPerHour?: number;
}

/**
 * One bound of a quota, applied to a request. It counts valid certificates, and requests that are approved or being
 * issued.
 */
export type QuotaLimit =
  | { readonly kind: 'livePerUsername'; readonly cluster: string; readonly username: string }
  | { readonly kind: 'livePerGroup'; readonly cluster: string; readonly group: string }
  | { readonly kind: 'livePerRequester'; readonly cluster: string; readonly requester: string }
  /**
   * Valid certificates of one lineage, revoked ones left out; `lineage` is the fingerprint of its first certificate.
   */
  | { readonly kind: 'livePerLineage'; readonly cluster: string; readonly lineage: string }
  /** Issued since `now` less an hour, and on their way. */
  | { readonly kind: 'issuancesPerHour'; readonly cluster: string; readonly requester: string };
