import { compilePattern } from './cel/compile-pattern.js';
import { cost, celLimits } from './cel/limits.js';

/** A regular expression that a whole reason must match. */
export interface ReasonPattern {
  readonly text: string;
  matches(value: string): boolean;
}

type ReasonPatternResult =
  { readonly ok: true; readonly pattern: ReasonPattern } | { readonly ok: false; readonly error: string };

/** UTF-16 code units of the longest reason that a request may give. */
const longestReason = 2048;

/**
 * Compiles a regular expression as `matches()` of expressions does, or reports its error. It must match the whole
 * reason, with or without `^` and `$`. A pattern that could backtrack for long is refused.
 */
export function compileReasonPattern(text: string): ReasonPatternResult {
  const written = compilePattern(text);
  if (!written.ok) return refused(written.message, written.offset);
  const { javascript } = written.pattern;
  const inner = text.slice(javascript.startsWith('^') ? 1 : 0, javascript.endsWith('$') ? -1 : undefined);
  // `{1}` keeps the group: the parser treats a group of alternatives like alternatives without a group.
  const whole = compilePattern(`^(?:${inner}){1}$`);
  if (!whole.ok) return refused(whole.message, 0);
  if (cost.matches(whole.pattern.looks(longestReason)) > celLimits.steps)
    return refused(
      'could take too long on a long reason: limit its repeats, or make the next character decide where each ends',
      0,
    );
  const expression = new RegExp(whole.pattern.javascript);
  return {
    ok: true,
    pattern: { text, matches: (value) => value.length <= longestReason && expression.test(value) },
  };
}

function refused(message: string, offset: number): ReasonPatternResult {
  return { ok: false, error: offset === 0 ? message : `at character ${offset + 1}: ${message}` };
}
