import { createPrivateKey, createPublicKey } from 'node:crypto';

import { der, oid, sequence, Tag } from '../../x509/strict/der.js';

/** RFC 8410 3, RFC 8032 5.1.5, 5.2.5, RFC 7748 5: algorithms and octets of a private key. */
const sizes: Readonly<Partial<Record<string, number>>> = {
  '1.3.101.110': 32,
  '1.3.101.111': 56,
  '1.3.101.112': 32,
  '1.3.101.113': 57,
};

export const isEdwardsOrMontgomery = (algorithm: string): boolean => sizes[algorithm] !== undefined;

/**
 * The SubjectPublicKeyInfo of an X25519, X448, Ed25519 or Ed448 key; null where the private key is not as long as it
 * must be. What OpenSSL gets to read is built here, not taken from the upload.
 */
export function edwardsSubjectPublicKeyInfo(algorithm: string, privateKey: Buffer): Buffer | null {
  if (privateKey.length !== sizes[algorithm]) return null;
  const info = sequence(
    der(Tag.INTEGER, Buffer.of(0)),
    sequence(oid(algorithm)),
    der(Tag.OCTET_STRING, der(Tag.OCTET_STRING, privateKey)),
  );
  try {
    const key = createPublicKey(createPrivateKey({ key: info, format: 'der', type: 'pkcs8' }));
    return key.export({ format: 'der', type: 'spki' });
  } finally {
    info.fill(0);
  }
}
