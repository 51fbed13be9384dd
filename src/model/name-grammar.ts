import { subjectBounds } from '../x509/strict/subject-identity.js';

const maxLength = subjectBounds.nameCharacters;

const ascii = { edge: /^[A-Za-z0-9]$/, inner: /^[A-Za-z0-9._:@/-]$/ };

// Letters, decimal digits and the marks that NFC leaves uncomposed. Format characters are no letters, but some letters
// and marks (Hangul fillers, variation selectors) are drawn as nothing: those are refused with the control characters.
const unicode = {
  first: /^(?!\p{Default_Ignorable_Code_Point})[\p{L}\p{Nd}]$/u,
  edge: /^(?!\p{Default_Ignorable_Code_Point})[\p{L}\p{Nd}\p{Mn}\p{Mc}]$/u,
  inner: /^(?!\p{Default_Ignorable_Code_Point})[\p{L}\p{Nd}\p{Mn}\p{Mc}._:@/ -]$/u,
};
const separator = /[._:@/ -]/;
const mark = /^\p{M}$/u;

/**
 * Why a string is not a name that a certificate may carry as username or group, or a principal may bear; null where
 * it is one. The answer continues a sentence: `contains U+0000`. It names code points and never repeats the string,
 * which may hold anything.
 *
 * `ascii`: 1-64 characters, letters, digits and inner `. _ : @ / -`. `unicode` widens letters and digits to those of
 * every script in normalization form C, and adds single inner spaces. Neither ever holds a control or format
 * character, or one that RFC 4514 gives a meaning in the printed form of a distinguished name.
 */
export function whyNotName(name: string, alphabet: 'ascii' | 'unicode'): string | null {
  const characters = Array.from(name);
  const first = characters[0];
  const last = characters.at(-1);
  if (first === undefined || last === undefined) return 'is empty';
  if (characters.length > maxLength) return `is ${characters.length} characters long, at most ${maxLength} are allowed`;

  const classes = alphabet === 'ascii' ? { first: ascii.edge, ...ascii } : unicode;
  const refused = characters.find((character) => !classes.inner.test(character));
  if (refused !== undefined) return `contains ${codePoint(refused)}, which is not allowed in a name`;
  if (!classes.first.test(first)) return `begins with ${codePoint(first)}, which is not allowed there`;
  if (!classes.edge.test(last)) return `ends with ${codePoint(last)}, which is not allowed there`;
  return alphabet === 'ascii' ? null : whyNotUnicodeName(name, characters);
}

/** Whether a string is a DNS label (RFC 1123 2.1) in lower case, as namespaces and cluster names are. */
export function isDnsLabel(value: string): boolean {
  return /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/.test(value);
}

function whyNotUnicodeName(name: string, characters: readonly string[]): string | null {
  if (name.normalize('NFC') !== name) return 'is not in Unicode normalization form C';
  for (const [i, character] of characters.entries()) {
    const previous = characters[i - 1] ?? '';
    if (character === ' ' && previous === ' ') return 'contains two spaces in a row';
    if (mark.test(character) && separator.test(previous)) return `contains ${codePoint(character)} without a letter`;
  }
  // What stands before a colon names an authority (`system:`, `kubeadm:`, an OIDC prefix). In ASCII no letter
  // passes for another.
  const colon = name.indexOf(':');
  const foreign = Array.from(colon === -1 ? '' : name.slice(0, colon)).find((character) => character > '\u007f');
  if (foreign !== undefined) return `contains ${codePoint(foreign)} before a colon, where only ASCII is allowed`;

  // UTS #39 section 5: Latin, Greek and Cyrillic letters pass for each other, so no word mixes them.
  const mixed = name
    .split(separator)
    .some(
      (word) => [/\p{sc=Latin}/u, /\p{sc=Greek}/u, /\p{sc=Cyrillic}/u].filter((script) => script.test(word)).length > 1,
    );
  return mixed ? 'mixes Latin, Greek or Cyrillic letters in one word' : null;
}

function codePoint(character: string): string {
  const hex = (character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0');
  return `U+${hex}`;
}
