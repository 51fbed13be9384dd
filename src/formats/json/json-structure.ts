/**
 * Whether a JSON text has more than so many commas, colons and opening brackets outside its strings: what a general
 * parser, and checking against a schema, take time for. A long string is passed over at once.
 */
export function hasMoreStructure(text: string, most: number): boolean {
  let found = 0;
  for (let i = 0; i < text.length; i += 1) {
    switch (text[i]) {
      case '"':
        i = endOfString(text, i);
        break;
      case ',':
      case ':':
      case '{':
      case '[':
        found += 1;
        if (found > most) return true;
        break;
      default:
        break;
    }
  }
  return false;
}

/** Where the string that begins at `start` ends; the end of the text where it does not. */
function endOfString(text: string, start: number): number {
  let quote = text.indexOf('"', start + 1);
  while (quote !== -1 && isEscaped(text, quote)) quote = text.indexOf('"', quote + 1);
  return quote === -1 ? text.length : quote;
}

function isEscaped(text: string, quote: number): boolean {
  let backslashes = 0;
  while (text[quote - 1 - backslashes] === '\\') backslashes += 1;
  return backslashes % 2 === 1;
}
