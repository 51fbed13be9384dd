/**
 * Whether a JSON text writes a lone surrogate as an escape, which stands for no character: RFC 8259 8.2 leaves open
 * what becomes of it, UTF-8 cannot hold it and RFC 8785 has no form for it. `text` must have been parsed already.
 */
export function hasLoneSurrogate(text: string): boolean {
  // An escaped backslash may stand before a `u` that begins no escape.
  return loneEscape.test(text.replaceAll('\\\\', ' '));
}

const high = '\\\\u[dD][89abAB][0-9a-fA-F]{2}';
const low = '\\\\u[dD][c-fC-F][0-9a-fA-F]{2}';
const loneEscape = new RegExp(`${high}(?!${low})|(?<!${high})${low}`);
