import { createDecipheriv } from 'node:crypto';

/** A block cipher in CBC mode. */
export interface Cipher {
  /** For people: `AES-256-CBC`. */
  readonly title: string;
  /** Octets. */
  readonly keyLength: number;
  readonly blockSize: number;
  /** Whether it is broken, or its key too short. */
  readonly weak: boolean;
  /** Leaves the padding in place. `ciphertext` is whole blocks; `key` and `iv` have the lengths of the cipher. */
  readonly decrypt: (key: Buffer, iv: Buffer, ciphertext: Buffer) => Buffer;
}

export const aes128: Cipher = nodeCipher('AES-128-CBC', 'aes-128-cbc', 16, 16);
export const aes192: Cipher = nodeCipher('AES-192-CBC', 'aes-192-cbc', 24, 16);
export const aes256: Cipher = nodeCipher('AES-256-CBC', 'aes-256-cbc', 32, 16);
export const tripleDes: Cipher = { ...nodeCipher('3DES-CBC', 'des-ede3-cbc', 24, 8), weak: true };

/** NIST SP 800-67 2: with two keys, the third is the first again. */
export const twoKeyTripleDes: Cipher = {
  ...tripleDes,
  title: '2-key 3DES-CBC',
  keyLength: 16,
  decrypt: (key, iv, ciphertext) => withKey(Buffer.concat([key, key.subarray(0, 8)]), iv, ciphertext),
};

/** OpenSSL 3 has no DES by default; 3DES with the same key three times is DES. */
export const des: Cipher = {
  ...tripleDes,
  title: 'DES-CBC',
  keyLength: 8,
  decrypt: (key, iv, ciphertext) => withKey(Buffer.concat([key, key, key]), iv, ciphertext),
};

export const rc2 = (keyLength: number, effectiveBits: number): Cipher => ({
  title: `RC2-${effectiveBits.toString()}-CBC`,
  keyLength,
  blockSize: 8,
  weak: true,
  decrypt: (key, iv, ciphertext) => decryptRc2Cbc(key, effectiveBits, iv, ciphertext),
});

/** Decrypts and removes the padding (RFC 8018 6.1.1 step 4); null where the padding is wrong. */
export function decryptPadded(cipher: Cipher, key: Buffer, iv: Buffer, ciphertext: Buffer): Buffer | null {
  const { blockSize } = cipher;
  if (ciphertext.length === 0 || ciphertext.length % blockSize !== 0) return null;
  const padded = cipher.decrypt(key, iv, ciphertext);
  const padding = padded.at(-1) ?? 0;
  const end = padded.length - padding;
  if (padding > 0 && padding <= blockSize && padded.subarray(end).every((octet) => octet === padding))
    return padded.subarray(0, end);
  padded.fill(0);
  return null;
}

function nodeCipher(title: string, name: string, keyLength: number, blockSize: number): Cipher {
  return {
    title,
    keyLength,
    blockSize,
    weak: false,
    decrypt: (key, iv, ciphertext) => decryptByNode(name, key, iv, ciphertext),
  };
}

function withKey(key: Buffer, iv: Buffer, ciphertext: Buffer): Buffer {
  const plaintext = decryptByNode('des-ede3-cbc', key, iv, ciphertext);
  key.fill(0);
  return plaintext;
}

function decryptByNode(name: string, key: Buffer, iv: Buffer, ciphertext: Buffer): Buffer {
  const decipher = createDecipheriv(name, key, iv).setAutoPadding(false);
  // Without padding, `final` adds nothing.
  const plaintext = decipher.update(ciphertext);
  decipher.final();
  return plaintext;
}

/**
 * Decrypts RC2 (RFC 2268) in CBC mode. OpenSSL 3 offers it only with its legacy provider, but PKCS#12 files of Windows
 * and of older Java and OpenSSL still encrypt their certificates with it.
 */
