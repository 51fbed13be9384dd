import { createHash, hash, pbkdf2Sync, scryptSync } from 'node:crypto';
import { type DerElement, DerError, inside, readInteger, readOid, Tag } from '@kubepass/x509';

/** The hashes of password-based schemes, as node:crypto names them. */
export type HashName = 'md5' | 'sha1' | 'sha224' | 'sha256' | 'sha384' | 'sha512' | 'sha512-224' | 'sha512-256';

interface Hash {
  /** For people. */
  readonly title: string;
  /** Octets of its result. */
  readonly size: number;
  /** The cost of one PBKDF2 iteration, in iterations with SHA-256; measured and rounded up. */
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

/** RFC 8018 B.1.2, B.3: HMAC with these hashes. */
export const hmacByOid: Readonly<Partial<Record<string, HashName>>> = {
  '1.2.840.113549.2.7': 'sha1',
  '1.2.840.113549.2.8': 'sha224',
  '1.2.840.113549.2.9': 'sha256',
  '1.2.840.113549.2.10': 'sha384',
  '1.2.840.113549.2.11': 'sha512',
  '1.2.840.113549.2.12': 'sha512-224',
  '1.2.840.113549.2.13': 'sha512-256',
};

/** The cost of one call of a hash, in iterations of PBKDF2-HMAC-SHA-256. A loop of such calls pays it each time. */
export const COST_OF_A_CALL = 4;

/** How a key is derived from a password, for a cipher or for a MAC. */
export interface KeyDerivation {
  readonly description: string;
  readonly weaknesses: readonly string[];
  /** Octets of the key, as the parameters state; null where they do not. */
  readonly keyLength: number | null;
  readonly cost: (keyLength: number) => number;
  readonly derive: (password: Buffer, keyLength: number) => Buffer;
}

const PBKDF2 = '1.2.840.113549.1.5.12';
const SCRYPT = '1.3.6.1.4.1.11591.4.11';

/** Reads a key derivation (RFC 8018 A.2, RFC 7914 7). Answers its name where it is not done here. */
export function readKeyDerivation(identifier: DerElement): KeyDerivation | string {
  const reader = inside(identifier);
  const oid = readOid(reader.expect(Tag.OBJECT_IDENTIFIER, 'the key derivation'));
  if (oid === PBKDF2) return readPbkdf2(reader.expect(Tag.SEQUENCE, 'the parameters of PBKDF2'));
  if (oid === SCRYPT) return readScrypt(reader.expect(Tag.SEQUENCE, 'the parameters of scrypt'));
  return oid;
}

function readPbkdf2(parameters: DerElement): KeyDerivation | string {
  const reader = inside(parameters);
  // RFC 8018 A.2 lets the salt come from elsewhere, and no standard says from where.
  if (reader.peekTag() === Tag.SEQUENCE) return 'PBKDF2 with a salt from elsewhere';
  const salt = reader.expect(Tag.OCTET_STRING, 'the salt of PBKDF2').content;
  const iterations = readCount(reader.expect(Tag.INTEGER, 'the iteration count of PBKDF2'));
  const length = reader.optional(Tag.INTEGER);
  const prf = reader.optional(Tag.SEQUENCE);
  reader.end('the parameters of PBKDF2');
  const prfOid = prf === undefined ? null : readOid(inside(prf).next());
  const hashName = prfOid === null ? 'sha1' : hmacByOid[prfOid];
  if (hashName === undefined) return `PBKDF2-${prfOid ?? ''}`;
  const { title, size, cost } = hashes[hashName];
  return {
    description: `PBKDF2-HMAC-${title} ${iterationsInWords(iterations)}`,
    weaknesses: fewIterations(iterations),
    keyLength: length === undefined ? null : readCount(length),
    cost: (keyLength) => iterations * Math.ceil(keyLength / size) * cost,
    derive: (password, keyLength) => pbkdf2Sync(password, salt, iterations, keyLength, hashName),
  };
}

/** The cost of one unit of N·r, in iterations of PBKDF2-HMAC-SHA-256; measured and rounded up. */
const COST_OF_SCRYPT = 4;
/** Octets; scrypt holds 128·N·r of them at once. */
const MAX_SCRYPT_MEMORY = 64 * 1024 * 1024;
/** OpenSSL writes this N. */
const FEWEST_SCRYPT_ROUNDS = 16_384;

function readScrypt(parameters: DerElement): KeyDerivation {
  const reader = inside(parameters);
  const salt = reader.expect(Tag.OCTET_STRING, 'the salt of scrypt').content;
  const [N, r, p] = ['cost', 'block size', 'parallelization'].map((what) =>
    readCount(reader.expect(Tag.INTEGER, `the ${what} of scrypt`)),
  ) as [number, number, number];
  const length = reader.optional(Tag.INTEGER);
  reader.end('the parameters of scrypt');
  // RFC 7914 2: N is a power of 2 above 1.
  if (N < 2 || (Number.isFinite(N) && !Number.isInteger(Math.log2(N))))
    throw new DerError('the cost of scrypt is not a power of 2', parameters.offset);
  const memory = 128 * r * (N + p + 2);
  return {
    description: `scrypt N=${N.toString()} r=${r.toString()} p=${p.toString()}`,
    weaknesses: N < FEWEST_SCRYPT_ROUNDS ? [`scrypt with N=${N.toString()}`] : [],
    keyLength: length === undefined ? null : readCount(length),
    cost: () => (memory > MAX_SCRYPT_MEMORY ? Infinity : N * r * p * COST_OF_SCRYPT),
    derive: (password, keyLength) => scryptSync(password, salt, keyLength, { N, r, p, maxmem: 2 * MAX_SCRYPT_MEMORY }),
  };
}

/** PBKDF1 (RFC 8018 5.1): derives as many octets as the hash has. */
export function derivePbkdf1(hashName: HashName, password: Buffer, salt: Buffer, iterations: number): Buffer {
  let derived: Buffer = createHash(hashName).update(password).update(salt).digest();
  for (let i = 1; i < iterations; i++) derived = hash(hashName, derived, 'buffer');
  return derived;
}

/**
 * Derives the key of a legacy encrypted PEM block as OpenSSL does: EVP_BytesToKey with MD5 and one iteration. The salt
 * is the first eight octets of the initialization vector.
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

/** RFC 7292 B.3: the octet that tells purposes apart. */
const purposes = { key: 1, iv: 2, mac: 3 } as const;

/**
 * Derives octets from a password as PKCS#12 does (RFC 7292 B.2). Each iteration is a call of the hash, which costs
 * `COST_OF_A_CALL`.
 */
export function derivePkcs12(
  hashName: HashName,
  password: Buffer,
  salt: Buffer,
  iterations: number,
  purpose: keyof typeof purposes,
  length: number,
): Buffer {
  const blockSize = hashName === 'sha384' || hashName === 'sha512' ? 128 : 64;
  const input = Buffer.concat([stretch(salt, blockSize), stretch(password, blockSize)]);
  const diversifier = Buffer.alloc(blockSize, purposes[purpose]);
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

/** Repeats `octets` until they fill a multiple of the block size; no octets stay none. */
const stretch = (octets: Buffer, blockSize: number): Buffer =>
  stretchTo(octets, blockSize * Math.ceil(octets.length / blockSize));

function stretchTo(octets: Buffer, length: number): Buffer {
  const full = Buffer.alloc(length);
  for (let filled = 0; filled < length;) filled += octets.copy(full, filled);
  return full;
}

/** RFC 7292 B.2 step 6 C: adds `addend` + 1 to each block of `input`, modulo 2 to the power of its bits. */
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

/** NIST SP 800-132 5.2 asks for as many as users can bear. With fewer than this, a password is easily guessed. */
const FEWEST_ITERATIONS = 10_000;

/** The weakness of too few iterations; empty where there are enough. */
export const fewIterations = (iterations: number): readonly string[] =>
  iterations < FEWEST_ITERATIONS ? [iterationsInWords(iterations)] : [];

export const iterationsInWords = (iterations: number): string => {
  if (iterations === 1) return 'one iteration';
  return `${Number.isFinite(iterations) ? iterations.toString() : 'more than 2^48'} iterations`;
};

export const utf8Password = (password: string): readonly Buffer[] => [Buffer.from(password, 'utf8')];

/**
 * RFC 7292 B.1: a BMPString that ends with a NUL character. Some software encodes the empty password as no octets at
 * all, so both forms are tried.
 */
export function pkcs12Passwords(password: string): readonly Buffer[] {
  const encoded = Buffer.from(`${password}\0`, 'utf16le').swap16();
  return password === '' ? [encoded, Buffer.alloc(0)] : [encoded];
}

/** Reads a positive INTEGER; infinite where it is larger than 2^48. */
export function readCount(element: DerElement): number {
  const octets = readInteger(element);
  const first = octets[0] ?? 0;
  if (first >= 0x80 || (octets.length === 1 && first === 0))
    throw new DerError('a count is not positive', element.offset);
  return octets.length > 6 ? Infinity : octets.readUIntBE(0, octets.length);
}
