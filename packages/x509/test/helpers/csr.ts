import type { KeyAlgorithm } from '../../src/strict/key-algorithm.js';
import { generateKeyPair, type KeyPair } from '../../src/strict/crypto.js';
import { encodePem } from '../../src/strict/pem.js';
import { writeCertificationRequest } from '../../src/strict/certificate-writer.js';

/** A CSR as a caller makes it, with its key. */
export async function csrFor(
  username: string,
  groups: readonly string[] = [],
  algorithm: KeyAlgorithm = 'ECDSA-P256',
): Promise<{ readonly pem: string; readonly keyPair: KeyPair }> {
  const keyPair = await generateKeyPair(algorithm);
  const der = await writeCertificationRequest({ username, groups }, keyPair);
  return { pem: encodePem('CERTIFICATE REQUEST', der), keyPair };
}
