import { createPublicKey, verify } from 'node:crypto';
import { findSignatureAlgorithm } from '../../pki/signature-algorithm.js';
import type { Signed } from '../decoded.js';

export function verifySignature(signed: Signed, spki: Buffer): 'valid' | 'invalid' | 'unsupported' {
  const algorithm = findSignatureAlgorithm(signed.algorithm);
  if (algorithm === undefined) return 'unsupported';
  const key = createPublicKey({ key: spki, format: 'der', type: 'spki' });
  return verify(algorithm.hash, signed.signedBytes, key, signed.signature) ? 'valid' : 'invalid';
}
