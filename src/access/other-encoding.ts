import { der, readCertificate, sequence, Tag } from '@kubepass/x509';

/**
 * The same certificate in another encoding, which Go and so an API server takes, with another credential id: the
 * signature stands one bit further to the left, with an unused bit at its end. Null where its first bit is not zero. A
 * signature of ECDSA begins with two zero bits, and about half of those of RSA and Ed25519 with one. OpenSSL sends no
 * other encoding for each kind of CA: it refuses octets behind the signature.
 */
export function otherEncoding(certificate: Uint8Array): Buffer | null {
  const { tbsCertificate, signatureAlgorithm, signature } = readCertificate(certificate);
  if ((signature[0] ?? 0xff) >= 0x80) return null;
  const shifted = signature.map((octet, i) => (octet << 1) | ((signature[i + 1] ?? 0) >> 7));
  return sequence(tbsCertificate, signatureAlgorithm.identifier, der(Tag.BIT_STRING, Buffer.of(1), shifted));
}
