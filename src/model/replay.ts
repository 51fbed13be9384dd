import type { CertificateRequest } from './certificate-request.js';
import type { RecordedDecision, TraceCheck, TraceEntry } from './decision.js';
import type { Refusal } from './outcome.js';

/** The period, and the cluster, whose requests are decided again. */
export interface RecordedRequestRange {
  /** Absent: all clusters. */
  readonly cluster?: string;
  /** Only requests that were created then or later. */
  readonly after?: Date;
  /** Only requests that were created before. */
  readonly before: Date;
}

/** How a decision under other policies can differ from the recorded one. */
export const replayChanges = [
  'permittedToDenied',
  'deniedToPermitted',
  /** Automatic or by hand, by whom, by how many. */
  'approvalChanged',
  /** Another policy decides. */
  'policyChanged',
  'lifetimeChanged',
  /** Denied as before, for other reasons. */
  'reasonsChanged',
] as const;
export type ReplayChange = (typeof replayChanges)[number];

/** Facts that a decision can rest on and that are not recorded with every request. */
export const unrecordedFacts = ['usage', 'active', 'blastRadius', 'directory', 'askedExpirationSeconds'] as const;
export type UnrecordedFact = (typeof unrecordedFacts)[number];

/** The parts of a decision that a replay compares. */
export interface ReplaySide extends Pick<RecordedDecision, 'outcome' | 'approval' | 'policy' | 'stages'> {
  /** Null where it is denied. */
  readonly expirationSeconds: number | null;
  /** The reasons of the violations, each once. */
  readonly reasons: readonly string[];
}

/** A guardrail or policy that looks at the request otherwise than it did. */
export interface RuleDifference {
  readonly kind: TraceEntry['kind'];
  readonly name: string;
  /** Null where it was not in force, or is a guardrail that did not deny. */
  readonly was: TraceEntry['verdict'] | null;
  /** Null where the draft does not have it. */
  readonly wouldBe: TraceEntry['verdict'] | null;
  /** The reasons of its objections then. */
  readonly reasons: readonly string[];
  /** The checks that fail under the draft. */
  readonly failing: readonly Omit<TraceCheck, 'passed'>[];
}

/** Identifies a replayed request in a line about it. */
export interface ReplayedRequest extends Pick<CertificateRequest, 'id' | 'cluster' | 'username' | 'groups'> {
  /** The requester's name. */
  readonly requester: string;
  readonly decidedAt: Date;
}

/** The result of replaying one request. */
export type Replayed =
  | { readonly kind: 'unchanged' }
  | {
      readonly kind: 'changed';
      readonly request: ReplayedRequest;
      readonly changes: readonly ReplayChange[];
      readonly was: ReplaySide;
      readonly wouldBe: ReplaySide;
      readonly why: readonly RuleDifference[];
      /** How many more rules differ than `why` shows. */
      readonly whyOmitted: number;
    }
  /** The draft's decision depends on facts that were not recorded. */
  | { readonly kind: 'undecidable'; readonly request: ReplayedRequest; readonly facts: readonly UnrecordedFact[] }
  /** The record cannot be replayed: a mistake of ours. */
  | { readonly kind: 'failed'; readonly request: ReplayedRequest };

/** A replay summed up. */
export interface ReplaySummary {
  /** Replayed in all. */
  readonly requests: number;
  /** A request may have changed in several ways; `requests` counts it once. */
  readonly changed: { readonly requests: number } & Readonly<Record<ReplayChange, number>>;
  readonly undecidable: { readonly requests: number } & Readonly<Record<UnrecordedFact, number>>;
  readonly failed: number;
}

/** One item of a running replay; the last one is the summary, or the reason why there is none. */
export type ReplayItem =
  | { readonly kind: 'progress'; readonly requests: number; readonly changed: number; readonly decidedAt: Date }
  | Exclude<Replayed, { readonly kind: 'unchanged' }>
  | ({ readonly kind: 'summary' } & ReplaySummary)
  /** The draft takes too much work: the replay ends here. */
  | { readonly kind: 'refused'; readonly refusal: Refusal };

/** The part of a recorded request that is enough to decide it again: what it asked for, and its decision. */
export type RecordedRequest = Pick<
  CertificateRequest,
  | 'id'
  | 'cluster'
  | 'username'
  | 'groups'
  | 'keyAlgorithm'
  | 'expirationSeconds'
  | 'namespace'
  | 'reason'
  | 'labels'
  | 'requester'
  | 'collector'
  | 'decision'
>;
