/** What any quoted value most often is: nothing in it needs a second look. */
const plain = /^[A-Za-z0-9._:@/ -]{0,80}$/;

/**
 * A caller's value in double quotes for a message: whatever is not plainly visible is written as its code point, and
 * no more than 80 characters are shown, so that a value can neither forge nor flood the line it stands in.
 */
export function quote(value: string): string {
  if (plain.test(value)) return `"${value}"`;
  return `"${shown(value, 80, (character) => (/["\\\\]/.test(character) ? `\\${character}` : null))}"`;
}

/** Several values, quoted; `none` for an empty list. */
export function quoteAll(values: readonly string[]): string {
  return values.length === 0 ? 'none' : values.map(quote).join(', ');
}

/** A text that stands by itself, with the same care: on one line, and no longer than so many characters. */
export function escaped(text: string, maxCharacters: number): string {
  return shown(text, maxCharacters, () => null);
}

function shown(text: string, maxCharacters: number, special: (character: string) => string | null): string {
  const characters = Array.from(text);
  const visible = characters.slice(0, maxCharacters).map((character) => special(character) ?? asVisible(character));
  return `${visible.join('')}${characters.length > maxCharacters ? '…' : ''}`;
}

function asVisible(character: string): string {
  if (/^[\p{L}\p{M}\p{N}\p{P}\p{S} ]$/u.test(character) && !/\p{Default_Ignorable_Code_Point}/u.test(character))
    return character;
  return `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`;
}
