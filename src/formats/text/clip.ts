/** At most so many code points of a text, and a sign that there are more. */
export function clip(text: string, length: number): string {
  // A code unit is at most one code point.
  if (text.length <= length) return text;
  const characters = Array.from(text.slice(0, 2 * length + 2));
  return characters.length > length ? `${characters.slice(0, length).join('')} [...]` : text;
}

/** For what is there to be looked over, such as a table; the details have the whole. */
export const maxShown = 200;
