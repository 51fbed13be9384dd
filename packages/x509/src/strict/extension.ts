import {
  contextConstructed,
  contextPrimitive,
  der,
  type DerElement,
  DerError,
  inside,
  insideSequence,
  oid,
  onlyElement,
  readBoolean,
  readInteger,
  readOid,
  sequence,
  Tag,
} from './der.js';
import { extensionId } from './object-identifiers.js';

/** One extension of a certificate or a request (RFC 5280 4.1). */
export interface Extension {
  /** Dotted. */
  readonly id: string;
  readonly critical: boolean;
  /** The content of extnValue: DER of the extension's own type. */
  readonly value: Buffer;
  /** Where `value` starts in the whole input. */
  readonly offset: number;
}

/** Reads SEQUENCE SIZE (1..MAX) OF Extension, duplicates included. Throws `DerError`. */
export function readExtensions(element: DerElement): readonly Extension[] {
  const reader = insideSequence(element, 'Extensions are');
  const extensions: Extension[] = [];
  do {
    const fields = inside(reader.expect(Tag.SEQUENCE, 'an Extension'));
    const id = readOid(fields.expect(Tag.OBJECT_IDENTIFIER, 'extnID'));
    const flag = fields.optional(Tag.BOOLEAN);
    // X.690 11.5: a value equal to its DEFAULT is left out.
    if (flag !== undefined && !readBoolean(flag)) throw new DerError('critical FALSE is written out', flag.offset);
    const value = fields.expect(Tag.OCTET_STRING, 'extnValue');
    fields.end('an Extension');
    extensions.push({
      id,
      critical: flag !== undefined,
      value: value.content,
      offset: value.offset + value.raw.length - value.content.length,
    });
  } while (!reader.atEnd);
  return extensions;
}

/** The first extension id that occurs twice; RFC 5280 4.2 forbids it. */
export function duplicateExtension(extensions: readonly Extension[]): string | undefined {
  const seen = new Set<string>();
  return extensions.find(({ id }) => seen.size === seen.add(id).size)?.id;
}

/** The only element in an extension's value. */
export function extensionValue(extension: Extension): DerElement {
  return onlyElement(extension.value, `extension ${extension.id}`, extension.offset);
}

export interface BasicConstraints {
  readonly ca: boolean;
  readonly pathLenConstraint: number | null;
}

/** RFC 5280 4.2.1.9. Throws `DerError`. */
export function readBasicConstraints(element: DerElement): BasicConstraints {
  const reader = insideSequence(element, 'BasicConstraints are');
  const ca = reader.optional(Tag.BOOLEAN);
  if (ca !== undefined && !readBoolean(ca)) throw new DerError('cA FALSE is written out', ca.offset);
  const pathLen = reader.optional(Tag.INTEGER);
  reader.end('BasicConstraints');
  return { ca: ca !== undefined, pathLenConstraint: pathLen === undefined ? null : readPathLen(pathLen) };
}

function readPathLen(element: DerElement): number {
  const octets = readInteger(element);
  const value = octets.length <= 4 ? octets.readIntBE(0, octets.length) : -1;
  if (value < 0) throw new DerError('pathLenConstraint is out of range', element.offset);
  return value;
}

/** RFC 5280 4.2.1.12: key purposes, dotted. Throws `DerError`. */
export function readExtKeyUsage(element: DerElement): readonly string[] {
  const reader = insideSequence(element, 'ExtKeyUsage is');
  const purposes: string[] = [];
  do purposes.push(readOid(reader.expect(Tag.OBJECT_IDENTIFIER, 'a key purpose')));
  while (!reader.atEnd);
  return purposes;
}

/** RFC 5280 4.2.1.2. Throws `DerError`. */
export function readSubjectKeyIdentifier(element: DerElement): Buffer {
  if (element.tag !== Tag.OCTET_STRING || element.content.length === 0)
    throw new DerError('SubjectKeyIdentifier is expected', element.offset);
  return element.content;
}

