import { contextConstructed, type DerElement, DerError, inside, onlyElement, readOid, Tag } from '@kubepass/x509';
import { normalize } from '@kubepass/x509/tree';
import type { Decoded, Observation, Piece } from '../model/decoded.js';
import type { DecodeContext } from '../reading/budget.js';
import { mayDerive, openEncrypted, readEncryption, weakEncryption } from '../keys/encryption/encryption.js';
import {
  type ContentInfo,
  implicitOctets,
  onlyInside,
  piecesOf,
  readContentInfo,
  trailingData,
} from './decode-pkcs7.js';
import { type Mac, readMac } from './pkcs12-mac.js';

/**
 * Decodes a PKCS#12 (RFC 7292). The MAC is checked with the password of the upload, then everything that the password
 * opens becomes a piece. Keys stay as encrypted as they are in their bags. BER is allowed here (RFC 7292 4), so it is no
 * deviation.
 */
export function decodePkcs12(piece: Piece, context: DecodeContext): Decoded {
  const reading = new Pkcs12Reading(context);
  try {
    reading.read(piece.bytes);
  } catch (error) {
    if (!(error instanceof DerError)) throw error;
    reading.malformed(error);
  }
  return reading.decoded(piece.path);
}

const WHAT = 'the PKCS#12';

/** Whether the MAC fits the password, was not tried, or forbids to open anything with it. */
type Trust = 'verified' | 'untried' | 'refused';

class Pkcs12Reading {
  readonly #bags = new Bags();
  readonly #observations: Observation[] = [];
  readonly #encryptions = new Set<string>();
  readonly #weaknesses = new Set<string>();
  #mac: Mac | null = null;
  #macVerified: boolean | null = null;
  #opened = true;

  constructor(private readonly context: DecodeContext) {}

  read(bytes: Buffer): void {
    const normalized = normalize(bytes);
    if (!normalized.ok) throw new DerError(normalized.problem, 0);
    this.#observations.push(...trailingData(normalized));
    const reader = inside(onlyElement(normalized.der, WHAT));
    reader.expect(Tag.INTEGER, 'the version');
    const authSafe = readContentInfo(reader.expect(Tag.SEQUENCE, 'the authenticated safe'));
    const macData = reader.optional(Tag.SEQUENCE);
    reader.end(WHAT);
    const { content } = authSafe;
    if (authSafe.contentType !== 'data' || content?.tag !== Tag.OCTET_STRING) {
      // RFC 7292 3.1 knows integrity by a signature, which no software writes.
      this.#closed('EncryptionUnsupported', `${WHAT} is held together by ${authSafe.contentType}`);
      return;
    }
    this.#mac = macData === undefined ? null : readMac(macData);
    const trust = this.#checkMac(content.content);
    const safes = inside(asDer(content.content, 'the authenticated safe'));
    while (!safes.atEnd) this.#readSafe(readContentInfo(safes.expect(Tag.SEQUENCE, 'a safe')), trust);
  }

  malformed({ message }: DerError): void {
    this.#closed('MalformedObject', `${WHAT} cannot be read: ${message}`);
  }

