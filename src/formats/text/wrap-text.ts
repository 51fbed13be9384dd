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
