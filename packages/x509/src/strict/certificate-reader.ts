import {
  contextConstructed,
  contextPrimitive,
  type DerElement,
  DerError,
  type DerReader,
  inside,
  insideSequence,
  octetsOf,
  onlyElement,
  readInteger,
  readOctetAlignedBits,
  Tag,
} from './der.js';
import { type DistinguishedName, readDistinguishedName } from './distinguished-name.js';
import {
  type BasicConstraints,
  duplicateExtension,
  type Extension,
  extensionValue,
  type KeyUsage,
  readAuthorityKeyIdentifier,
  readBasicConstraints,
  readExtensions,
  readExtKeyUsage,
  readKeyUsage,
  readSubjectKeyIdentifier,
} from './extension.js';
import { extensionId } from './object-identifiers.js';
import { readAlgorithmOid, sha256 } from './crypto.js';
import { readValidity, type Validity } from './validity.js';

/** The fields of a certificate (RFC 5280 4.1). Buffers are views into `der`. */
export interface ParsedCertificate extends Validity {
  readonly der: Buffer;
  /** SHA-256 of `der`, lower-case hex. */
  readonly fingerprintSha256: string;
  readonly version: 1 | 2 | 3;
  /** The magnitude in lower-case hex, two digits per octet, no leading zero octet; a negative one begins with `-`. */
  readonly serialNumber: string;
  readonly issuer: DistinguishedName;
  readonly subject: DistinguishedName;
  /** Whole DER, of any algorithm. */
  readonly subjectPublicKeyInfo: Buffer;
  readonly extensions: readonly Extension[];
  /** Each null where the extension is absent. */
  readonly keyUsage: readonly KeyUsage[] | null;
  /** Key purposes, dotted. */
  readonly extKeyUsage: readonly string[] | null;
  readonly basicConstraints: BasicConstraints | null;
  readonly subjectKeyIdentifier: Buffer | null;
  readonly authorityKeyIdentifier: Buffer | null;
  /** The octets that are signed. */
  readonly tbsCertificate: Buffer;
  readonly signatureAlgorithm: {
    /** Dotted. */
    readonly id: string;
    /** DER AlgorithmIdentifier. */
    readonly identifier: Buffer;
  };
  readonly signature: Buffer;
}

/**
 * Reads a certificate of any version, issuer and key algorithm, insisting on DER and on the structure of RFC 5280.
 * The signature is not verified. Throws `DerError`.
 */
export function readCertificate(bytes: Uint8Array): ParsedCertificate {
  const { whole, content: tbs, algorithm, signature } = readSigned(bytes, 'the certificate', 'Certificate');
  return {
    der: whole.raw,
    fingerprintSha256: sha256(whole.raw),
    ...readTbsCertificate(tbs, algorithm),
    tbsCertificate: tbs.raw,
    signatureAlgorithm: { id: readAlgorithmOid(algorithm), identifier: algorithm.raw },
    signature,
  };
}

function readTbsCertificate(tbs: DerElement, outerAlgorithm: DerElement) {
  const reader = inside(tbs);
  const version = readVersion(reader);
  const serialNumber = displaySerialNumber(readInteger(reader.expect(Tag.INTEGER, 'the serial number')));
  const algorithm = reader.expect(Tag.SEQUENCE, 'the signature algorithm');
  // RFC 5280 4.1.1.2: the algorithm inside, which is signed, must be the one outside.
  if (!algorithm.raw.equals(outerAlgorithm.raw))
    throw new DerError('the two signature algorithms of the certificate differ', algorithm.offset);
  const issuer = readDistinguishedName(reader.next());
  const validity = readValidity(reader.next());
  const subject = readDistinguishedName(reader.next());
  const subjectPublicKeyInfo = reader.expect(Tag.SEQUENCE, 'the public key').raw;
  if (version > 1) {
    reader.optional(contextPrimitive(1));
    reader.optional(contextPrimitive(2));
  }
  const wrapped = version === 3 ? reader.optional(contextConstructed(3)) : undefined;
  reader.end('TBSCertificate');
  const extensions = wrapped === undefined ? [] : readOnlyExtensions(wrapped);
  return { version, serialNumber, issuer, subject, ...validity, subjectPublicKeyInfo, ...decode(extensions) };
}

function readVersion(reader: DerReader): 1 | 2 | 3 {
  const explicit = reader.optional(contextConstructed(0));
  if (explicit === undefined) return 1;
  const wrapper = inside(explicit);
  const version = readInteger(wrapper.expect(Tag.INTEGER, 'the version'));
  wrapper.end('the version');
  // DER leaves out v1, because it is the DEFAULT.
  if (version.length !== 1 || (version[0] !== 1 && version[0] !== 2))
    throw new DerError('the version of the certificate is not known', explicit.offset);
  return version[0] === 1 ? 2 : 3;
}

function readOnlyExtensions(wrapped: DerElement): readonly Extension[] {
  const reader = inside(wrapped);
  const extensions = readExtensions(reader.next());
  reader.end('the extensions');
  const duplicate = duplicateExtension(extensions);
  if (duplicate !== undefined) throw new DerError(`extension ${duplicate} occurs twice`, wrapped.offset);
  return extensions;
}

function decode(extensions: readonly Extension[]) {
  const find = <T>(id: string, read: (value: DerElement) => T): T | null => {
    const extension = extensions.find((candidate) => candidate.id === id);
    return extension === undefined ? null : read(extensionValue(extension));
  };
  return {
    extensions,
    keyUsage: find(extensionId.keyUsage, readKeyUsage),
    extKeyUsage: find(extensionId.extKeyUsage, readExtKeyUsage),
    basicConstraints: find(extensionId.basicConstraints, readBasicConstraints),
    subjectKeyIdentifier: find(extensionId.subjectKeyIdentifier, readSubjectKeyIdentifier),
    authorityKeyIdentifier: find(extensionId.authorityKeyIdentifier, readAuthorityKeyIdentifier),
  };
}

/** Shows an INTEGER's content octets as a serial number. */
export function displaySerialNumber(integer: Buffer): string {
  const negative = (integer[0] ?? 0) >= 0x80;
  const value = BigInt(`0x${integer.toString('hex')}`) - (negative ? 1n << BigInt(8 * integer.length) : 0n);
  return negative ? `-${octetsOf(-value).toString('hex')}` : octetsOf(value).toString('hex');
}

/** Something that a CA has signed (RFC 5280 sections 4.1 and 5.1): content, algorithm, signature. */
interface Signed {
  readonly whole: DerElement;
  readonly content: DerElement;
  readonly algorithm: DerElement;
  readonly signature: Buffer;
}

/**
 * Reads the outside of a certificate or of a list of revoked ones. The signature is not verified. Throws `DerError`.
 */
export function readSigned(bytes: Uint8Array, name: string, type: 'Certificate' | 'CertificateList'): Signed {
  const whole = onlyElement(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length), name);
  const fields = insideSequence(whole, `a ${type} is`);
  const content = fields.expect(Tag.SEQUENCE, type === 'Certificate' ? 'TBSCertificate' : 'TBSCertList');
  const algorithm = fields.expect(Tag.SEQUENCE, 'the signature algorithm');
  const signature = readOctetAlignedBits(fields.expect(Tag.BIT_STRING, 'the signature'));
  fields.end(name);
  return { whole, content, algorithm, signature };
}
