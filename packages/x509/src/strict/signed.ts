import { type DerElement, DerError, inside, onlyElement, readOctetAlignedBits, Tag } from './der.js';

/** Something that a CA has signed (RFC 5280 sections 4.1 and 5.1): content, algorithm, signature. */
export interface Signed {
  readonly whole: DerElement;
  readonly content: DerElement;
  readonly algorithm: DerElement;
  readonly signature: Buffer;
}

/** Reads the outside of a certificate or of a list of revoked ones. The signature is not verified. Throws `DerError`. */
export function readSigned(bytes: Uint8Array, name: string, type: 'Certificate' | 'CertificateList'): Signed {
  const whole = onlyElement(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length), name);
  if (whole.tag !== Tag.SEQUENCE) throw new DerError(`a ${type} is expected`, 0);
  const fields = inside(whole);
  const content = fields.expect(Tag.SEQUENCE, type === 'Certificate' ? 'TBSCertificate' : 'TBSCertList');
  const algorithm = fields.expect(Tag.SEQUENCE, 'the signature algorithm');
  const signature = readOctetAlignedBits(fields.expect(Tag.BIT_STRING, 'the signature'));
  fields.end(name);
  return { whole, content, algorithm, signature };
}
