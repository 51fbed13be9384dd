import { cost } from './cel/cost.js';
import { limits } from './cel/limits.js';
import { compilePattern as compileFragment } from './cel/pattern/compile-pattern.js';

/** A regular expression that a whole reason has to match. */
export interface Pattern {
  readonly text: string;
  matches(value: string): boolean;
}

export type PatternResult =
  { readonly ok: true; readonly pattern: Pattern } | { readonly ok: false; readonly error: string };

/** UTF-16 code units of the longest reason that a request may give. */
const longestReason = 2048;

/**
 * Reads a regular expression as expressions' `matches` does, or says what is wrong with it: one that JavaScript's
 * engine could go back in for long is refused. It stands for the whole value, with or without `^` and `$`.
 */
export function compilePattern(text: string): PatternResult {
  const written = compileFragment(text);
  if (!written.ok) return refused(written.message, written.offset);
  const { javascript } = written.pattern;
  const inner = text.slice(javascript.startsWith('^') ? 1 : 0, javascript.endsWith('$') ? -1 : undefined);
  // Once: a group of nothing but alternatives is not told from alternatives without one.
  const whole = compileFragment(`^(?:${inner}){1}$`);
  if (!whole.ok) return refused(whole.message, 0);
  if (cost.matches(whole.pattern.looks(longestReason)) > limits.steps)
    return refused('could take too long on a long reason: bound its repeats, or let their ends be told apart', 0);
  const expression = new RegExp(whole.pattern.javascript);
  return {
    ok: true,
    pattern: { text, matches: (value) => value.length <= longestReason && expression.test(value) },
  };
}

function refused(message: string, offset: number): PatternResult {
  return { ok: false, error: offset === 0 ? message : `at character ${offset + 1}: ${message}` };
}
