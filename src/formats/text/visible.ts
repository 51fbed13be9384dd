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
