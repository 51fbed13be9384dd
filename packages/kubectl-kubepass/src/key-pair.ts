import { createPrivateKey, createPublicKey, generateKeyPair, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';
import type { KeyAlgorithm } from '@kubepass/x509';

/** A private key that was made here, and stays here. */
export interface OwnKey {
  readonly privateKey: KeyObject;
  /** PKCS#8. */
  readonly pem: string;
}

const generate = promisify(generateKeyPair) as (
  type: string,
  options: object,
) => Promise<{ readonly privateKey: KeyObject; readonly publicKey: KeyObject }>;

const curves: Readonly<Partial<Record<KeyAlgorithm, string>>> = {
  'ECDSA-P256': 'prime256v1',
  'ECDSA-P384': 'secp384r1',
  'ECDSA-P521': 'secp521r1',
};

export async function makeKey(algorithm: KeyAlgorithm): Promise<OwnKey> {
  const namedCurve = curves[algorithm];
  const { privateKey } =
    namedCurve !== undefined
      ? await generate('ec', { namedCurve })
      : algorithm === 'Ed25519'
        ? await generate('ed25519', {})
        : await generate('rsa', { modulusLength: Number(algorithm.slice('RSA-'.length)), publicExponent: 65_537 });
  return { privateKey, pem: privateKey.export({ format: 'pem', type: 'pkcs8' }).toString() };
}

export const readKey = (pem: string): OwnKey => ({ privateKey: createPrivateKey(pem), pem });

export const subjectPublicKeyInfo = ({ privateKey }: OwnKey): Buffer =>
  createPublicKey(privateKey).export({ format: 'der', type: 'spki' });

/** The digest that a key of this kind signs with, by its size; null: the algorithm has its own (RFC 8032). */
export function digestOf({ privateKey }: OwnKey): 'sha256' | 'sha384' | 'sha512' | null {
  if (privateKey.asymmetricKeyType === 'ed25519') return null;
  switch (privateKey.asymmetricKeyDetails?.namedCurve) {
    case 'secp384r1':
      return 'sha384';
    case 'secp521r1':
      return 'sha512';
    default:
      return 'sha256';
  }
}
