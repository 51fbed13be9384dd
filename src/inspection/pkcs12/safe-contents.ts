import {
  contextConstructed,
  type DerElement,
  DerError,
  inside,
  onlyElement,
  readOid,
  Tag,
} from '../../x509/strict/der.js';
import { normalize } from '../../x509/tree/ber/normalize.js';
import { readEncryption } from '../keys/encryption/read-encryption.js';
import { onlyInside } from '../pkcs7/content-info.js';

/** What the bags of a PKCS#12 hold; octets are copies, so that a decrypted safe can be overwritten. */
export class Bags {
  /** PKCS#8, most of them still encrypted. */
  readonly keys: Buffer[] = [];
  readonly certificates: Buffer[] = [];
  readonly certificateLists: Buffer[] = [];
  readonly friendlyNames = new Set<string>();
  /** Of the keys that have an encryption of their own. */
  readonly keyEncryptions = new Set<string>();
  #count = 0;

  /** False once there are more than any upload may hold. */
  take(): boolean {
    return this.#count++ < MAX_BAGS;
  }
}

const MAX_BAGS = 1_000;
const MAX_DEPTH = 8;
const MAX_FRIENDLY_NAMES = 200;
const MAX_NAME_LENGTH = 128;

/** RFC 7292 D. */
const bagType = {
  key: '1.2.840.113549.1.12.10.1.1',
  shroudedKey: '1.2.840.113549.1.12.10.1.2',
  certificate: '1.2.840.113549.1.12.10.1.3',
  certificateList: '1.2.840.113549.1.12.10.1.4',
  safeContents: '1.2.840.113549.1.12.10.1.6',
} as const;

const X509_CERTIFICATE = '1.2.840.113549.1.9.22.1';
const X509_CRL = '1.2.840.113549.1.9.23.1';
const FRIENDLY_NAME = '1.2.840.113549.1.9.20';

/** The one element in BER that `bytes` are, in DER. Throws `DerError` where they are not. */
export function asDer(bytes: Buffer, what: string): DerElement {
  const normalized = normalize(bytes);
  if (!normalized.ok) throw new DerError(normalized.problem, 0);
  if (normalized.rest.length > 0) throw new DerError(`${what} has trailing data`, normalized.found.length);
  return onlyElement(normalized.der, what);
}

/**
 * Reads a SafeContents (RFC 7292 4.2) into `bags`; `withShrouded` says whether encrypted keys are taken out. Throws
 * `DerError` where it cannot be read.
 */
export function readSafeContents(element: DerElement, bags: Bags, withShrouded: boolean, depth = 0): void {
  if (depth > MAX_DEPTH) throw new DerError('safes stand too deep within one another', element.offset);
  const reader = inside(element);
  while (!reader.atEnd && bags.take()) {
    const bag = inside(reader.expect(Tag.SEQUENCE, 'a bag'));
    const type = readOid(bag.expect(Tag.OBJECT_IDENTIFIER, 'the type of a bag'));
    const value = bag.expect(contextConstructed(0), 'the value of a bag');
    readFriendlyName(bag.optional(Tag.SET), bags);
    bag.end('a bag');
    if (type === bagType.key) bags.keys.push(copy(onlyInside(value, 'a key bag')));
    else if (type === bagType.shroudedKey) readShroudedKey(onlyInside(value, 'a key bag'), bags, withShrouded);
    else if (type === bagType.certificate) bags.certificates.push(...octetsInside(value, X509_CERTIFICATE));
    else if (type === bagType.certificateList) bags.certificateLists.push(...octetsInside(value, X509_CRL));
    else if (type === bagType.safeContents)
      readSafeContents(onlyInside(value, 'a safe within a safe'), bags, withShrouded, depth + 1);
    // A bag of secrets, or of what is not known, holds nothing that is inspected.
  }
}

function readShroudedKey(element: DerElement, bags: Bags, take: boolean): void {
  bags.keyEncryptions.add(
    readEncryption(inside(element).expect(Tag.SEQUENCE, 'the encryption of a key bag')).description,
  );
  if (take) bags.keys.push(copy(element));
}

/** RFC 7292 4.2.3, 4.2.4: `{type, [0] OCTET STRING}`; none of another type. */
function octetsInside(value: DerElement, expectedType: string): readonly Buffer[] {
  const reader = inside(onlyInside(value, 'a bag'));
  if (readOid(reader.expect(Tag.OBJECT_IDENTIFIER, 'the type in a bag')) !== expectedType) return [];
  const octets = inside(reader.expect(contextConstructed(0), 'the value in a bag'));
  return [Buffer.from(octets.expect(Tag.OCTET_STRING, 'the value in a bag').content)];
}

/** RFC 2985 5.5.1. */
function readFriendlyName(attributes: DerElement | undefined, bags: Bags): void {
  if (attributes === undefined) return;
  const reader = inside(attributes);
  while (!reader.atEnd) {
    const attribute = inside(reader.expect(Tag.SEQUENCE, 'an attribute of a bag'));
    if (readOid(attribute.expect(Tag.OBJECT_IDENTIFIER, 'an attribute of a bag')) !== FRIENDLY_NAME) continue;
    const values = inside(attribute.expect(Tag.SET, 'a friendly name'));
    const name = values.optional(Tag.BMP_STRING);
    if (name !== undefined && name.content.length % 2 === 0 && bags.friendlyNames.size < MAX_FRIENDLY_NAMES)
      bags.friendlyNames.add(textOf(name.content));
  }
}

/** As text for people: cut where it goes on, and without halves of characters. */
function textOf(bmp: Buffer): string {
  const text = Buffer.from(bmp.subarray(0, 2 * (MAX_NAME_LENGTH + 1)))
    .swap16()
    .toString('utf16le');
  const characters = Array.from(text.replaceAll(/\p{Surrogate}/gu, '\ufffd'));
  const shown = characters.length > MAX_NAME_LENGTH ? [...characters.slice(0, MAX_NAME_LENGTH - 1), '…'] : characters;
  return shown.join('');
}

const copy = ({ raw }: DerElement): Buffer => Buffer.from(raw);
