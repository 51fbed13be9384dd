import { quoteAll } from '@kubepass/inspect/formats';

/** The variables that a glob may contain. */
export const globVariables = ['requester.username'] as const;
export type GlobValues = Readonly<Record<(typeof globVariables)[number], string>>;

/** A compiled list of globs. */
export interface Globs {
  readonly patterns: readonly string[];
  /** The list as the trace describes it where a value must match. */
  readonly expected: string;
  /** The list as the trace describes it where no value may match. */
  readonly unexpected: string;
  /** Whether any of the globs matches the whole value. */
  matches(value: string, values?: GlobValues): boolean;
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

/** A list of values of which one must be present. */
export interface Choice<Value extends string> {
  readonly values: readonly Value[];
  /** The list as the trace describes it. */
  readonly expected: string;
}

export function choiceOf<Value extends string>(values: readonly Value[]): Choice<Value> {
  return { values, expected: anyOf(values) };
}

function anyOf(expected: readonly string[]): string {
  return expected.length === 0 ? 'nothing matches an empty list' : `any of ${quoteAll(expected)}`;
}

/**
 * Whether the glob matches the whole value. Matching is case-sensitive, and `*` is any run of characters.
 * `${requester.username}` is replaced after the glob was split at its stars, so a star in that name is a plain character.
 */
export function matchesGlob(glob: string, value: string, values?: GlobValues): boolean {
  return compileGlob(glob)(value, values);
}

/** The variables in a glob that do not exist, as written. */
export function unknownVariables(glob: string, known: readonly string[]): readonly string[] {
  return (glob.match(/\$\{[^}]*\}?/g) ?? []).filter((written) => !known.includes(written.slice(2, -1)));
}

function compileGlob(glob: string): (value: string, values?: GlobValues) => boolean {
  const pieces = glob.split('*');
  if (!glob.includes(variable)) return (value) => matchesPieces(pieces, value);
  return (value, values) =>
    matchesPieces(values === undefined ? pieces : pieces.map((piece) => fill(piece, values)), value);
}

/**
 * Takes each piece between stars at its first place after the previous piece. An earlier place never leaves less room
 * for the rest, so this needs no backtracking and its time is bounded for every glob.
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

function fill(piece: string, values: GlobValues): string {
  return piece.split(variable).join(values['requester.username']);
}
