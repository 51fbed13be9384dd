import { contextConstructed, type DerElement, DerError, DerReader, inside, readOid, Tag } from '@kubepass/x509';
import type { Piece } from '../model/decoded.js';

/** The known structures of DER. */
export type DerShape =
  'Certificate' | 'CertificationRequest' | 'CertificateList' | 'PublicKey' | 'PrivateKey' | 'PKCS7' | 'PKCS12';

/** The structure of `der` by its first elements, damaged or not; null where it is like no known one. */
export function recognise(der: Buffer): DerShape | null {
  const signed = recogniseSigned(der);
  if (signed !== null) return signed;
  if (shapeOfPrivateKey(der) !== null) return 'PrivateKey';
  if (shapeOfPublicKey(der) !== null) return 'PublicKey';
  if (looksLikePkcs7(der)) return 'PKCS7';
  return looksLikePkcs12(der) ? 'PKCS12' : null;
}

/** The value that `read` answers; null where it meets octets that cannot be read. */
export function readOrNull<T>(read: () => T): T | null {
  try {
    return read();
  } catch (error) {
    if (error instanceof DerError) return null;
    throw error;
  }
}

/** Reads the elements of the SEQUENCE that `der` begins with; null where it is none, or they cannot be read. */
const inSequence = <T>(der: Buffer, read: (elements: DerReader) => T): T | null =>
  der[0] === Tag.SEQUENCE ? readOrNull(() => read(inside(new DerReader(der).next()))) : null;

/** SEQUENCE { SEQUENCE { … }, AlgorithmIdentifier, BIT STRING }: the signed part tells the kind. */
const recogniseSigned = (der: Buffer): DerShape | null =>
  inSequence(der, (object) => {
    const toBeSigned = object.optional(Tag.SEQUENCE);
    if (toBeSigned === undefined || !isAlgorithm(object.next())) return null;
    return object.peekTag() === Tag.BIT_STRING ? shapeOfSigned(inside(toBeSigned)) : null;
  });

function shapeOfSigned(fields: DerReader): DerShape | null {
  // The version of a certificate (RFC 5280 4.1) stands under a tag of its own.
  if (fields.optional(contextConstructed(0))) return 'Certificate';
  const number = fields.optional(Tag.INTEGER);
  const second = fields.next();
  if (second.tag !== Tag.SEQUENCE) return null;
  if (number !== undefined && !isAlgorithm(second))
    // RFC 2986 4.1: version, subject, key. Attribute certificates (RFC 5755 4.1) have their holder there.
    return isName(second) && fields.peekTag() === Tag.SEQUENCE ? 'CertificationRequest' : null;
  if (!isName(fields.next())) return null;
  switch (fields.peekTag()) {
    case Tag.UTC_TIME:
    case Tag.GENERALIZED_TIME:
      return 'CertificateList';
    case Tag.SEQUENCE:
      return number === undefined ? null : 'Certificate';
    default:
      return null;
  }
}

const isAlgorithm = (element: DerElement): boolean =>
  element.tag === Tag.SEQUENCE && inside(element).peekTag() === Tag.OBJECT_IDENTIFIER;

/** A SEQUENCE of SETs, or an empty one. */
function isName(element: DerElement): boolean {
  const first = element.tag === Tag.SEQUENCE ? inside(element).peekTag() : null;
  return first === undefined || first === Tag.SET;
}

/** The kind of a private key, told by its elements and never by a label. */
export type PrivateKeyShape = 'PKCS#1' | 'DSA' | 'SEC1' | 'PKCS#8' | 'EncryptedPKCS#8';

/** Null for anything else than a private key. A damaged key has a shape as long as its first elements can be read. */
export function shapeOfPrivateKey(der: Buffer): PrivateKeyShape | null {
  const { elements, complete } = childrenOf(der);
  const [first, second, third] = elements;
  if (first?.tag === Tag.SEQUENCE)
    return second?.tag === Tag.OCTET_STRING && elements.length === 2 && isPasswordBased(first)
      ? 'EncryptedPKCS#8'
      : null;
  if (first?.tag !== Tag.INTEGER || first.content.length !== 1) return null;
  const version = first.content[0];
  if (version !== 0 && version !== 1) return null;
  if (second?.tag === Tag.SEQUENCE) return third?.tag === Tag.OCTET_STRING ? 'PKCS#8' : null;
  // RFC 5915 3: the version is ecPrivkeyVer1.
  if (second?.tag === Tag.OCTET_STRING) return version === 1 ? 'SEC1' : null;
  if (elements.length < 4 || !elements.slice(0, 9).every(({ tag }) => tag === Tag.INTEGER)) return null;
  return complete && elements.length === 6 ? 'DSA' : 'PKCS#1';
}

