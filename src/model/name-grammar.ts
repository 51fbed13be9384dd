import { subjectBounds } from '@kubepass/x509';
import { quoteUpTo, foldedName, isSystemName } from '@kubepass/inspect/formats';
import { probeUsername } from './cluster.js';

const maxLength = subjectBounds.nameCharacters;

/** Principals have longer names than certificates: SPIFFE IDs, subjects of pipelines, service accounts. */
export const longestPrincipalName = 253;

/** The name of a principal for a message, as `quote` writes it, with as many characters as such a name may have. */
export const quoteName = (name: string): string => quoteUpTo(name, longestPrincipalName);

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
 * Why a string is not a name that a certificate may carry as username or group; null where it is one. The answer
 * continues a sentence: `contains U+0000`. It names code points and never repeats the string, which may hold anything.
 *
 * `ascii`: 1-64 characters, letters, digits and inner `. _ : @ / -`. `unicode` widens letters and digits to those of
 * the scripts in use in normalization form KC, each word of one script, and adds single inner spaces. Neither ever
 * holds a control or format character, or one that RFC 4514 gives a meaning in the printed form of a distinguished
 * name.
 */
export function whyNotName(name: string, alphabet: 'ascii' | 'unicode', longest: number = maxLength): string | null {
  const characters = Array.from(name);
  const first = characters[0];
  const last = characters.at(-1);
  if (first === undefined || last === undefined) return 'is empty';
  if (characters.length > longest) return `is ${characters.length} characters long, at most ${longest} are allowed`;

  const classes = alphabet === 'ascii' ? { first: ascii.edge, ...ascii } : unicode;
  const refused = characters.find((character) => !classes.inner.test(character));
  if (refused !== undefined) return `contains ${codePoint(refused)}, which is not allowed in a name`;
  if (!classes.first.test(first)) return `begins with ${codePoint(first)}, which is not allowed there`;
  if (!classes.edge.test(last)) return `ends with ${codePoint(last)}, which is not allowed there`;
  return alphabet === 'ascii' ? null : whyNotUnicodeName(name, characters);
}

/** What `whyNotName` permits, in short. */
export const nameRules = {
  ascii: `1 to ${maxLength} ASCII letters and digits, and inside . _ : @ / -`,
  unicode: `1 to ${maxLength} letters and digits of one script in each word, and inside . _ : @ / - and single spaces`,
} as const;

/** As `whyNotName`, for the name of a principal: 1-253 characters of the ASCII alphabet. */
export const whyNotPrincipalName = (name: string): string | null => whyNotName(name, 'ascii', longestPrincipalName);

/** A DNS label (RFC 1123 2.1) in lower case, as namespaces and cluster names are. */
export const dnsLabel = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
export const isDnsLabel = (value: string): boolean => dnsLabel.test(value);

function whyNotUnicodeName(name: string, characters: readonly string[]): string | null {
  // Form KC is also form C. Characters that only KC changes look like others: a full-width letter, a ligature.
  if (name.normalize('NFKC') !== name) return 'is not in Unicode normalization form KC';
  for (const [i, character] of characters.entries()) {
    const previous = characters[i - 1] ?? '';
    if (character === ' ' && previous === ' ') return 'contains two spaces in a row';
    if (mark.test(character) && separator.test(previous)) return `contains ${codePoint(character)} without a letter`;
  }
  // The part before a colon names an authority (`system:`, `kubeadm:`, an OIDC prefix). It is ASCII alone, where no
  // letter looks like another.
  const colon = name.indexOf(':');
  const foreign = Array.from(colon === -1 ? '' : name.slice(0, colon)).find((character) => character > '\u007f');
  if (foreign !== undefined) return `contains ${codePoint(foreign)} before a colon, where only ASCII is allowed`;

  if (name.split(separator).some(mixesScripts)) return 'mixes letters of several scripts in one word';
  return mixesDigits(name) ? 'mixes digits of several scripts' : null;
}

