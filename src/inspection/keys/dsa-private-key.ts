import { bitString, type DerElement, inside, oid, sequence, Tag } from '../../x509/strict/der.js';
import { publicHalf, type PublicHalf } from './public-half.js';

const DSA = '1.2.840.10040.4.1';

/**
 * Reads the DSA key of OpenSSL's traditional form, `{0, p, q, g, y, x}`: it carries its public key. Nothing is
 * computed with it; Kubernetes takes no such key. Throws `DerError` where it cannot be read.
 */
export function readDsaPrivateKey(key: DerElement): PublicHalf {
  const reader = inside(key);
  reader.expect(Tag.INTEGER, 'the version');
  const [p, q, g, y] = ['p', 'q', 'g', 'y'].map((what) => reader.expect(Tag.INTEGER, what).raw) as [
    Buffer,
    Buffer,
    Buffer,
    Buffer,
  ];
  reader.expect(Tag.INTEGER, 'x');
  reader.end('the DSA key');
  return publicHalf(dsaSubjectPublicKeyInfo(p, q, g, y));
}

/** RFC 3279 2.3.2, from DER INTEGERs. */
export const dsaSubjectPublicKeyInfo = (p: Buffer, q: Buffer, g: Buffer, y: Buffer): Buffer =>
  sequence(sequence(oid(DSA), sequence(p, q, g)), bitString(y));
