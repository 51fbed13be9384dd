import { generateKeyPair as generateWithCallback, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';

import type { KeyAlgorithm } from './key-algorithm.js';

export interface KeyPair {
  readonly privateKey: KeyObject;
  /** PKCS#8. */
  readonly privateKeyPem: string;
  /** DER. */
  readonly subjectPublicKeyInfo: Buffer;
}

const generate = promisify(generateWithCallback);

/** Generates a key pair on libuv's thread pool. An RSA-4096 key keeps a thread for a second or more. */
export async function generateKeyPair(algorithm: KeyAlgorithm): Promise<KeyPair> {
  const { privateKey, publicKey } = await generateKeyObjects(algorithm);
  return {
    privateKey,
    privateKeyPem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    subjectPublicKeyInfo: publicKey.export({ type: 'spki', format: 'der' }),
  };
}

function generateKeyObjects(algorithm: KeyAlgorithm): Promise<{ privateKey: KeyObject; publicKey: KeyObject }> {
  switch (algorithm) {
    case 'ECDSA-P256':
      return generate('ec', { namedCurve: 'P-256' });
    case 'ECDSA-P384':
      return generate('ec', { namedCurve: 'P-384' });
    case 'ECDSA-P521':
      return generate('ec', { namedCurve: 'P-521' });
    case 'Ed25519':
      return generate('ed25519', {});
    case 'RSA-2048':
      return generate('rsa', { modulusLength: 2048, publicExponent: 65537 });
    case 'RSA-3072':
      return generate('rsa', { modulusLength: 3072, publicExponent: 65537 });
    case 'RSA-4096':
      return generate('rsa', { modulusLength: 4096, publicExponent: 65537 });
  }
}
