import type { WriteStream } from 'node:tty';
import { inspect } from 'node:util';
import { wrapText } from './visible.js';

export type Style = 'bold' | 'red' | 'yellow' | 'cyan' | 'green';

/** Where people read a text: how wide it may be, and how words of it get a colour. */
export interface Screen {
  readonly width: number;
  readonly paint: (style: Style, text: string) => string;
}

/** A page or a file. */
export const plainScreen: Screen = { width: 120, paint: (_, text) => text };

/** Standard output, or what stands in for it. A pipe has none of these. `hasColors` heeds NO_COLOR and TERM. */
export type OutputStream = Partial<Pick<WriteStream, 'isTTY' | 'columns' | 'hasColors'>>;

/** A terminal that does not know its width says 0. */
export const screenOf = (output: OutputStream): Screen => ({
  width: output.columns ? Math.max(60, output.columns) : plainScreen.width,
  paint: output.hasColors?.() ? painted : plainScreen.paint,
});

// `styleText` is not in every Node 20, for which the programs are bundled.
function painted(style: Style, text: string): string {
  const [on, off] = inspect.colors[style] ?? [0, 0];
  return `\u001b[${on}m${text}\u001b[${off}m`;
}

/** Characters that take two columns (UAX #11). */
const wide =
  /\p{Emoji_Presentation}|[\u1100-\u115f\u2e80-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{20000}-\u{3fffd}]/gu;

/** How many columns of a terminal a text takes, once `visible` has written it. Marks above and below take none. */
export const columnsOf = (text: string): number =>
  Array.from(text.replace(/[\p{Mn}\p{Me}]/gu, '').replace(wide, '..')).length;

/** Lines of at most `width` columns. Where a character takes two, they are shorter than they could be. */
export const wrapColumns = (text: string, width: number): string[] =>
  wrapText(text, text.search(wide) === -1 ? width : width >> 1);

/** A text in at most `width` columns, with `…` for the rest of a longer one. */
export function cut(text: string, width: number): string {
  if (columnsOf(text) <= width) return text;
  const characters = Array.from(text);
  let columns = 1;
  const end = characters.findIndex((character) => (columns += columnsOf(character)) > width);
  return `${characters.slice(0, end).join('')}…`;
}
