import { quoteAll } from '../model/quote.js';

/** The variables that a pattern may name. */
export const patternVariables = ['requester.username'] as const;
export type PatternValues = Readonly<Record<(typeof patternVariables)[number], string>>;

/** A list of globs, read once. */
export interface Globs {
  readonly patterns: readonly string[];
  /** How the trace says what the list expects. */
  readonly expected: string;
  /** The same where nothing is to match. */
  readonly unexpected: string;
  /** Whether any of them matches the whole value. */
  matches(value: string, values?: PatternValues): boolean;
}

export function compileGlobs(patterns: readonly string[]): Globs {
  const globs = patterns.map(compileGlob);
  return {
    patterns,
    expected: anyOf(patterns),
    unexpected: patterns.length === 0 ? 'anything' : `none of ${quoteAll(patterns)}`,
    matches: (value, values) => globs.some((glob) => glob(value, values)),
  };
}

/** How the trace says what a list of patterns or values expects. */
export function anyOf(expected: readonly string[]): string {
  return expected.length === 0 ? 'nothing matches an empty list' : `any of ${quoteAll(expected)}`;
}

/**
 * Whether the whole value matches the glob: case-sensitive, `*` any run of characters, everything else itself.
 * `${requester.username}` stands for that value literally: it goes in after the pattern has been cut at its stars, so
 * a star inside it is a star and nothing else.
 */
export function matchesGlob(pattern: string, value: string, values?: PatternValues): boolean {
  return compileGlob(pattern)(value, values);
}

/** Whether any of the globs matches the value. */
export function matchesAnyGlob(patterns: readonly string[], value: string, values?: PatternValues): boolean {
  return patterns.some((pattern) => matchesGlob(pattern, value, values));
}

/** The variables that a pattern names and that do not exist, as written; for refusing it when it is loaded. */
export function unknownVariables(pattern: string, known: readonly string[]): readonly string[] {
  return (pattern.match(/\$\{[^}]*\}?/g) ?? []).filter((written) => !known.includes(written.slice(2, -1)));
}

function compileGlob(pattern: string): (value: string, values?: PatternValues) => boolean {
  const pieces = pattern.split('*');
  if (!pattern.includes(variable)) return (value) => matchesPieces(pieces, value);
  return (value, values) =>
    matchesPieces(values === undefined ? pieces : pieces.map((piece) => fill(piece, values)), value);
}

/**
 * Each piece between stars is taken at its first place after the one before. That is enough, for an earlier place
 * never leaves less room for the rest, and there is nothing to go back to, whatever the pattern.
 */
function matchesPieces(pieces: readonly string[], value: string): boolean {
  const head = pieces[0] ?? '';
  const last = pieces.length - 1;
  if (last === 0) return value === head;
  if (!value.startsWith(head)) return false;
  let position = head.length;
  for (let i = 1; i < last; i++) {
    const piece = pieces[i] ?? '';
    const found = value.indexOf(piece, position);
    if (found === -1) return false;
    position = found + piece.length;
  }
  const tail = pieces[last] ?? '';
  return value.length - tail.length >= position && value.endsWith(tail);
}

const variable = '${requester.username}';

function fill(piece: string, values: PatternValues): string {
  return piece.split(variable).join(values['requester.username']);
}
