import { createDecipheriv } from 'node:crypto';

import { decryptRc2Cbc } from './rc2.js';

/** A block cipher in CBC mode, as keys and stores are encrypted with. */
export interface Cipher {
  /** As it is shown: `AES-256-CBC`. */
  readonly title: string;
  /** Octets. */
  readonly keyLength: number;
  readonly blockSize: number;
  /** Broken or too short to be used any more. */
  readonly weak: boolean;
  /** Without regard to padding. `ciphertext` is whole blocks, `key` and `iv` are as long as they must be. */
  readonly decrypt: (key: Buffer, iv: Buffer, ciphertext: Buffer) => Buffer;
}

export const aes128: Cipher = nodeCipher('AES-128-CBC', 'aes-128-cbc', 16, 16);
export const aes192: Cipher = nodeCipher('AES-192-CBC', 'aes-192-cbc', 24, 16);
export const aes256: Cipher = nodeCipher('AES-256-CBC', 'aes-256-cbc', 32, 16);
export const tripleDes: Cipher = { ...nodeCipher('3DES-CBC', 'des-ede3-cbc', 24, 8), weak: true };

/** NIST SP 800-67 2: with two keys the third is the first. */
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

/** RC2 with a key of so many octets and effective bits. */
export const rc2 = (keyLength: number, effectiveBits: number): Cipher => ({
  title: `RC2-${effectiveBits.toString()}-CBC`,
  keyLength,
  blockSize: 8,
  weak: true,
  decrypt: (key, iv, ciphertext) => decryptRc2Cbc(key, effectiveBits, iv, ciphertext),
});

/** Decrypts and takes the padding off (RFC 8018 6.1.1 step 4); null where the padding is not right. */
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
  // Without padding the last call adds nothing: it ends what the first one made.
  const plaintext = decipher.update(ciphertext);
  decipher.final();
  return plaintext;
}
