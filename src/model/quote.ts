/** Most values are short and plain, and need no escape. */
const plain = /^[A-Za-z0-9._:@/ -]{0,80}$/;

/**
 * A caller's value in double quotes for a message. Characters that are not plainly visible are written as code points,
 * and at most 80 characters are shown, so that a value can neither forge nor flood the line that it stands in.
 */
export function quote(value: string): string {
  if (plain.test(value)) return `"${value}"`;
  return `"${shown(value, 80, (character) => (/["\\\\]/.test(character) ? `\\${character}` : null))}"`;
}

/** Several values, quoted; `none` for an empty list. */
export function quoteAll(values: readonly string[]): string {
  return values.length === 0 ? 'none' : values.map(quote).join(', ');
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
export function joined(sentences: readonly string[]): string {
  let text = '';
  for (const [i, sentence] of sentences.entries()) {
    const next = i === 0 ? sentence : `${text}; ${sentence}`;
    if (next.length > room && i > 0) return `${text}; and ${sentences.length - i} more`;
    text = next.length > maxLength ? `${next.slice(0, room)}…` : next;
  }
  return text;
}
