import type { ApprovalStage, TraceCheck, TraceEntry } from './decision.js';
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

/** In what a decision under other policies departs from the recorded one. */
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

/** What a decision can rest on that was not recorded with every request. */
export const unrecordedFacts = ['usage', 'active', 'blastRadius', 'askedExpirationSeconds'] as const;
export type UnrecordedFact = (typeof unrecordedFacts)[number];

/** A decision as far as two of them are compared. */
export interface ReplaySide {
  readonly outcome: 'permitted' | 'denied';
  readonly approval: 'auto' | 'manual' | null;
  readonly policy: string | null;
  readonly stages: readonly ApprovalStage[];
  /** Null where it is denied. */
  readonly expirationSeconds: number | null;
  /** Of the violations, each once. */
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
  /** Why it objected then. */
  readonly reasons: readonly string[];
  /** The checks that fail under the draft. */
  readonly failing: readonly Omit<TraceCheck, 'passed'>[];
}

/** Whose request it is, for a line about it. */
export interface ReplayedRequest {
  readonly id: string;
  readonly cluster: string;
  readonly username: string;
  readonly groups: readonly string[];
  /** The requester's name. */
  readonly requester: string;
  readonly decidedAt: Date;
}

/** What replaying one request comes to. */
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
  /** The draft's decision hangs on facts that were not recorded. */
  | { readonly kind: 'undecidable'; readonly request: ReplayedRequest; readonly facts: readonly UnrecordedFact[] }
  /** The record cannot be replayed: ours to mend. */
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

/** What a replay tells as it goes; the last item is the summary, or why there is none. */
export type ReplayItem =
  | { readonly kind: 'progress'; readonly requests: number; readonly changed: number; readonly decidedAt: Date }
  | Exclude<Replayed, { readonly kind: 'unchanged' }>
  | ({ readonly kind: 'summary' } & ReplaySummary)
  /** The draft takes too much: it ends here. */
  | { readonly kind: 'refused'; readonly refusal: Refusal };
