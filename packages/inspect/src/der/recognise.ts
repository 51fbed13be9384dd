import { contextConstructed, type DerElement, DerError, DerReader, inside, Tag } from '@kubepass/x509';
import { looksLikePrivateKey, looksLikePublicKey } from '../keys/key-shapes.js';
import { looksLikePkcs12 } from '../pkcs/decode-pkcs12.js';
import { looksLikePkcs7 } from '../pkcs/decode-pkcs7.js';

/** The known structures of DER. */
export type DerShape =
  'Certificate' | 'CertificationRequest' | 'CertificateList' | 'PublicKey' | 'PrivateKey' | 'PKCS7' | 'PKCS12';

/** The structure of `der` by its first elements, damaged or not; null where it is like no known one. */
export function recognise(der: Buffer): DerShape | null {
  const signed = recogniseSigned(der);
  if (signed !== null) return signed;
  if (looksLikePrivateKey(der)) return 'PrivateKey';
  if (looksLikePublicKey(der)) return 'PublicKey';
  if (looksLikePkcs7(der)) return 'PKCS7';
  return looksLikePkcs12(der) ? 'PKCS12' : null;
}

/** SEQUENCE { SEQUENCE { … }, AlgorithmIdentifier, BIT STRING }: the signed part tells the kind. */
function recogniseSigned(der: Buffer): DerShape | null {
  if (der[0] !== Tag.SEQUENCE) return null;
  try {
    const object = inside(new DerReader(der).next());
    const toBeSigned = object.optional(Tag.SEQUENCE);
    if (toBeSigned === undefined || !isAlgorithm(object.next())) return null;
    if (object.peekTag() !== Tag.BIT_STRING) return null;
    return shapeOfSigned(inside(toBeSigned));
  } catch (error) {
    if (error instanceof DerError) return null;
    throw error;
  }
}

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
