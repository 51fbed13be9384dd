import { createHash, hash } from 'node:crypto';

import type { HashName } from './hashes.js';

/** PBKDF1 of PKCS#5 (RFC 8018 5.1): as many octets as the hash has. */
export function derivePbkdf1(hashName: HashName, password: Buffer, salt: Buffer, iterations: number): Buffer {
  let derived: Buffer = createHash(hashName).update(password).update(salt).digest();
  for (let i = 1; i < iterations; i++) derived = hash(hashName, derived, 'buffer');
  return derived;
}

/**
 * How OpenSSL derives the key of a legacy encrypted PEM block: EVP_BytesToKey with MD5 and one iteration, over the
 * first eight octets of the initialization vector.
 */
export function deriveLegacyPemKey(password: Buffer, iv: Buffer, length: number): Buffer {
  const key = Buffer.alloc(length);
  let block: Buffer = Buffer.alloc(0);
  for (let filled = 0; filled < length;) {
    block = createHash('md5').update(block).update(password).update(iv.subarray(0, 8)).digest();
    filled += block.copy(key, filled);
  }
  return key;
}
