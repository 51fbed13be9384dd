import type { MessagePort } from 'node:worker_threads';
import type { Decision, DecisionFacts } from '../../model/decision.js';
import type { FieldError } from '../../model/outcome.js';
import type { Requester } from '../../model/principal.js';
import type { RecordedRequest, Replayed } from '../../model/replay.js';
import type { WorkerFailure } from '../../workers/thread.js';
import type { NeededFacts } from '../decide.js';
import type { ConfiguredCluster, PolicyTexts, RequestToDecide } from '../policy-set.js';

/** A policy set that is not in force. A worker reads it and decides under it. */
export interface Draft {
  readonly texts: PolicyTexts;
  /** The clusters that its guardrails must fit. */
  readonly clusters: readonly ConfiguredCluster[];
}

/** The request to decide under a draft. The worker asks for the facts, because the draft determines which it needs. */
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

/** The evaluating worker asks for facts. The answer is null if they cannot be looked up. */
export interface FactsQuestion {
  readonly kind: 'facts';
  readonly needed: NeededFacts;
}
export type FactsAnswer = DecisionFacts | null;

export type ReplayTask = Omit<EvaluateTask, 'question'>;

/** The replaying worker hands over its results and asks for the next batch. The answer is null at the end. */
export interface BatchQuestion {
  readonly kind: 'batch';
  readonly digest: string;
  /** The results of the previous batch, in its order. Empty in the first question. */
  readonly replayed: readonly Replayed[];
}
export type BatchAnswer = readonly RecordedRequest[] | null;

/** The result of a task. Errors are values, because the text of an exception could quote the draft. */
export type DraftResult =
  | { readonly kind: 'decided'; readonly decision: Decision; readonly facts: DecisionFacts; readonly digest: string }
  | { readonly kind: 'replayed' }
  | { readonly kind: 'withoutFacts' }
  | { readonly kind: 'invalid'; readonly errors: readonly string[] }
  | { readonly kind: 'failed'; readonly failure: WorkerFailure };

/** A draft is not valid, or needs more time or memory than it gets. */
export class DraftRefusedError extends Error {
  override readonly name = 'DraftRefusedError';
  constructor(
    readonly reason: 'Invalid' | 'TooMuchWork',
    message: string,
    /** Every error of a draft that is not valid. */
    readonly errors: readonly FieldError[] = [],
  ) {
    super(message);
  }
}

/** The path of a text of a draft: its JSON pointer in the caller's body. */
export const draftPath = (index: number): string => `/policies/${index}`;

/** A longer list would not help the caller. */
const mostErrors = 100;

/** Each error reads `path:line:column: message`. */
export function invalidDraft(errors: readonly string[]): DraftRefusedError {
  const shown = errors.length > mostErrors ? errors.slice(0, mostErrors - 1) : errors;
  const fields = shown.map((error): FieldError => {
    const [, pointer = '/policies', line, column, message] = located.exec(error) ?? [];
    return { pointer, message: message === undefined ? error : `line ${line}, column ${column}: ${message}` };
  });
  if (shown.length < errors.length)
    fields.push({ pointer: '/policies', message: `and ${errors.length - shown.length} errors more` });
  return new DraftRefusedError('Invalid', 'the policies are not valid', fields);
}

const located = /^(\/policies\/\d+):(\d+):(\d+): (.*)$/s;
