/**
 * Characters that move the cursor, reverse text or stay invisible: controls (with C1, because U+009B begins an escape
 * sequence), format characters, lone surrogates, separators, ignorable characters, and all spaces but the plain one.
 */
const unseen = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]|(?! )\p{Zs}/gu;

/** The text on one line, with every invisible character written out: `\u{202e}`. */
export function visible(text: string): string {
  return text.replace(unseen, (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`);
}

/** The same, but line feeds stay. */
export function visibleLines(text: string): string {
  return text.split('\n').map(visible).join('\n');
}

/** At most `length` code points of a text, and a sign where there are more. */
export function clip(text: string, length: number): string {
  // A code unit is at most one code point.
  if (text.length <= length) return text;
  const characters = Array.from(text.slice(0, 2 * length + 2));
  return characters.length > length ? `${characters.slice(0, length).join('')} [...]` : text;
}

/** The length of texts in tables and trees. The details have the whole text. */
export const maxShown = 200;

/** A long word may break behind these separators of paths, names and lists. */
const breakAfter = new Set([' ', ',', '/', '#', '.', '-', '=', ':', ']']);

/**
 * Lines of at most `width` code points; longer words are cut. Only the spaces at a break are lost.
 */
export function wrapText(text: string, width: number): string[] {
  const characters = Array.from(text);
  const lines: string[] = [];
  let start = 0;
  while (characters.length - start > width) {
    const end = start + breakWithin(characters, start, width);
    lines.push(characters.slice(start, end).join('').trimEnd());
    start = end;
    while (characters[start] === ' ') start++;
  }
  lines.push(characters.slice(start).join(''));
  return lines;
}

/** The length of the line that begins at `start`. */
function breakWithin(characters: readonly string[], start: number, width: number): number {
  if (characters[start + width] === ' ') return width;
  // Breaks at a space, however short the line becomes, before it cuts a word.
  for (let length = width; length > 0; length--) if (characters[start + length - 1] === ' ') return length;
  for (let length = width; length > width / 3; length--)
    if (breakAfter.has(characters[start + length - 1] ?? '')) return length;
  return width;
}

/** Wraps one paragraph, with `first` before its first line and as many blanks before the others. */
export function wrapParagraph(text: string, first: string, width: number): string {
  const rest = ' '.repeat(first.length);
  const lines = wrapText(text, Math.max(20, width - first.length));
  return lines.map((line, i) => `${i === 0 ? first : rest}${line}`.trimEnd() + '\n').join('');
}
