import { magnitudeOf, signedMagnitude, type Time, withoutLeadingZeros } from '../tree/values.js';
import { type DerElement, DerError, Tag } from '../strict/der.js';
import type { ObjectNames } from './object-names.js';

/*
 * OpenSSL's printers work on octets, so the text under construction holds one character (U+0000 … U+00FF) per octet.
 * `decodeOctets` makes it real text once, at the very end.
 */

export const octets = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');

/** The octets up to the first NUL, as `%s` of C writes them. */
export function octetsUntilNul(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  return octets(end === -1 ? bytes : bytes.subarray(0, end));
}

/** Printable ASCII, line feed and carriage return; a dot for everything else. */
export const printableOctets = (bytes: Uint8Array): string => octets(bytes).replace(/[^\x20-\x7e\n\r]/g, '.');

/** Characters as the octets of their UTF-8 form. */
export const utf8Octets = (text: string): string => Buffer.from(text, 'utf8').toString('latin1');

/**
 * The finished text. Octets that are no UTF-8 become U+FFFD, every line ending becomes a line feed, and other control
 * characters are written out as `\u{1b}`: OpenSSL prints them, and so lets a file overwrite what a terminal shows.
 */
export const decodeOctets = (text: string): string =>
  Buffer.from(text, 'latin1')
    .toString('utf8')
    .replace(/\r\n?|[^\P{Cc}\n]/gu, (found) =>
      found.startsWith('\r') ? '\n' : `\\u{${found.charCodeAt(0).toString(16)}}`,
    );

export const indentation = (width: number): string => ' '.repeat(width);

/** Octets in hexadecimal, separated by colons, `perLine` of them in a line; a line that goes on ends with a colon. */
export function hexBlock(bytes: Uint8Array, indent: number, perLine: number): string {
  const lines: string[] = [];
  for (let start = 0; start < bytes.length; start += perLine)
    lines.push(indentation(indent) + hexPairs(bytes.subarray(start, start + perLine)));
  return lines.join(':\n');
}

/** `0a:1b:2c` */
export function hexPairs(bytes: Uint8Array): string {
  const hex = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex');
  let pairs = hex.slice(0, 2);
  for (let i = 2; i < hex.length; i += 2) pairs += `:${hex.slice(i, i + 2)}`;
  return pairs;
}

/** `0A:1B:2C`, as key identifiers are printed. */
export const upperHexPairs = (bytes: Uint8Array): string => hexPairs(bytes).toUpperCase();

/** Upper case hexadecimal in lines of 35 octets that end with a backslash. */
export const brokenHex = (bytes: Buffer): string =>
  bytes
    .toString('hex')
    .toUpperCase()
    .replace(/(.{70})(?=.)/g, '$1\\\n');

/** Hexadecimal octets of the magnitude, as OpenSSL prints the integers of parameters. */
export function integerHex(element: DerElement): string {
  const { negative, octets } = signedMagnitude(element);
  return (negative ? '-' : '') + brokenHex(octets);
}

/** Key material has 15 octets in a line. */
const perLine = 15;

/** A label, and below it octets in hexadecimal. */
export const labeledOctets = (label: string, bytes: Uint8Array, indent: number): string =>
  `${indentation(indent)}${label}\n${hexBlock(bytes, indent + 4, perLine)}\n`;

/** A label and a non-negative number: up to 64 bits beside it in decimal, longer ones below it in hexadecimal. */
export function labeledNumber(label: string, bytes: Buffer, indent: number): string {
  const magnitude = withoutLeadingZeros(bytes);
  if (magnitude.length <= 8) {
    const value = magnitudeOf(magnitude);
    const hex = value === 0n ? '' : ` (0x${value.toString(16)})`;
    return `${indentation(indent)}${label} ${value}${hex}\n`;
  }
  // The sign bit gets an octet of its own, as in DER.
  const isNegative = (magnitude[0] ?? 0) >= 0x80;
  return labeledOctets(label, isNegative ? Buffer.concat([Buffer.of(0), magnitude]) : magnitude, indent);
}

/** The place where an extension is printed. */
export interface PrintPlace {
  readonly indent: number;
  readonly names: ObjectNames;
}

/**
 * Prints the octets of an extension's value, without the line feed that ends it. Undefined, or a DerError, where
 * OpenSSL has no way to print it: the octets are shown then. Like OpenSSL it ignores what follows the value's one
 * element.
 */
export type OctetPrinter = (value: Buffer, place: PrintPlace) => string | undefined;

/** Values beside one another. */
export const inOneLine = (values: readonly string[], { indent }: PrintPlace): string =>
  indentation(indent) + (values.length === 0 ? '<EMPTY>\n' : values.join(', '));

/** Values below one another. */
export const inLines = (values: readonly string[], { indent }: PrintPlace): string =>
  values.length === 0
    ? `${indentation(indent)}<EMPTY>\n`
    : values.map((value) => indentation(indent) + value).join('\n');

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

// X.680 46, 47 as far as OpenSSL goes: seconds may be missing, the offset may not.
const utcForm = /^\d{10}(?:\d{2})?(Z|[+-]\d{4})$/;
const generalizedForm = /^\d{12}(?:\d{2}(?:\.(?<fraction>\d+))?)?(?<offset>Z|[+-]\d{4})$/;

/**
 * `Nov 25 00:23:45 2026 GMT`, or `Bad time value` where the octets are no time.
 *
 * @throws DerError when the octets are so few that OpenSSL takes them for no time at all.
 */
export function timeText({ element, text, milliseconds }: Time): string {
  const isUtc = element.tag === Tag.UTC_TIME;
  const form = isUtc ? 'YYMMDDhhmmssZ' : 'YYYYMMDDhhmmssZ';
  if (text.length < form.length) throw new DerError(`a time is shorter than ${form}`, element.offset);
  const match = (isUtc ? utcForm : generalizedForm).exec(text);
  const offset = match?.groups?.['offset'] ?? match?.[1] ?? 'Z';
  if (match === null || milliseconds === null || Number(offset.slice(1, 3)) > 12) return 'Bad time value';
  return instantText(milliseconds, match.groups?.['fraction']);
}

/** `fraction`: the digits of a second's fraction as they are printed. */
export function instantText(milliseconds: number, fraction: string | undefined): string {
  const date = new Date(milliseconds);
  const two = (n: number): string => String(n).padStart(2, '0');
  const clock = [date.getUTCHours(), date.getUTCMinutes(), date.getUTCSeconds()].map(two).join(':');
  return (
    `${months[date.getUTCMonth()] ?? ''} ${String(date.getUTCDate()).padStart(2)} ` +
    `${clock}${fraction === undefined ? '' : `.${fraction}`} ${date.getUTCFullYear()} GMT`
  );
}
