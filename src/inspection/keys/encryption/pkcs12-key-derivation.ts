import { hash } from 'node:crypto';

import type { HashName } from './hashes.js';

/** What the octets are for: RFC 7292 B.3. */
export type DerivedFor = 'key' | 'iv' | 'mac';

const IDS: Readonly<Record<DerivedFor, number>> = { key: 1, iv: 2, mac: 3 };

/**
 * Derives octets from a password as PKCS#12 does (RFC 7292 B.2). Every iteration is a call of its own, so that one
 * costs several of PBKDF2's: `iterationsOfPkcs12` says how many the budget has to bear.
 */
export function derivePkcs12(
  hashName: HashName,
  password: Buffer,
  salt: Buffer,
  iterations: number,
  purpose: DerivedFor,
  length: number,
): Buffer {
  const blockSize = hashName === 'sha384' || hashName === 'sha512' ? 128 : 64;
  const input = Buffer.concat([stretch(salt, blockSize), stretch(password, blockSize)]);
  const diversifier = Buffer.alloc(blockSize, IDS[purpose]);
  const output = Buffer.alloc(length);
  for (let filled = 0; ;) {
    let block = hash(hashName, Buffer.concat([diversifier, input]), 'buffer');
    for (let i = 1; i < iterations; i++) block = hash(hashName, block, 'buffer');
    filled += block.copy(output, filled);
    if (filled >= length) break;
    addToEach(input, stretchTo(block, blockSize));
  }
  input.fill(0);
  return output;
}

/** RFC 7292 B.1: the password as a BMPString that ends in a NUL character. */
export function bmpPassword(password: string): Buffer {
  return Buffer.from(`${password}\0`, 'utf16le').swap16();
}

/** `octets` over and over until a multiple of the block size is full; none stay none. */
const stretch = (octets: Buffer, blockSize: number): Buffer =>
  stretchTo(octets, blockSize * Math.ceil(octets.length / blockSize));

function stretchTo(octets: Buffer, length: number): Buffer {
  const full = Buffer.alloc(length);
  for (let filled = 0; filled < length;) filled += octets.copy(full, filled);
  return full;
}

/** RFC 7292 B.2 step 6 C: every block of `input` becomes itself + `addend` + 1, modulo 2 to the bits of a block. */
function addToEach(input: Buffer, addend: Buffer): void {
  for (let start = 0; start < input.length; start += addend.length) {
    let carry = 1;
    for (let i = addend.length - 1; i >= 0; i--) {
      carry += (input[start + i] ?? 0) + (addend[i] ?? 0);
      input[start + i] = carry & 0xff;
      carry >>= 8;
    }
  }
}
