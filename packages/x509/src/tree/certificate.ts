import { contextConstructed, contextPrimitive, type DerElement, inside, Tag } from '../strict/der.js';
import { type AlgorithmIdentifier, readAlgorithm } from './algorithm.js';
import { type ExtensionTree, readExtensionTrees } from './extension.js';
import { type NameTree, readName } from './name.js';
import { type PublicKeyTree, readPublicKeyTree } from './public-key.js';
import { extensionsInside, openSignedObject, type SignedObject } from './signed-object.js';
import { readAnyTime, type Time } from './time.js';
import { type BitString, bitStringOf } from './values.js';

/** A certificate (RFC 5280 4.1), read as far as OpenSSL and Go read it. */
export interface CertificateTree extends SignedObject {
  readonly kind: 'certificate';
  /** An INTEGER; null where it is left out, which stands for version 1. */
  readonly version: DerElement | null;
  /** An INTEGER. */
  readonly serialNumber: DerElement;
  /** The signature algorithm inside the signed part. */
  readonly innerAlgorithm: AlgorithmIdentifier;
  readonly issuer: NameTree;
  readonly notBefore: Time;
  readonly notAfter: Time;
  readonly subject: NameTree;
  readonly publicKey: PublicKeyTree;
  readonly issuerUniqueId: BitString | null;
  readonly subjectUniqueId: BitString | null;
  /** Null where the field is left out. */
  readonly extensions: readonly ExtensionTree[] | null;
}

/** Reads one certificate in DER. Throws `DerError`. */
export function readCertificateTree(der: Buffer): CertificateTree {
  const { object, fields, noteTrailing } = openSignedObject(der, 'the certificate');
  const explicitVersion = fields.optional(contextConstructed(0));
  let version: DerElement | null = null;
  if (explicitVersion !== undefined) {
    const wrapper = inside(explicitVersion);
    version = wrapper.expect(Tag.INTEGER, 'the version');
    noteTrailing(wrapper, 'the version');
  }
  const serialNumber = fields.expect(Tag.INTEGER, 'the serial number');
  const innerAlgorithm = readAlgorithm(fields, 'the signature algorithm');
  const issuer = readName(fields, 'the issuer');
  const validity = inside(fields.expect(Tag.SEQUENCE, 'the validity'));
  const notBefore = readAnyTime(validity.next(), 'notBefore');
  const notAfter = readAnyTime(validity.next(), 'notAfter');
  noteTrailing(validity, 'notAfter');
  const subject = readName(fields, 'the subject');
  const publicKey = readPublicKeyTree(fields);
  const uniqueId = (tag: number): BitString | null => {
    const element = fields.optional(contextPrimitive(tag));
    return element ? bitStringOf(element) : null;
  };
  const issuerUniqueId = uniqueId(1);
  const subjectUniqueId = uniqueId(2);
  const wrapped = fields.optional(contextConstructed(3));
  noteTrailing(fields, 'the last field of the signed part');
  const extensions = wrapped ? readExtensionTrees(extensionsInside(wrapped, noteTrailing)) : null;
  return {
    kind: 'certificate',
    ...object,
    version,
    serialNumber,
    innerAlgorithm,
    issuer,
    notBefore,
    notAfter,
    subject,
    publicKey,
    issuerUniqueId,
    subjectUniqueId,
    extensions,
  };
}
