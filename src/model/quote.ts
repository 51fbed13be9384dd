/**
 * A caller's value in double quotes for a message: whatever is not plainly visible is written as its code point, and
 * no more than 80 characters are shown, so that a value can neither forge nor flood the line it stands in.
 */
export function quote(value: string): string {
  const characters = Array.from(value);
  const shown = characters.slice(0, 80).map((character) => {
    if (character === '"' || character === '\\') return `\\${character}`;
    if (/^[\p{L}\p{M}\p{N}\p{P}\p{S} ]$/u.test(character) && !/\p{Default_Ignorable_Code_Point}/u.test(character))
      return character;
    return `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`;
  });
  return `"${shown.join('')}${characters.length > 80 ? '…' : ''}"`;
}

/** Several values, quoted; `none` for an empty list. */
export function quoteAll(values: readonly string[]): string {
  return values.length === 0 ? 'none' : values.map(quote).join(', ');
}
