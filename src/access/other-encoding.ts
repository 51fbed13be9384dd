import { der, readCertificate, sequence, Tag } from '@kubepass/x509';

/**
 * The same certificate in another encoding. Go accepts this encoding, so an API server accepts it too, with another
 * credential id. The signature stands one bit further to the left, and has an unused bit at its end. Null if the first
 * bit of the signature is not zero: a signature of ECDSA begins with two zero bits, and about half of the signatures of
 * RSA and Ed25519 begin with a zero bit.
 *
 * OpenSSL sends no other encoding that exists for every kind of CA, because it refuses octets behind the signature.
 */
export function otherEncoding(certificate: Uint8Array): Buffer | null {
  const { tbsCertificate, signatureAlgorithm, signature } = readCertificate(certificate);
  if ((signature[0] ?? 0xff) >= 0x80) return null;
  const shifted = signature.map((octet, i) => (octet << 1) | ((signature[i + 1] ?? 0) >> 7));
  return sequence(tbsCertificate, signatureAlgorithm.identifier, der(Tag.BIT_STRING, Buffer.of(1), shifted));
}
