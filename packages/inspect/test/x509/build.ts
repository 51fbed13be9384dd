import { sign } from 'node:crypto';

import { bitString, contextConstructed, der, oid, sequence, Tag, unsignedInteger } from '@kubepass/x509';
import { makeKey, nameOf } from '../../../x509/test/helpers/certificates.js';

/** Whole encodings of fields, so that each can be as wrong as it likes. */
export interface RawCertificate {
  /** Null leaves the field out: version 1. */
  readonly version?: Buffer | null;
  readonly serialNumber?: Buffer;
  readonly algorithm?: Buffer;
  /** Inside of the signed part, where it is another one. */
  readonly innerAlgorithm?: Buffer;
  readonly issuer?: Buffer;
  readonly notBefore?: Buffer;
  readonly notAfter?: Buffer;
  readonly subject?: Buffer;
  readonly spki?: Buffer;
  /** Between the public key and the extensions. */
  readonly uniqueIds?: readonly Buffer[];
  readonly extensions?: readonly Buffer[] | null;
  /** Behind the extensions. */
  readonly more?: Buffer;
  readonly signature?: Buffer;
}

export const testKey = makeKey('P-256');

export const explicitVersion = (...octets: number[]): Buffer =>
  der(contextConstructed(0), der(Tag.INTEGER, Buffer.from(octets)));

export const algorithmOf = (identifier: string, ...parameters: Buffer[]): Buffer =>
  sequence(oid(identifier), ...parameters);

export const ecdsaWithSha256 = algorithmOf('1.2.840.10045.4.3.2');

export const time = (text: string): Buffer =>
  der(
    /^\d{12}(?:\D|$)|^\d{10}(?:Z|[+-])/.test(text) ? Tag.UTC_TIME : Tag.GENERALIZED_TIME,
    Buffer.from(text, 'latin1'),
  );

export const extensionOf = (id: string, value: Buffer, ...critical: number[]): Buffer =>
  sequence(
    oid(id),
    ...(critical.length > 0 ? [der(Tag.BOOLEAN, Buffer.from(critical))] : []),
    der(Tag.OCTET_STRING, value),
  );

/** Signed by `testKey`. */
export function rawCertificate(fields: RawCertificate = {}): Buffer {
  const algorithm = fields.algorithm ?? ecdsaWithSha256;
  const version = fields.version === undefined ? explicitVersion(2) : fields.version;
  const extensions =
    fields.extensions === null || fields.extensions === undefined
      ? []
      : [der(contextConstructed(3), sequence(...fields.extensions))];
  const signedPart = sequence(
    ...(version === null ? [] : [version]),
    fields.serialNumber ?? unsignedInteger(Buffer.from('5a0102030405060708090a0b0c0d0e0f', 'hex')),
    fields.innerAlgorithm ?? algorithm,
    fields.issuer ?? nameOf([['CN', 'test-ca']]),
    sequence(fields.notBefore ?? time('260101000000Z'), fields.notAfter ?? time('270101000000Z')),
    fields.subject ?? nameOf([['CN', 'jane']]),
    fields.spki ?? testKey.spki,
    ...(fields.uniqueIds ?? []),
    ...extensions,
    ...(fields.more ? [fields.more] : []),
  );
  const signature = fields.signature ?? sign('sha256', signedPart, testKey.privateKey);
  return sequence(signedPart, algorithm, bitString(signature));
}

/** A name of one RDN for each list of attributes. */
export const rawName = (...rdns: readonly (readonly (readonly [type: string, value: Buffer])[])[]): Buffer =>
  sequence(...rdns.map((rdn) => der(Tag.SET, ...rdn.map(([type, value]) => sequence(oid(type), value)))));

export const string = (tag: number, text: string | Buffer): Buffer =>
  der(tag, typeof text === 'string' ? Buffer.from(text, 'utf8') : text);

export interface RawRequest {
  readonly version?: Buffer;
  readonly subject?: Buffer;
  readonly spki?: Buffer;
  /** Null leaves the field out. */
  readonly attributes?: readonly Buffer[] | null;
  readonly algorithm?: Buffer;
  readonly signature?: Buffer;
}

/** Signed by `testKey`. */
export function rawRequest(fields: RawRequest = {}): Buffer {
  const info = sequence(
    fields.version ?? der(Tag.INTEGER, Buffer.of(0)),
    fields.subject ?? nameOf([['CN', 'jane']]),
    fields.spki ?? testKey.spki,
    ...(fields.attributes === null ? [] : [der(contextConstructed(0), ...(fields.attributes ?? []))]),
  );
  const signature = fields.signature ?? sign('sha256', info, testKey.privateKey);
  return sequence(info, fields.algorithm ?? ecdsaWithSha256, bitString(signature));
}

export const attributeOf = (type: string, ...values: Buffer[]): Buffer => sequence(oid(type), der(Tag.SET, ...values));

export interface RawList {
  /** Null leaves the field out: version 1. */
  readonly version?: Buffer | null;
  readonly algorithm?: Buffer;
  readonly innerAlgorithm?: Buffer;
  readonly thisUpdate?: Buffer;
  readonly nextUpdate?: Buffer | null;
  readonly entries?: readonly Buffer[];
  readonly extensions?: readonly Buffer[];
}

/** Signed by `testKey`. */
export function rawList(fields: RawList = {}): Buffer {
  const algorithm = fields.algorithm ?? ecdsaWithSha256;
  const list = sequence(
    ...(fields.version === null ? [] : [fields.version ?? der(Tag.INTEGER, Buffer.of(1))]),
    fields.innerAlgorithm ?? algorithm,
    nameOf([['CN', 'test-ca']]),
    fields.thisUpdate ?? time('260101000000Z'),
    ...(fields.nextUpdate === null ? [] : [fields.nextUpdate ?? time('270101000000Z')]),
    ...(fields.entries ? [sequence(...fields.entries)] : []),
    ...(fields.extensions ? [der(contextConstructed(0), sequence(...fields.extensions))] : []),
  );
  return sequence(list, algorithm, bitString(sign('sha256', list, testKey.privateKey)));
}

export const entryOf = (serialNumber: number, ...extensions: readonly Buffer[]): Buffer =>
  sequence(
    der(Tag.INTEGER, Buffer.of(serialNumber)),
    time('260201000000Z'),
    ...(extensions.length > 0 ? [sequence(...extensions)] : []),
  );