/** RFC 5280 4.2.1.1: the keyIdentifier, null where there is only issuer and serial number. Throws `DerError`. */
export function readAuthorityKeyIdentifier(element: DerElement): Buffer | null {
  const reader = insideSequence(element, 'AuthorityKeyIdentifier is');
  const keyIdentifier = reader.optional(contextPrimitive(0));
  reader.optional(contextConstructed(1));
  reader.optional(contextPrimitive(2));
  reader.end('AuthorityKeyIdentifier');
  return keyIdentifier?.content ?? null;
}

/** RFC 5280 4.2.1.3, in the order of their bits. */
export const keyUsages = [
  'digitalSignature',
  'nonRepudiation',
  'keyEncipherment',
  'dataEncipherment',
  'keyAgreement',
  'keyCertSign',
  'cRLSign',
  'encipherOnly',
  'decipherOnly',
] as const;
export type KeyUsage = (typeof keyUsages)[number];

/**
 * Reads a KeyUsage. It is a named bit list: no trailing zero bits (X.690 11.2.2), and at least one bit set
 * (RFC 5280 4.2.1.3). Throws `DerError`.
 */
export function readKeyUsage(element: DerElement): readonly KeyUsage[] {
  const [unused, ...octets] = element.content;
  const last = octets.at(-1);
  if (element.tag !== Tag.BIT_STRING || unused === undefined)
    throw new DerError('KeyUsage is expected', element.offset);
  if (last === undefined || last === 0) throw new DerError('KeyUsage has no bit set or trailing zeros', element.offset);
  // The lowest bit set is the last one of the list.
  if (31 - Math.clz32(last & -last) !== unused)
    throw new DerError('KeyUsage does not count its unused bits', element.offset);
  const isSet = (bit: number): boolean => (((octets[bit >> 3] ?? 0) << (bit & 7)) & 0x80) !== 0;
  if (octets.length * 8 - unused > keyUsages.length) throw new DerError('KeyUsage has unknown bits', element.offset);
  return keyUsages.filter((_, bit) => isSet(bit));
}

/** Writes a KeyUsage. */
export function writeKeyUsage(usages: readonly KeyUsage[]): Buffer {
  const octets = [0, 0];
  let last = 0;
  for (const usage of usages) {
    const bit = keyUsages.indexOf(usage);
    octets[bit >> 3] = (octets[bit >> 3] ?? 0) | (0x80 >> (bit & 7));
    last = Math.max(last, bit);
  }
  return der(Tag.BIT_STRING, Buffer.of(7 - (last & 7), ...octets.slice(0, (last >> 3) + 1)));
}

export const TRUE = der(Tag.BOOLEAN, Buffer.of(0xff));

/** Writes one extension around the DER of its value. */
export function writeExtension(id: string, critical: boolean, value: Uint8Array): Buffer {
  return sequence(oid(id), ...(critical ? [TRUE] : []), der(Tag.OCTET_STRING, value));
}

export const keyUsageExtension = (usages: readonly KeyUsage[]): Buffer =>
  writeExtension(extensionId.keyUsage, true, writeKeyUsage(usages));

export const extKeyUsageExtension = (purposes: readonly string[]): Buffer =>
  writeExtension(extensionId.extKeyUsage, false, sequence(...purposes.map(oid)));

/** CA:FALSE is the empty sequence, because DER leaves out the default. */
export const basicConstraintsExtension = (ca: boolean): Buffer =>
  writeExtension(extensionId.basicConstraints, true, ca ? sequence(TRUE) : sequence());

export const subjectKeyIdentifierExtension = (keyIdentifier: Uint8Array): Buffer =>
  writeExtension(extensionId.subjectKeyIdentifier, false, der(Tag.OCTET_STRING, keyIdentifier));

export const authorityKeyIdentifierExtension = (keyIdentifier: Uint8Array): Buffer =>
  writeExtension(extensionId.authorityKeyIdentifier, false, sequence(der(contextPrimitive(0), keyIdentifier)));