function codePoint(character: string): string {
  const hex = (character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0');
  return `U+${hex}`;
}

/** The scripts in everyday use (UAX #31, table 5). Letters of any other script count as mixed. */
const scripts = (
  'Arab Armn Beng Bopo Cyrl Deva Ethi Geor Grek Gujr Guru Hang Hani Hebr Hira ' +
  'Kana Khmr Knda Laoo Latn Mlym Mymr Orya Sinh Taml Telu Thaa Thai Tibt'
).split(' ');

/**
 * The combinations of scripts that one language writes in: Japanese, Chinese with Bopomofo, Korean, each with Latin.
 */
const together = [
  ['Latn', 'Hani', 'Hira', 'Kana'],
  ['Latn', 'Hani', 'Bopo'],
  ['Latn', 'Hani', 'Hang'],
];

/** Words of each; ASCII digits and some marks belong to every script (Common, Inherited), others to several. */
const words = [...together, ...scripts.map((script) => [script])].map((allowed) => {
  const classes = [...allowed, 'Zyyy', 'Zinh'].map((script) => `\\p{scx=${script}}`);
  return new RegExp(`^[${classes.join('')}]*$`, 'u');
});

/**
 * Whether letters of several scripts stand in one word, where one may pass for the other: a Cyrillic U+0430 in a Latin
 * word. This is the restriction level Highly Restrictive of UTS #39 section 5.2, for each word. A word that is wholly
 * of one script, and looks like a word of another, is not mixed.
 */
const mixesScripts = (word: string): boolean => !words.some((pattern) => pattern.test(word));

/**
 * Whether decimal digits of several number systems stand in one name: an 8 beside Bengali's U+09EA, which is four (UTS
 * #39 section 5.3).
 */
function mixesDigits(name: string): boolean {
  const zeros = new Set<number>();
  for (const [digit] of name.matchAll(/\p{Nd}/gu)) zeros.add(zeroOf(digit.codePointAt(0) ?? 0));
  return zeros.size > 1;
}

/** The digits of a system follow each other from zero to nine (Unicode 4.6). */
function zeroOf(digit: number): number {
  let zero = digit;
  while (digit - zero < 9 && /\p{Nd}/u.test(String.fromCodePoint(zero - 1))) zero -= 1;
  return zero;
}

/** The principal of the token that the first start makes. */
export const firstAdminName = 'admin';
/** The principal of break-glass tokens. */
export const breakGlassName = 'break-glass';

/** The principals of kubepass itself. */
const own: Readonly<Record<string, string>> = {
  [firstAdminName]: 'the first admin, whose token kubepass makes at its start',
  [breakGlassName]: 'whoever recovers with kubepass admin-token',
  [probeUsername]: 'kubepass itself, when it probes a cluster',
};

/**
 * Why nobody may come as a principal of this name, by whichever way in; null where somebody may. Names that people may
 * take for a reserved one count as that one. The answer continues a sentence, as that of `whyNotName`.
 */
export function whyReservedName(name: string): string | null {
  if (isSystemName(name)) return 'begins with "system:", which is reserved';
  const drawn = drawnAs(name);
  const [reserved, bearer] = Object.entries(own).find(([one]) => drawnAs(one) === drawn) ?? [];
  return bearer === undefined ? null : `is reserved: ${reserved ?? ''} is ${bearer}`;
}

/**
 * One form for names that look alike in the alphabet of principals (after UTS #39 section 4). Where a name is taken but
 * for case, kubepass's own principal has 16 hexadecimal digits behind it.
 */
const drawnAs = (name: string): string =>
  foldedName(name)
    .replace(/-[0-9a-f]{16}$/, '')
    .replace(/[._:@/-]+/g, '-')
    .replaceAll('0', 'o')
    .replace(/[1i]/g, 'l')
    .replaceAll('m', 'rn');
