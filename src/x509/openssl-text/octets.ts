/**
 * OpenSSL's printers work on octets, so the text under construction here holds one character (U+0000 … U+00FF) per
 * octet. It becomes real text once, at the very end, in `decodeOctets`.
 */

export const octets = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');

/** What C's `%s` writes of these bytes: up to the first NUL. */
export function octetsUntilNul(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  return octets(end === -1 ? bytes : bytes.subarray(0, end));
}

/** Printable ASCII, line feed and carriage return; a dot for everything else. */
export const printableOctets = (bytes: Uint8Array): string => octets(bytes).replace(/[^\x20-\x7e\n\r]/g, '.');

/** Characters as the octets of their UTF-8 form. */
export const utf8Octets = (text: string): string => Buffer.from(text, 'utf8').toString('latin1');

/**
 * The finished text. Octets that are no UTF-8 become U+FFFD, and every line ending a line feed: a lone carriage return
 * would let one line overwrite another on a terminal.
 */
export const decodeOctets = (text: string): string =>
  Buffer.from(text, 'latin1').toString('utf8').replace(/\r\n?/g, '\n');

export const indentation = (width: number): string => ' '.repeat(width);
