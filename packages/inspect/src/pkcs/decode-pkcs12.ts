import { contextConstructed, type DerElement, DerError, inside, onlyElement, readOid, Tag } from '@kubepass/x509';
import { normalize } from '@kubepass/x509/tree';
import type { Decoded, Observation, Piece } from '../model/decoded.js';
import type { DecodeContext } from '../model/budget.js';
import { openEncrypted, tryPassword, readEncryption, weakEncryption } from '../keys/encryption/encryption.js';
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
 * opens becomes a piece. Keys stay as encrypted as they are in their bags. BER is allowed here (RFC 7292 4), so it is
 * no deviation.
 */
export function decodePkcs12(piece: Piece, context: DecodeContext): Decoded {
  const reading = new Pkcs12Reading(context);
  reading.read(piece.bytes);
  return reading.decoded(piece.path);
}

const WHAT = 'the PKCS#12';

/** Whether the MAC fits the password, was not tried, or forbids to open anything with it. */
type Trust = 'verified' | 'untried' | 'refused';

class Pkcs12Reading {
  // The contents of its bags: octets are copies, so that a decrypted safe can be overwritten.
  /** PKCS#8; most are still encrypted. */
  readonly #keys: Buffer[] = [];
  readonly #certificates: Buffer[] = [];
  readonly #certificateLists: Buffer[] = [];
  readonly #friendlyNames = new Set<string>();
  /** The encryptions of single keys. */
  readonly #keyEncryptions = new Set<string>();
  #bags = 0;
  readonly #observations: Observation[] = [];
  readonly #encryptions = new Set<string>();
  readonly #weaknesses = new Set<string>();
  #mac: Mac | null = null;
  #macVerified: boolean | null = null;
  #opened = true;

  constructor(private readonly context: DecodeContext) {}

  read(bytes: Buffer): void {
    try {
      this.#read(bytes);
    } catch (error) {
      if (!(error instanceof DerError)) throw error;
      this.#closed('MalformedObject', `${WHAT} cannot be read: ${error.message}`);
    }
  }

  #read(bytes: Buffer): void {
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

  decoded(path: string): Decoded {
    return {
      content: {
        type: 'PKCS12',
        macVerified: this.#macVerified,
        mac: this.#mac?.description ?? null,
        encryption: [...new Set([...this.#encryptions, ...this.#keyEncryptions])],
        opened: this.#opened,
        friendlyNames: [...this.#friendlyNames],
      },
      material: null,
      observations: [
        ...this.#observations,
        ...weakEncryption(WHAT, [...this.#weaknesses, ...(this.#mac?.weaknesses ?? [])]),
      ],
      pieces: [
        ...piecesOf(path, 'certificates', this.#certificates),
        ...piecesOf(path, 'keys', this.#keys).map((piece) => ({ ...piece, told: ofEncryption })),
        ...piecesOf(path, 'certificateLists', this.#certificateLists),
      ],
    };
  }

  #checkMac(content: Buffer): Trust {
    const { password } = this.context;
    if (this.#mac === null || password === null) return 'untried';
    const { attempt, description } = this.#mac;
    if (attempt === null) {
      this.#observe('EncryptionUnsupported', `the MAC of ${WHAT} is not computed here: ${description}`);
      return 'untried';
    }
    const fits = tryPassword(attempt, password, content, this.context);
    if (fits === 'tooCostly') {
      this.#closed('KeyDerivationTooCostly', `${WHAT} has a MAC of ${description}; it was not opened`);
      return 'refused';
    }
    this.#macVerified = fits ?? false;
    if (fits) return 'verified';
    this.#closed('PasswordWrong', `the password that was given does not open ${WHAT}, or it was changed`);
    return 'refused';
  }

  #readSafe({ contentType, content }: ContentInfo, trust: Trust): void {
    if (contentType === 'data' && content?.tag === Tag.OCTET_STRING)
      this.#readSafeContents(asDer(content.content, 'a safe'), trust !== 'refused');
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
    if (!Buffer.isBuffer(opening)) {
      this.#closed(opening.code, opening.message);
      return;
    }
    try {
      this.#readSafeContents(asDer(opening, 'a safe'), true);
    } finally {
      opening.fill(0);
    }
  }

  /** Reads a SafeContents (RFC 7292 4.2), and encrypted keys only if `withShrouded`. */
  #readSafeContents(element: DerElement, withShrouded: boolean, depth = 0): void {
    if (depth > MAX_DEPTH) throw new DerError('safes stand too deep within one another', element.offset);
    const reader = inside(element);
    // No upload may hold more bags.
    while (!reader.atEnd && this.#bags++ < MAX_BAGS) {
      const bag = inside(reader.expect(Tag.SEQUENCE, 'a bag'));
      const type = readOid(bag.expect(Tag.OBJECT_IDENTIFIER, 'the type of a bag'));
      const value = bag.expect(contextConstructed(0), 'the value of a bag');
      this.#readFriendlyName(bag.optional(Tag.SET));
      bag.end('a bag');
      if (type === bagType.key) this.#keys.push(copy(onlyInside(value, 'a key bag')));
      else if (type === bagType.shroudedKey) this.#readShroudedKey(onlyInside(value, 'a key bag'), withShrouded);
      else if (type === bagType.certificate) this.#certificates.push(...octetsInside(value, X509_CERTIFICATE));
      else if (type === bagType.certificateList) this.#certificateLists.push(...octetsInside(value, X509_CRL));
      else if (type === bagType.safeContents)
        this.#readSafeContents(onlyInside(value, 'a safe within a safe'), withShrouded, depth + 1);
      // Bags of secrets and of unknown types hold nothing that is inspected.
    }
  }

  #readShroudedKey(element: DerElement, take: boolean): void {
    const scheme = inside(element).expect(Tag.SEQUENCE, 'the encryption of a key bag');
    const { description, weaknesses } = readEncryption(scheme);
    this.#keyEncryptions.add(description);
    for (const weakness of weaknesses) this.#weaknesses.add(weakness);
    if (take) this.#keys.push(copy(element));
  }

  /** RFC 2985 5.5.1. */
  #readFriendlyName(attributes: DerElement | undefined): void {
    if (attributes === undefined) return;
    const reader = inside(attributes);
    while (!reader.atEnd) {
      const attribute = inside(reader.expect(Tag.SEQUENCE, 'an attribute of a bag'));
      if (readOid(attribute.expect(Tag.OBJECT_IDENTIFIER, 'an attribute of a bag')) !== FRIENDLY_NAME) continue;
      const name = inside(attribute.expect(Tag.SET, 'a friendly name')).optional(Tag.BMP_STRING);
      if (name !== undefined && name.content.length % 2 === 0 && this.#friendlyNames.size < MAX_FRIENDLY_NAMES)
        this.#friendlyNames.add(textOf(name.content));
    }
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

/** Said once of a PKCS#12, whose keys are encrypted with it. */
const ofEncryption: readonly Observation['code'][] = ['WeakKeyEncryption', 'LegacyKeyFormat'];

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

/** RFC 7292 4.2.3, 4.2.4: `{type, [0] OCTET STRING}`. Values of other types are left out. */
function octetsInside(value: DerElement, expectedType: string): readonly Buffer[] {
  const reader = inside(onlyInside(value, 'a bag'));
  if (readOid(reader.expect(Tag.OBJECT_IDENTIFIER, 'the type in a bag')) !== expectedType) return [];
  const octets = inside(reader.expect(contextConstructed(0), 'the value in a bag'));
  return [Buffer.from(octets.expect(Tag.OCTET_STRING, 'the value in a bag').content)];
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