const OPENSSH_MAGIC = Buffer.from('openssh-key-v1\0', 'latin1');

/** Whether `bytes` begin like a key in the format of OpenSSH, which is no DER. */
export const looksLikeOpenSshKey = (bytes: Buffer): boolean =>
  bytes.subarray(0, OPENSSH_MAGIC.length).equals(OPENSSH_MAGIC);

/**
 * The names of the cipher (`none` where it is not encrypted) and of the algorithm of an OpenSSH key, each null where it
 * is cut off. Behind the magic stand texts with their lengths of four octets before them: cipher, key derivation and
 * its options. The number of keys follows, then a public key, which begins with its algorithm (OpenSSH's PROTOCOL.key,
 * RFC 4251 5).
 */
export function openSshNames(bytes: Buffer): Readonly<Record<'cipher' | 'algorithm', string | null>> {
  let position = OPENSSH_MAGIC.length;
  const text = (): string | null => {
    const start = position + 4;
    if (start > bytes.length) return null;
    position = start + bytes.readUInt32BE(start - 4);
    return position > bytes.length ? null : bytes.toString('latin1', start, position);
  };
  const [cipher] = [text(), text(), text()];
  position += 8;
  return { cipher: cipher ?? null, algorithm: text() };
}

/** A SubjectPublicKeyInfo (RFC 5280 4.1) or an RSAPublicKey (RFC 8017 A.1.1); null for anything else. */
export function shapeOfPublicKey(der: Buffer): 'SubjectPublicKeyInfo' | 'RSAPublicKey' | null {
  const { elements, complete } = childrenOf(der);
  const [first, second] = elements;
  if (!complete || elements.length !== 2 || first === undefined) return null;
  if (first.tag === Tag.SEQUENCE && second?.tag === Tag.BIT_STRING)
    return inside(first).peekTag() === Tag.OBJECT_IDENTIFIER ? 'SubjectPublicKeyInfo' : null;
  return first.tag === Tag.INTEGER && second?.tag === Tag.INTEGER ? 'RSAPublicKey' : null;
}

/** Octets of the shortest p and of the shortest q that are taken for those of parameters. */
const SHORTEST_PRIME = 64;
const SHORTEST_SUBGROUP = 20;

/**
 * The parameters of keys that `der` is, in words; null for anything else. PKCS#3 has two numbers, as an RSAPublicKey
 * has. If the second is 2, they are no such key: RFC 8017 3.1 has no even exponents.
 */
export function parametersIn(der: Buffer): string | null {
  const { elements, complete } = childrenOf(der);
  const [first, second, third] = elements;
  if (!complete || first?.tag !== Tag.INTEGER || second === undefined) return null;
  // SEC 1 C.2: the version, and the field by the identifier of its type.
  if (second.tag === Tag.SEQUENCE && oidOf(second).startsWith('1.2.840.10045.1.'))
    return 'the parameters of an elliptic curve';
  const areNumbers = elements.slice(0, 3).every(({ tag }) => tag === Tag.INTEGER);
  if (!areNumbers || first.content.length < SHORTEST_PRIME) return null;
  if (third === undefined && !second.content.equals(Buffer.of(2))) return null;
  // RFC 3279 2.3.2: p, q, g. The others have a generator, which is short or as long as p, as their second number.
  const longer = third !== undefined && elements.length === 3 && third.content.length > second.content.length;
  return longer && second.content.length >= SHORTEST_SUBGROUP ? 'DSA parameters' : 'Diffie-Hellman parameters';
}

