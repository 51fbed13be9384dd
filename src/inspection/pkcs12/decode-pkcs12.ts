import { type DerElement, DerError, inside, onlyElement, Tag } from '../../x509/strict/der.js';
import type { DecodeContext, Decoded, Observation, Piece } from '../decoded.js';
import { normalize } from '../../x509/tree/ber/normalize.js';
import { weakEncryption } from '../keys/encryption/encryption.js';
import { mayDerive, openEncrypted } from '../keys/encryption/open-encrypted.js';
import { readEncryption } from '../keys/encryption/read-encryption.js';
import { type ContentInfo, implicitOctets, readContentInfo, trailingData } from '../pkcs7/content-info.js';
import { type Mac, readMac } from './mac.js';
import { asDer, Bags, readSafeContents } from './safe-contents.js';

/**
 * Decodes a PKCS#12 (RFC 7292): the MAC is checked with the password of the upload, then what the password opens is
 * taken out. Keys come out as encrypted as they stand in their bags. BER is allowed here (RFC 7292 4), and is no
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

/** What the MAC says of the password: it fits, it was not tried, or nothing is to be opened with it. */
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
      // RFC 7292 3.1: integrity by a signature; nobody writes it.
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
    const pieces = (kind: string, all: readonly Buffer[]): readonly Piece[] =>
      all.map((bytes, i) => ({ path: `${path}#${kind}[${i.toString()}]`, bytes, label: null, headers: {} }));
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
        ...pieces('certificates', certificates),
        ...pieces('keys', keys),
        ...pieces('certificateLists', certificateLists),
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
    const opening = openEncrypted(WHAT, encryption, ciphertext, this.context, isSafeContents);
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

  /** Once: two safes that stay closed stay closed for the same reason. */
  #observe(code: Observation['code'], message: string): void {
    if (!this.#observations.some((other) => other.code === code)) this.#observations.push({ code, message });
  }
}

const isSafeContents = (plaintext: Buffer): boolean => {
  const normalized = plaintext[0] === Tag.SEQUENCE ? normalize(plaintext) : null;
  return normalized?.ok === true && normalized.rest.length === 0;
};
