import { anyOf } from './glob.js';

/** A list of values of which one must be there. */
export interface Choice<Value extends string> {
  readonly values: readonly Value[];
  /** How the trace says what the list expects. */
  readonly expected: string;
}

export function choiceOf<Value extends string>(values: readonly Value[]): Choice<Value> {
  return { values, expected: anyOf(values) };
}