/** Schemes of PKCS#5 (RFC 8018 A) and PKCS#12 (RFC 7292 C). A DigestInfo is built alike and has neither. */
function isPasswordBased(algorithm: DerElement): boolean {
  const oid = oidOf(algorithm);
  return oid.startsWith('1.2.840.113549.1.5.') || oid.startsWith('1.2.840.113549.1.12.1.');
}

/** The identifier that a SEQUENCE begins with; empty where there is none. */
const oidOf = (sequence: DerElement): string => readOrNull(() => readOid(inside(sequence).next())) ?? '';

/** More elements than any key has. */
const MAX_CHILDREN = 12;

/** The first elements of the SEQUENCE that `der` is, as far as they can be read. */
function childrenOf(der: Buffer): { readonly elements: readonly DerElement[]; readonly complete: boolean } {
  const elements: DerElement[] = [];
  const complete = inSequence(der, (reader) => {
    while (!reader.atEnd && elements.length < MAX_CHILDREN) elements.push(reader.next());
    return reader.atEnd;
  });
  return { elements, complete: complete ?? false };
}

/** Whether the headers of the PEM block say that its content is encrypted (RFC 1421 4.6.1.1, 4.6.1.3). */
export const isLegacyEncrypted = ({ headers }: Pick<Piece, 'headers'>): boolean =>
  headers['DEK-Info'] !== undefined || /^4\s*,\s*ENCRYPTED$/i.test(headers['Proc-Type']?.trim() ?? '');

/** The content types of a ContentInfo (RFC 5652 4 to 9, RFC 2315), by dotted identifier. */
export const contentTypes: Readonly<Partial<Record<string, string>>> = {
  '1.2.840.113549.1.7.1': 'data',
  '1.2.840.113549.1.7.2': 'signedData',
  '1.2.840.113549.1.7.3': 'envelopedData',
  '1.2.840.113549.1.7.4': 'signedAndEnvelopedData',
  '1.2.840.113549.1.7.5': 'digestedData',
  '1.2.840.113549.1.7.6': 'encryptedData',
  '1.2.840.113549.1.9.16.1.2': 'authenticatedData',
};

/** Whether `der` is built like a ContentInfo: SEQUENCE { a content type, [0] content }. */
export const looksLikePkcs7 = (der: Buffer): boolean =>
  inSequence(der, (reader) => {
    if (reader.peekTag() !== Tag.OBJECT_IDENTIFIER || contentTypes[readOid(reader.next())] === undefined) return false;
    return reader.atEnd || reader.peekTag() === contextConstructed(0);
  }) ?? false;

/** Whether `der` is built like a PFX (RFC 7292 4): SEQUENCE { INTEGER 3, a ContentInfo, … }. */
export const looksLikePkcs12 = (der: Buffer): boolean =>
  inSequence(der, (reader) => {
    const version = reader.next();
    if (version.tag !== Tag.INTEGER || version.content.length !== 1 || version.content[0] !== 3) return false;
    return looksLikePkcs7(reader.next().raw);
  }) ?? false;

/** The end of the SEQUENCE at the start of `bytes`, as its length states it; null where there is none. */
function sequenceEnd(bytes: Buffer): number | 'indefinite' | null {
  if (bytes[0] !== 0x30) return null;
  const first = bytes[1];
  if (first === undefined) return null;
  if (first < 0x80) return 2 + first;
  if (first === 0x80) return 'indefinite';
  const octets = first & 0x7f;
  if (octets > 8 || bytes.length < 2 + octets) return null;
  let length = 0;
  for (let i = 0; i < octets; i++) length = length * 256 + (bytes[2 + i] ?? 0);
  return 2 + octets + length;
}

/** Whether `bytes` are one SEQUENCE and nothing else. */
export const isWholeSequence = (bytes: Buffer): boolean => sequenceEnd(bytes) === bytes.length;

/**
 * Whether `bytes`, which are no text, begin with a SEQUENCE. It may be cut off or have something behind it, but must
 * not state a length far beyond the bytes.
 */
export function looksLikeSequence(bytes: Buffer): boolean {
  const end = sequenceEnd(bytes);
  if (end === null || end === 0) return false;
  return end === 'indefinite' || end <= Math.max(4 * bytes.length, 4096);
}
