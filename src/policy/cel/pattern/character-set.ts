/**
 * A set of characters: each of ASCII, and all the others as one, for no class tells them apart. It knows how it is
 * written for JavaScript's engine, where without flags a class stands for a code unit and not for a character.
 */
export interface CharacterSet {
  readonly ascii: ReadonlySet<number>;
  /** Whether it holds characters beyond ASCII. One that is written out alone counts as all of them. */
  readonly beyond: boolean;
  readonly javascript: string;
}

// One character beyond the basic plane, or half of one that stands alone.
const beyondBasicPlane = String.raw`[\ud800-\udbff][\udc00-\udfff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]`;

/** One character, whichever it is. */
export function literalSet(character: string): CharacterSet {
  const code = character.codePointAt(0) ?? 0;
  if (code < 128) return { ascii: new Set([code]), beyond: false, javascript: escaped(code) };
  const javascript = Array.from({ length: character.length }, (_, i) => escaped(character.charCodeAt(i))).join('');
  return { ascii: new Set(), beyond: true, javascript: `(?:${javascript})` };
}

/** The characters of ASCII with these codes. */
export function asciiSet(codes: Iterable<number>): CharacterSet {
  const ascii = new Set(codes);
  return { ascii, beyond: false, javascript: `[${[...ascii].map(escaped).join('')}]` };
}

/** Every character that is not one of these of ASCII, as RE2 reads a class that is negated: line feeds too. */
export function negatedSet(codes: Iterable<number>): CharacterSet {
  const excluded = new Set(codes);
  const ascii = new Set(Array.from({ length: 128 }, (_, code) => code).filter((code) => !excluded.has(code)));
  const javascript = `(?:[^${[...excluded].map(escaped).join('')}\\ud800-\\udfff]|${beyondBasicPlane})`;
  return { ascii, beyond: true, javascript };
}

export function overlap(a: Pick<CharacterSet, 'ascii' | 'beyond'>, b: Pick<CharacterSet, 'ascii' | 'beyond'>): boolean {
  return (a.beyond && b.beyond) || [...a.ascii].some((code) => b.ascii.has(code));
}

function escaped(unit: number): string {
  return /[A-Za-z0-9]/.test(String.fromCharCode(unit))
    ? String.fromCharCode(unit)
    : `\\u${unit.toString(16).padStart(4, '0')}`;
}
