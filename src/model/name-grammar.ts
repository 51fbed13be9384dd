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
  // The part before a colon names an authority (`system:`, `kubeadm:`, an OIDC prefix). It is ASCII alone, where no
  // letter looks like another.
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

/** Prefixes that a cluster's own machinery reserves and binds: kubeadm's groups, and EKS's users and groups. */
const reservedPrefixes = ['kubeadm:', 'eks:'];

/** Groups that are commonly bound to cluster-admin. They mean nothing to Kubernetes itself. */
const privilegedGroups = ['cluster-admin', 'cluster-admins'];

/**
 * The common name of the aggregation layer's client certificate (kubeadm, EKS): where an API server trusts one CA
 * both for clients and for that proxy, its bearer speaks as any user through `X-Remote-User`.
 */
const privilegedUsernames = ['front-proxy-client'];

/**
 * Kubernetes compares names byte by byte, so `System:masters` gains nothing there. But people read it, and authorizers
 * and directories beside the cluster fold case. So a name that folds to a reserved name counts as that name.
 */
const folded = (name: string): string => name.normalize('NFKC').toLowerCase();

const hasReservedPrefix = (name: string): boolean => reservedPrefixes.some((prefix) => name.startsWith(prefix));

/** Kubernetes' own namespace of users and groups: `system:masters`, `system:node:…`. */
export const isSystemName = (name: string): boolean => folded(name).startsWith('system:');

/** A username that a component of a cluster bears. */
export function isPrivilegedUsername(username: string): boolean {
  const name = folded(username);
  return hasReservedPrefix(name) || privilegedUsernames.includes(name);
}

/** A group that clusters bind to privileges: by their own machinery, or commonly by those who set them up. */
export function isPrivilegedGroup(group: string): boolean {
  const name = folded(group);
  return hasReservedPrefix(name) || privilegedGroups.includes(name);
}
