import {
  contextConstructed,
  contextPrimitive,
  type DerElement,
  DerError,
  inside,
  insideSequence,
  readAll,
} from './der.js';
import { displayDistinguishedName, readDistinguishedName } from './distinguished-name.js';

/** One subject alternative name (RFC 5280 4.2.1.6), for people to read; never parsed back. */
export interface SubjectAltName {
  readonly type: 'dns' | 'email' | 'uri' | 'ip' | 'directoryName' | 'other';
  /** DER in hex where the type is `other`. */
  readonly value: string;
}

/** Reads GeneralNames of any types. Throws `DerError`. */
export const readSubjectAltNames = (element: DerElement): readonly SubjectAltName[] =>
  readAll(insideSequence(element, 'GeneralNames are'), (reader) => readName(reader.next()));

/**
 * The URIs among GeneralNames, as they are written. Throws `DerError`, also where a URI has a form that only some
 * readers take for one.
 */
export function readUris(element: DerElement): readonly string[] {
  const names = readAll(insideSequence(element, 'GeneralNames are'), (reader) => reader.next());
  const constructed = names.find(({ tag }) => tag === contextConstructed(6));
  if (constructed) throw new DerError('a URI is constructed', constructed.offset);
  return names.filter(({ tag }) => tag === contextPrimitive(6)).map(text);
}

function readName(name: DerElement): SubjectAltName {
  switch (name.tag) {
    case contextPrimitive(1):
      return { type: 'email', value: text(name) };
    case contextPrimitive(2):
      return { type: 'dns', value: text(name) };
    case contextPrimitive(6):
      return { type: 'uri', value: text(name) };
    case contextPrimitive(7):
      return ipAddress(name);
    case contextConstructed(4): {
      const value = displayDistinguishedName(readDistinguishedName(inside(name).next()));
      return { type: 'directoryName', value };
    }
    default:
      return other(name);
  }
}

// An IA5String has seven bits; an eighth one is shown as Latin-1.
const text = (name: DerElement): string => name.content.toString('latin1');

const other = (name: DerElement): SubjectAltName => ({ type: 'other', value: name.raw.toString('hex') });

function ipAddress(name: DerElement): SubjectAltName {
  const value = displayIpAddress(name.content);
  return value === null ? other(name) : { type: 'ip', value };
}

/** `10.0.0.1` or, as RFC 5952 has it, `fd00::1`; null where the octets are neither four nor sixteen. */
export function displayIpAddress(octets: Buffer): string | null {
  if (octets.length === 4) return octets.join('.');
  if (octets.length !== 16) return null;
  const groups = (octets.toString('hex').match(/.{4}/g) ?? []).map((group) => group.replace(/^0{1,3}/, ''));
  return compressed(groups);
}

/** RFC 5952 4.2: the first of the longest runs of two or more zero groups becomes `::`. */
function compressed(groups: readonly string[]): string {
  let longest = { start: 0, length: 1 };
  for (let start = 0; start < groups.length; start++) {
    let length = 0;
    while (groups[start + length] === '0') length++;
    if (length > longest.length) longest = { start, length };
  }
  if (longest.length < 2) return groups.join(':');
  return `${groups.slice(0, longest.start).join(':')}::${groups.slice(longest.start + longest.length).join(':')}`;
}
