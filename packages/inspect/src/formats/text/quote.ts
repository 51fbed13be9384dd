/** Most values are plain, and need no escape. */
const plain = /^[A-Za-z0-9._:@/ -]*$/;

/**
 * A caller's value in double quotes for a message. Characters that are not plainly visible are written as code points,
 * and at most 80 characters are shown, so that a value can neither forge nor flood the line that it stands in.
 */
export const quote = (value: string): string => quoteUpTo(value, 80);

/** As `quote`, with so many characters. */
export function quoteUpTo(value: string, maxCharacters: number): string {
  if (value.length <= maxCharacters && plain.test(value)) return `"${value}"`;
  return `"${shown(value, maxCharacters, (character) => (/["\\]/.test(character) ? `\\${character}` : null))}"`;
}

/** Characters: a few words fit beside, within the length that the contract gives a message. */
const roomForAll = 3_800;

/** Several values, quoted, as many as fit, and how many more there are; `none` for an empty list. */
export function quoteAll(values: readonly string[]): string {
  return values.length === 0 ? 'none' : asManyAsFit(values.map(quote), ', ', roomForAll, ' and');
}

/** Joins the first text and as many others as fit, and says how many more there are. */
function asManyAsFit(texts: readonly string[], separator: string, room: number, and: string): string {
  let joined = '';
  for (const [i, text] of texts.entries()) {
    const next = i === 0 ? text : joined + separator + text;
    if (next.length > room && i > 0) return `${joined}${and} ${texts.length - i} more`;
    joined = next;
  }
  return joined;
}

/** A text without quotes, with the same care: on one line, and at most so many characters of it. */
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

/** As long as the contract lets a message be. */
const maxLength = 4096;
/** `; and 1,000,000 more` fits beside. */
const room = maxLength - 32;

/** Joins sentences without full stops into one message: as many as fit, and how many more there are. */
export function joined([first = '', ...others]: readonly string[]): string {
  return asManyAsFit([first.length > maxLength ? `${first.slice(0, room)}…` : first, ...others], '; ', room, '; and');
}
