import { certificateTreeText, certificationRequestText } from '../../src/openssl-text/certificate-text.js';
import { bitString, contextConstructed, der, DerReader, oid, sequence, Tag } from '../../src/strict/der.js';
import { readCertificateTree, readCertificationRequestTree } from '../../src/tree/signed-object.js';

/** Encoded fields; each that is not given gets one that is of no interest. */
export interface CertificateParts {
  readonly serialNumber?: Buffer;
  readonly subject?: Buffer;
  readonly notBefore?: Buffer;
  readonly publicKey?: Buffer;
  readonly extensions?: readonly Buffer[];
  readonly signatureAlgorithm?: Buffer;
  readonly signature?: Buffer;
}

export const integer = (...octets: number[]): Buffer => der(Tag.INTEGER, Buffer.from(octets));
export const ascii = (tag: number, text: string): Buffer => der(tag, Buffer.from(text, 'latin1'));

/** A name of one attribute. */
export const nameOf = (value: Buffer, type = '2.5.4.3'): Buffer => sequence(der(Tag.SET, sequence(oid(type), value)));

export const extension = (id: string, value: Buffer): Buffer => sequence(oid(id), der(Tag.OCTET_STRING, value));

const commonName = nameOf(ascii(Tag.UTF8_STRING, 'jane'));
const ed25519 = sequence(sequence(oid('1.3.101.112')), bitString(Buffer.alloc(32)));
const ecdsaWithSha256 = sequence(oid('1.2.840.10045.4.3.2'));

export function certificateOf(given: CertificateParts): Buffer {
  const algorithm = given.signatureAlgorithm ?? ecdsaWithSha256;
  const extensions = given.extensions ? [der(contextConstructed(3), sequence(...given.extensions))] : [];
  return sequence(
    sequence(
      der(contextConstructed(0), integer(2)),
      given.serialNumber ?? integer(1),
      algorithm,
      commonName,
      sequence(given.notBefore ?? ascii(Tag.UTC_TIME, '250101000000Z'), ascii(Tag.UTC_TIME, '300101000000Z')),
      given.subject ?? commonName,
      given.publicKey ?? ed25519,
      ...extensions,
    ),
    algorithm,
    given.signature ?? bitString(Buffer.of(1, 2)),
  );
}

/** `attributes` are the contents of the SET; undefined leaves out the field itself. */
export const requestOf = (attributes: Buffer | undefined): Buffer =>
  sequence(
    sequence(integer(0), commonName, ed25519, ...(attributes ? [der(contextConstructed(0), attributes)] : [])),
    ecdsaWithSha256,
    bitString(Buffer.of(1, 2)),
  );

/** The text of a request in DER. */
export const requestText = (bytes: Uint8Array): string =>
  certificationRequestText(readCertificationRequestTree(Buffer.from(bytes)));

/** The text of a certificate in DER, and of what OpenSSL has put behind it. */
export function trustedText(bytes: Uint8Array): string {
  const all = Buffer.from(bytes);
  const certificate = new DerReader(all).next().raw;
  return certificateTreeText(readCertificateTree(certificate, all.subarray(certificate.length)));
}

/** OpenSSL's text with the control characters that it prints written out, as the texts here have them. */
export const writtenOut = (text: string): string =>
  // eslint-disable-next-line no-control-regex -- control characters are what this writes out
  text.replace(/[\0-\x09\x0b-\x1f\x7f-\x9f]/g, (control) => `\\u{${control.charCodeAt(0).toString(16)}}`);
