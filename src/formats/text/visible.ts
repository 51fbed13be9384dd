/**
 * Whatever moves a cursor, turns text around or is drawn as nothing: controls (C1 too, U+009B begins an escape
 * sequence), format characters, lone surrogates, separators, what Unicode lets a renderer ignore, and every space but
 * the plain one.
 */
const unseen = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]|(?! )\p{Zs}/gu;

/** The same text on one line, with every character that would not be seen as it is written out: `\u{202e}`. */
export function visible(text: string): string {
  return text.replace(unseen, (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`);
}

/** The same of a text of several lines, whose line feeds stay. */
export function visibleLines(text: string): string {
  return text.split('\n').map(visible).join('\n');
}

/** At most so many code points of a text, and a sign that there are more. */
export function clip(text: string, length: number): string {
  // A code unit is at most one code point.
  if (text.length <= length) return text;
  const characters = Array.from(text.slice(0, 2 * length + 2));
  return characters.length > length ? `${characters.slice(0, length).join('')} [...]` : text;
}

/** For what is there to be looked over, such as a table; the details have the whole. */
export const maxShown = 200;

/** Behind these a long word may go on in the next line: what parts paths, names and lists. */
const breakAfter = new Set([' ', ',', '/', '#', '.', '-', '=', ':', ']']);

/**
 * Lines of at most `width` code points; a word that is longer is cut. Nothing but the spaces at a break is lost.
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

/** How many characters the line that begins at `start` gets. */
function breakWithin(characters: readonly string[], start: number, width: number): number {
  if (characters[start + width] === ' ') return width;
  // At a space, however short the line becomes: words are cut last.
  for (let length = width; length > 0; length--) if (characters[start + length - 1] === ' ') return length;
  for (let length = width; length > width / 3; length--)
    if (breakAfter.has(characters[start + length - 1] ?? '')) return length;
  return width;
}

/** A text of one paragraph, `first` before its first line and as much blank before the others. */
export function wrapParagraph(text: string, first: string, width: number): string {
  const rest = ' '.repeat(first.length);
  const lines = wrapText(text, Math.max(20, width - first.length));
  return lines.map((line, i) => `${i === 0 ? first : rest}${line}`.trimEnd() + '\n').join('');
}
