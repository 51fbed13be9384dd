import { bindVariables, environment } from '../../../../src/policy/cel/environment.js';
import { largest } from './variables.js';

/** Fields of the library's nodes that are not in its types: the evaluation, and the expansion of a macro. */
interface Internals {
  readonly args: unknown;
  readonly meta: { evaluate: (...args: unknown[]) => unknown; readonly alternate?: Internals };
}

/** Evaluates an expression with the largest variables; how many parts of it are evaluated on the way. */
export function countEvaluations(text: string): number {
  const evaluated = environment.parse(text);
  const checked = evaluated.check();
  if (!checked.valid) throw checked.error ?? new Error('does not check');
  let counted = 0;
  const seen = new Set<unknown>();
  const instrument = (value: unknown) => {
    if (typeof value !== 'object' || value === null || seen.has(value)) return;
    seen.add(value);
    if (Array.isArray(value)) {
      value.forEach(instrument);
      return;
    }
    if (!('meta' in value)) {
      // The parts of a comprehension, without the scopes of its variables.
      if ('iterable' in value && 'init' in value && 'step' in value)
        [value.iterable, value.init, value.step].forEach(instrument);
      return;
    }
    const { args, meta } = value as Internals;
    const evaluate = meta.evaluate;
    meta.evaluate = (...given) => {
      counted += 1;
      return evaluate(...given);
    };
    instrument(args);
    instrument(meta.alternate);
  };
  instrument(evaluated.ast);
  evaluated(bindVariables(largest));
  return counted;
}
