/**
 * The text as a double-quoted YAML scalar: one line of printable ASCII, which readers of YAML 1.1 and 1.2 read as the same
 * text, whatever it holds. A raw U+0085, U+2028 or U+2029 ends a line in YAML 1.1 alone (4.2), so it could add fields to a
 * file for kubectl that nobody else sees.
 *
 * Throws `RangeError` for a lone surrogate: no escape stands for one (YAML 1.2.2 5.7).
 */
export function doubleQuoted(text: string): string {
  if (!text.isWellFormed()) throw new RangeError('YAML has no form for a text with a lone surrogate');
  return `"${text.replace(/[^ !#-[\]-~]/gu, escaped)}"`;
}

function escaped(character: string): string {
  if (character === '"' || character === '\\') return `\\${character}`;
  const hex = (character.codePointAt(0) ?? 0).toString(16);
  return hex.length <= 4 ? `\\u${hex.padStart(4, '0')}` : `\\U${hex.padStart(8, '0')}`;
}
