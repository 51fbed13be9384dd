/** The variables that a pattern may name. */
export const patternVariables = ['requester.username'] as const;
export type PatternValues = Readonly<Record<(typeof patternVariables)[number], string>>;

/**
 * Whether the whole value matches the glob: case-sensitive, `*` any run of characters, everything else itself.
 * `${requester.username}` stands for that value literally: it goes in after the pattern has been cut at its stars, so
 * a star inside it is a star and nothing else.
 *
 * Each piece between stars is taken at its first place after the one before. That is enough, for an earlier place
 * never leaves less room for the rest, and there is nothing to go back to, whatever the pattern.
 */
export function matchesGlob(pattern: string, value: string, values?: PatternValues): boolean {
  const [head = '', ...rest] = pattern.split('*').map((piece) => (values === undefined ? piece : fill(piece, values)));
  const tail = rest.pop();
  if (tail === undefined) return value === head;
  if (!value.startsWith(head)) return false;
  let position = head.length;
  for (const piece of rest) {
    const found = value.indexOf(piece, position);
    if (found === -1) return false;
    position = found + piece.length;
  }
  return value.length - tail.length >= position && value.endsWith(tail);
}

/** Whether any of the globs matches the value. */
export function matchesAnyGlob(patterns: readonly string[], value: string, values?: PatternValues): boolean {
  return patterns.some((pattern) => matchesGlob(pattern, value, values));
}

/** The variables that a pattern names and that do not exist, as written; for refusing it when it is loaded. */
export function unknownVariables(pattern: string, known: readonly string[]): readonly string[] {
  return (pattern.match(/\$\{[^}]*\}?/g) ?? []).filter((written) => !known.includes(written.slice(2, -1)));
}

function fill(piece: string, values: PatternValues): string {
  return piece.split('${requester.username}').join(values['requester.username']);
}
