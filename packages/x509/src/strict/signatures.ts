import type { KeyObject } from 'node:crypto';
import { importSpki } from './import-spki.js';
import { sign, type SignatureAlgorithm, verifySignature } from './signature-algorithm.js';
import type { SubjectPublicKeyInfo } from './subject-public-key-info.js';

/**
 * Makes and verifies signatures, perhaps on another thread. A signature that could not be verified is neither good nor
 * bad: the call rejects.
 */
export interface Signatures {
  sign(algorithm: SignatureAlgorithm, data: Uint8Array, privateKey: KeyObject): Promise<Buffer>;
  /** For a key that is used again and again, such as a CA's. */
  verify(
    algorithm: SignatureAlgorithm,
    data: Uint8Array,
    publicKey: KeyObject,
    signature: Uint8Array,
  ): Promise<boolean>;
  /** For a key that is seen once, such as a CSR's: it is imported first. */
  verifyProof(
    algorithm: SignatureAlgorithm,
    data: Uint8Array,
    publicKey: SubjectPublicKeyInfo,
    signature: Uint8Array,
  ): Promise<boolean>;
}

/** Works on the calling thread, but for algorithms that take longer than waking one of libuv's. */
export const signaturesHere: Signatures = {
  sign,
  verify: verifySignature,
  verifyProof: (algorithm, data, publicKey, signature) =>
    verifySignature(algorithm, data, importSpki(publicKey.der), signature),
};
