import type { MessagePort } from 'node:worker_threads';
import type { Decision, DecisionFacts } from '../../model/decision.js';
import type { Requester } from '../../model/principal.js';
import type { RecordedRequest, Replayed } from '../../model/replay.js';
import type { Failure } from '../../workers/failure.js';
import type { ConfiguredCluster } from '../configured-cluster.js';
import type { NeededFacts } from '../needed-facts.js';
import type { PolicyTexts } from '../parse-policy-set.js';
import type { RequestToDecide } from '../policy-set.js';

/** A policy set that is not in force, on its way to a worker. */
export interface Draft {
  readonly texts: PolicyTexts;
  /** What it must fit. */
  readonly clusters: readonly ConfiguredCluster[];
}

/** What to decide under a draft, but for the facts: which are needed, the draft says. */
export interface DraftQuestion {
  readonly request: RequestToDecide;
  readonly requester: Requester;
  readonly cluster: string;
  readonly now: Date;
}

export interface EvaluateTask {
  readonly draft: Draft;
  readonly question: DraftQuestion;
  readonly port: MessagePort;
}

/** What the worker that evaluates asks; the answer is the facts, null where they cannot be had. */
export interface FactsQuestion {
  readonly kind: 'facts';
  readonly needed: NeededFacts;
}
export type FactsAnswer = DecisionFacts | null;

export interface ReplayTask {
  readonly draft: Draft;
  readonly port: MessagePort;
}

/** What the worker that replays asks, having replayed what it got: the answer is the next batch, null at the end. */
export interface BatchQuestion {
  readonly kind: 'batch';
  readonly digest: string;
  /** Of the batch before, in its order; empty at first. */
  readonly replayed: readonly Replayed[];
}
export type BatchAnswer = readonly RecordedRequest[] | null;

/** What a task comes to. Errors are values: what else a worker throws could quote the draft. */
export type DraftResult =
  | { readonly kind: 'decided'; readonly decision: Decision; readonly facts: DecisionFacts; readonly digest: string }
  | { readonly kind: 'replayed' }
  | { readonly kind: 'withoutFacts' }
  | { readonly kind: 'invalid'; readonly errors: readonly string[] }
  | { readonly kind: 'failed'; readonly failure: Failure };