  decoded(path: string): Decoded {
    const { keys, certificates, certificateLists, friendlyNames, keyEncryptions } = this.#bags;
    return {
      content: {
        type: 'PKCS12',
        macVerified: this.#macVerified,
        mac: this.#mac?.description ?? null,
        encryption: [...new Set([...this.#encryptions, ...keyEncryptions])],
        opened: this.#opened,
        friendlyNames: [...friendlyNames],
      },
      material: null,
      observations: [...this.#observations, ...weakEncryption(WHAT, { weaknesses: this.#allWeaknesses() })],
      pieces: [
        ...piecesOf(path, 'certificates', certificates),
        ...piecesOf(path, 'keys', keys),
        ...piecesOf(path, 'certificateLists', certificateLists),
      ],
    };
  }

  #checkMac(content: Buffer): Trust {
    const { password } = this.context;
    if (this.#mac === null || password === null) return 'untried';
    const { check, description } = this.#mac;
    if (check === null) {
      this.#observe('EncryptionUnsupported', `the MAC of ${WHAT} is not computed here: ${description}`);
      return 'untried';
    }
    for (const encoded of check.encodings(password)) {
      if (!mayDerive(check.cost, this.context)) {
        this.#closed('KeyDerivationTooCostly', `${WHAT} has a MAC of ${description}; it was not opened`);
        return 'refused';
      }
      this.#macVerified = check.fits(encoded, content);
      encoded.fill(0);
      if (this.#macVerified) return 'verified';
    }
    this.#closed('PasswordWrong', `the password that was given does not open ${WHAT}, or it was changed`);
    return 'refused';
  }

  #readSafe({ contentType, content }: ContentInfo, trust: Trust): void {
    if (contentType === 'data' && content?.tag === Tag.OCTET_STRING)
      readSafeContents(asDer(content.content, 'a safe'), this.#bags, trust !== 'refused');
    else if (contentType === 'encryptedData' && content !== null) this.#readEncryptedSafe(content, trust);
    else {
      this.#encryptions.add(contentType);
      this.#closed('EncryptionUnsupported', `${WHAT} has a safe of type ${contentType}`);
    }
  }

  /** RFC 2315 13, 10.1: EncryptedData, EncryptedContentInfo. */
  #readEncryptedSafe(element: DerElement, trust: Trust): void {
    const reader = inside(element);
    reader.expect(Tag.INTEGER, 'the version of encrypted data');
    const info = inside(reader.expect(Tag.SEQUENCE, 'the encrypted content'));
    info.expect(Tag.OBJECT_IDENTIFIER, 'the type of the encrypted content');
    const encryption = readEncryption(info.expect(Tag.SEQUENCE, 'the encryption scheme'));
    const ciphertext = info.atEnd ? Buffer.alloc(0) : implicitOctets(info.next(), 0);
    this.#encryptions.add(encryption.description);
    for (const weakness of encryption.weaknesses) this.#weaknesses.add(weakness);
    if (trust === 'refused') return;
    const opening = openEncrypted(WHAT, encryption, ciphertext, this.context);
    if (!opening.ok) {
      this.#closed(opening.observation.code, opening.observation.message);
      return;
    }
    try {
      readSafeContents(asDer(opening.plaintext, 'a safe'), this.#bags, true);
    } finally {
      opening.plaintext.fill(0);
    }
  }

  #allWeaknesses(): readonly string[] {
    return [...this.#weaknesses, ...(this.#mac?.weaknesses ?? [])];
  }

  #closed(code: Observation['code'], message: string): void {
    this.#opened = false;
    this.#observe(code, message);
  }

  /** Reports each code once: two safes stay closed for the same reason. */
  #observe(code: Observation['code'], message: string): void {
    if (!this.#observations.some((other) => other.code === code)) this.#observations.push({ code, message });
  }
}

/** The contents of the bags of a PKCS#12. Octets are copies, so that a decrypted safe can be overwritten. */
class Bags {
  /** PKCS#8; most are still encrypted. */
  readonly keys: Buffer[] = [];
  readonly certificates: Buffer[] = [];
  readonly certificateLists: Buffer[] = [];
  readonly friendlyNames = new Set<string>();
  /** The encryptions of single keys. */
  readonly keyEncryptions = new Set<string>();
  #count = 0;

  /** False after more bags than any upload may hold. */
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

/** Reads one element in BER. Throws `DerError` where `bytes` are anything else. */
function asDer(bytes: Buffer, what: string): DerElement {
  const normalized = normalize(bytes);
  if (!normalized.ok) throw new DerError(normalized.problem, 0);
  if (normalized.rest.length > 0) throw new DerError(`${what} has trailing data`, normalized.found.length);
  return onlyElement(normalized.der, what);
}

/**
 * Reads a SafeContents (RFC 7292 4.2) into `bags`, and encrypted keys only if `withShrouded`. Throws `DerError` where it
 * cannot be read.
 */
function readSafeContents(element: DerElement, bags: Bags, withShrouded: boolean, depth = 0): void {
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
    // Bags of secrets and of unknown types hold nothing that is inspected.
  }
}

function readShroudedKey(element: DerElement, bags: Bags, take: boolean): void {
  bags.keyEncryptions.add(
    readEncryption(inside(element).expect(Tag.SEQUENCE, 'the encryption of a key bag')).description,
  );
  if (take) bags.keys.push(copy(element));
}

/** RFC 7292 4.2.3, 4.2.4: `{type, [0] OCTET STRING}`. Values of other types are left out. */
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

/** A friendly name for display: bounded, and without lone surrogates. */
function textOf(bmp: Buffer): string {
  const text = Buffer.from(bmp.subarray(0, 2 * (MAX_NAME_LENGTH + 1)))
    .swap16()
    .toString('utf16le');
  const characters = Array.from(text.replaceAll(/\p{Surrogate}/gu, '\ufffd'));
  const shown = characters.length > MAX_NAME_LENGTH ? [...characters.slice(0, MAX_NAME_LENGTH - 1), '…'] : characters;
  return shown.join('');
}

const copy = ({ raw }: DerElement): Buffer => Buffer.from(raw);
