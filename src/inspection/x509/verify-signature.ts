import { constants, verify } from 'node:crypto';

import { DerReader } from '../../x509/strict/der.js';
import type { Signed } from '../decoded.js';
import { readAlgorithm } from './describe-algorithm.js';
import { type SignatureScheme, signatureScheme } from './signature-algorithms.js';
import { type VerificationKey, verificationKey } from './verification-key.js';

export type SignatureVerdict = 'valid' | 'invalid' | 'unsupported';

/**
 * Whether the key in `spki` (a SubjectPublicKeyInfo in DER) made the signature. Bounded: keys and algorithms that
 * would ask for more work, or that are not known, are `unsupported`. MD5 and older hashes are, too.
 */
export function verifySignature(signed: Signed, spki: Buffer): SignatureVerdict {
  const algorithm = readAlgorithm(new DerReader(signed.algorithm), 'the signature algorithm');
  const scheme = signatureScheme(algorithm);
  if (scheme === null || !isSupported(scheme)) return 'unsupported';
  const key = verificationKey(spki);
  if (key === null) return 'unsupported';
  // RFC 4055 1.2: a key for RSASSA-PSS makes no other signatures.
  const fits = key.kind === scheme.kind || (key.kind === 'rsa' && scheme.kind === 'rsa-pss');
  return fits && isValid(signed, scheme, key) ? 'valid' : 'invalid';
}

const unsupportedHashes = new Set<string | null>(['md2', 'md4', 'md5']);

const isSupported = ({ kind, hash }: SignatureScheme): boolean => kind !== 'dsa' && !unsupportedHashes.has(hash);

function isValid({ signedBytes, signature }: Signed, { hash, saltLength }: SignatureScheme, { key }: VerificationKey) {
  const padding = saltLength === null ? {} : { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength };
  try {
    return verify(hash, signedBytes, { key, ...padding }, signature);
  } catch {
    // OpenSSL throws where a signature is not even well-formed, or the key is too short for the hash.
    return false;
  }
}
