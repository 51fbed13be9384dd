import {
  contextConstructed,
  contextPrimitive,
  DerError,
  type DerElement,
  inside,
  oid as writeOid,
  onlyElement,
  readOid,
  sequence,
  Tag,
} from '../../x509/strict/der.js';
import { publicKeyAlgorithm } from '../../x509/strict/object-identifiers.js';
import { edwardsSubjectPublicKeyInfo, isEdwardsOrMontgomery } from './edwards-private-key.js';
import { readEllipticCurvePrivateKey } from './elliptic-curve-private-key.js';
import { publicHalf, type PublicHalf, unsupportedKey } from './public-half.js';
import { readRsaPrivateKey } from './rsa-private-key.js';

/** RFC 4055 3.1: an RSA key for PSS alone. */
const RSASSA_PSS = '1.2.840.113549.1.1.10';

/**
 * Reads a PrivateKeyInfo (RFC 5208 5) or OneAsymmetricKey (RFC 5958 2), which may carry its public key. Throws
 * `DerError` where it cannot be read.
 */
export function readPrivateKeyInfo(key: DerElement): PublicHalf {
  const reader = inside(key);
  reader.expect(Tag.INTEGER, 'the version');
  const identifier = reader.expect(Tag.SEQUENCE, 'the key algorithm');
  const algorithm = inside(identifier);
  const oid = readOid(algorithm.expect(Tag.OBJECT_IDENTIFIER, 'the key algorithm'));
  const parameters = algorithm.atEnd ? null : algorithm.next();
  const privateKey = reader.expect(Tag.OCTET_STRING, 'the private key');
  reader.optional(contextConstructed(0));
  const stated = reader.optional(contextPrimitive(1));
  reader.end('the private key');

  const half = readByAlgorithm(oid, identifier, parameters, privateKey);
  if (stated === undefined || half.subjectPublicKeyInfo === null) return half;
  // [1] IMPLICIT BIT STRING: the content octets of the one at the end of the SubjectPublicKeyInfo.
  if (half.subjectPublicKeyInfo.subarray(-stated.content.length).equals(stated.content)) return half;
  const invalid = publicHalf(null, 'the public key that stands with the private key is not its own');
  return { ...half, observations: [...half.observations, ...invalid.observations] };
}

function readByAlgorithm(
  oid: string,
  identifier: DerElement,
  parameters: DerElement | null,
  privateKey: DerElement,
): PublicHalf {
  const { content } = privateKey;
  const start = privateKey.offset + privateKey.raw.length - content.length;
  const inner = (tag: number, what: string): DerElement => {
    const element = onlyElement(content, what, start);
    if (element.tag !== tag) throw new DerError(`${what} is of another type`, element.offset);
    return element;
  };
  if (oid === publicKeyAlgorithm.rsaEncryption) return readRsaPrivateKey(inner(Tag.SEQUENCE, 'the RSA key'));
  if (oid === RSASSA_PSS) {
    // The parameters are public and stand in the certificate, too; the identifier is copied, not kept a view of.
    const copy = sequence(writeOid(oid), ...(parameters === null ? [] : [parameters.raw]));
    return readRsaPrivateKey(inner(Tag.SEQUENCE, 'the RSA key'), copy);
  }
  if (oid === publicKeyAlgorithm.ecPublicKey)
    return readEllipticCurvePrivateKey(inner(Tag.SEQUENCE, 'the EC key'), parameters);
  if (isEdwardsOrMontgomery(oid)) {
    const spki = edwardsSubjectPublicKeyInfo(oid, inner(Tag.OCTET_STRING, 'the private key').content);
    return spki === null
      ? publicHalf(null, 'the private key is not of the length that its algorithm has')
      : publicHalf(spki);
  }
  return unsupportedKey(null, `the private key is of algorithm ${oid}; it was not computed with`);
}
