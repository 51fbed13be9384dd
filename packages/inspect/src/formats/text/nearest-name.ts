/**
 * The known name that a caller most likely meant by an unknown one; null if none is near. Names are near if they differ
 * in case and separators alone, if one begins or ends with the other, or if few characters were mistyped.
 */
export function nearestName(unknown: string, known: readonly string[]): string | null {
  const meant = plain(unknown);
  if (meant === '' || meant.length > longestName) return null;
  const mostTypos = Math.max(1, Math.floor(meant.length / 4));
  let nearest: { readonly name: string; readonly typos: number } | null = null;
  for (const name of known) {
    const candidate = plain(name);
    const typos = isPartOf(meant, candidate) ? 1 : distance(meant, candidate);
    if (typos <= mostTypos && typos < (nearest?.typos ?? Infinity)) nearest = { name, typos };
  }
  return nearest?.name ?? null;
}

/** The end of a sentence about an unknown name: `; did you mean "username"?`, or nothing where no known one is near. */
export function didYouMean(unknown: string, known: readonly string[]): string {
  const nearest = nearestName(unknown, known);
  return nearest === null ? '' : `; did you mean "${nearest}"?`;
}

/** Bounds the work: the distance takes time for each pair of characters. */
const longestName = 64;

const plain = (name: string): string => name.toLowerCase().replace(/[-_ .]/g, '');

/** `user`, `name` and `username`: not two letters, which begin many names. */
const isPartOf = (a: string, b: string): boolean =>
  Math.min(a.length, b.length) > 3 && a !== b && (holds(a, b) || holds(b, a));

const holds = (whole: string, part: string): boolean => whole.startsWith(part) || whole.endsWith(part);

/** How many characters must be added, removed, replaced or swapped with their neighbour to make `b` of `a`. */
function distance(a: string, b: string): number {
  const rows = [Array.from({ length: b.length + 1 }, (_, j) => j)];
  const at = (i: number, j: number): number => rows[i]?.[j] ?? Infinity;
  for (let i = 1; i <= a.length; i += 1) {
    const row = (rows[i] = [i]);
    for (let j = 1; j <= b.length; j += 1) {
      const same = a[i - 1] === b[j - 1];
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      row[j] = Math.min(
        at(i - 1, j) + 1,
        at(i, j - 1) + 1,
        at(i - 1, j - 1) + (same ? 0 : 1),
        swapped ? at(i - 2, j - 2) + 1 : Infinity,
      );
    }
  }
  return at(a.length, b.length);
}