function decryptRc2Cbc(key: Buffer, effectiveBits: number, iv: Buffer, ciphertext: Buffer): Buffer {
  const schedule = expandKey(key, effectiveBits);
  const plaintext = Buffer.alloc(ciphertext.length);
  const words = new Uint16Array(4);
  let previous = iv;
  for (let start = 0; start + BLOCK <= ciphertext.length; start += BLOCK) {
    for (let i = 0; i < 4; i++) words[i] = ciphertext.readUInt16LE(start + 2 * i);
    decryptBlock(words, schedule);
    for (let i = 0; i < 4; i++) plaintext.writeUInt16LE(at(words, i) ^ previous.readUInt16LE(2 * i), start + 2 * i);
    previous = ciphertext.subarray(start, start + BLOCK);
  }
  schedule.fill(0);
  return plaintext;
}

const BLOCK = 8;

/** RFC 2268 2: 64 words of 16 bits from a key of 1 to 128 octets. */
function expandKey(key: Buffer, effectiveBits: number): Uint16Array {
  const octets = Buffer.alloc(128);
  key.copy(octets);
  for (let i = key.length; i < 128; i++)
    octets[i] = at(PI_TABLE, (at(octets, i - 1) + at(octets, i - key.length)) & 0xff);
  const effectiveOctets = (effectiveBits + 7) >> 3;
  const mask = 0xff >> (8 * effectiveOctets - effectiveBits);
  octets[128 - effectiveOctets] = at(PI_TABLE, at(octets, 128 - effectiveOctets) & mask);
  for (let i = 127 - effectiveOctets; i >= 0; i--)
    octets[i] = at(PI_TABLE, at(octets, i + 1) ^ at(octets, i + effectiveOctets));
  const words = new Uint16Array(64);
  for (let i = 0; i < 64; i++) words[i] = octets.readUInt16LE(2 * i);
  octets.fill(0);
  return words;
}

/** RFC 2268 4. */
function decryptBlock(r: Uint16Array, k: Uint16Array): void {
  let j = 63;
  const mix = (): void => {
    for (let i = 3; i >= 0; i--) {
      const s = at(ROTATIONS, i);
      const rotated = (at(r, i) >>> s) | (at(r, i) << (16 - s));
      const [a, b, c] = [at(r, (i + 3) & 3), at(r, (i + 2) & 3), at(r, (i + 1) & 3)];
      r[i] = rotated - at(k, j) - (a & b) - (~a & c);
      j--;
    }
  };
  const mash = (): void => {
    for (let i = 3; i >= 0; i--) r[i] = at(r, i) - at(k, at(r, (i + 3) & 3) & 63);
  };
  for (let round = 0; round < 5; round++) mix();
  mash();
  for (let round = 0; round < 6; round++) mix();
  mash();
  for (let round = 0; round < 5; round++) mix();
}

const at = (values: ArrayLike<number>, index: number): number => values[index] ?? 0;

const ROTATIONS = [1, 2, 3, 5];

const PI_TABLE = Buffer.from(
  'd978f9c419ddb5ed28e9fd794aa0d89dc67e37832b76538e624c6488448bfba2179a59f587b34f1361456d8d09817d32bd8f40eb86b77b0b' +
    'f09521225c6b4e8254d66593ce60b21c7356c014a78cf1dc1275ca1f3bbee4d1423dd430a33cb6266fbf0eda4669075727f21d9bbc9443' +
    '03f811c7f690ef3ee706c3d52fc8661ed708e8eade8052eef784aa72ac354d6a2a961ad2715a1549744b9fd05e0418a4ecc2e0416e0f51' +
    'cbcc2491af50a1f47039997c3a8523b8b47afc02365b25559731' +
    '2d5dfa98e38a92ae05df2910676cbac9d30' +
    '0e6cfe19ea82c6316013f58e289a90d38341bab33ffb0bb480c5fb9b1cd2ec5f3db47e5a59c770aa62068fe7fc1ad',
  'hex',
);
