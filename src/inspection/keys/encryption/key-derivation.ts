import { createHash, hash } from 'node:crypto';

/** The hashes that password-based schemes use, as node:crypto names them. */
export type HashName = 'md5' | 'sha1' | 'sha224' | 'sha256' | 'sha384' | 'sha512' | 'sha512-224' | 'sha512-256';

interface Hash {
  /** As it is shown. */
  readonly title: string;
  /** Octets of its result. */
  readonly size: number;
  /** What an iteration of PBKDF2 with it costs, in iterations with SHA-256: measured, rounded up. */
  readonly cost: number;
}

export const hashes: Readonly<Record<HashName, Hash>> = {
  md5: { title: 'MD5', size: 16, cost: 1 },
  sha1: { title: 'SHA1', size: 20, cost: 1 },
  sha224: { title: 'SHA224', size: 28, cost: 1 },
  sha256: { title: 'SHA256', size: 32, cost: 1 },
  sha384: { title: 'SHA384', size: 48, cost: 4 },
  sha512: { title: 'SHA512', size: 64, cost: 4 },
  'sha512-224': { title: 'SHA512-224', size: 28, cost: 4 },
  'sha512-256': { title: 'SHA512-256', size: 32, cost: 4 },
};

/** RFC 8017 A.2.4, RFC 5754 2: the digest algorithms. */
export const hashByOid: Readonly<Partial<Record<string, HashName>>> = {
  '1.2.840.113549.2.5': 'md5',
  '1.3.14.3.2.26': 'sha1',
  '2.16.840.1.101.3.4.2.4': 'sha224',
  '2.16.840.1.101.3.4.2.1': 'sha256',
  '2.16.840.1.101.3.4.2.2': 'sha384',
  '2.16.840.1.101.3.4.2.3': 'sha512',
};

/** RFC 8018 B.1.2, B.3: HMAC with them. */
export const hmacByOid: Readonly<Partial<Record<string, HashName>>> = {
  '1.2.840.113549.2.7': 'sha1',
  '1.2.840.113549.2.8': 'sha224',
  '1.2.840.113549.2.9': 'sha256',
  '1.2.840.113549.2.10': 'sha384',
  '1.2.840.113549.2.11': 'sha512',
  '1.2.840.113549.2.12': 'sha512-224',
  '1.2.840.113549.2.13': 'sha512-256',
};

/** What an iteration of a hash alone costs that is called once for each, in iterations of PBKDF2-HMAC-SHA-256. */
export const COST_OF_A_CALL = 4;

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

/** What the octets are for: RFC 7292 B.3. */
type DerivedFor = 'key' | 'iv' | 'mac';

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
