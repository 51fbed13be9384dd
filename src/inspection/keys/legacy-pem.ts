import type { Piece } from '../decoded.js';
import { aes128, aes192, aes256, type Cipher, decryptPadded, des, rc2, tripleDes } from './encryption/ciphers.js';
import { type Encryption, utf8Password } from './encryption/encryption.js';
import { deriveLegacyPemKey } from './encryption/pbkdf1.js';

/** As OpenSSL names them in DEK-Info. */
const ciphers: ReadonlyMap<string, Cipher> = new Map([
  ['AES-128-CBC', aes128],
  ['AES-192-CBC', aes192],
  ['AES-256-CBC', aes256],
  ['DES-EDE3-CBC', tripleDes],
  ['DES-CBC', des],
  ['RC2-CBC', rc2(16, 128)],
  ['RC2-40-CBC', rc2(5, 40)],
  ['RC2-64-CBC', rc2(8, 64)],
]);

/** Whether the headers of the PEM block say that what it holds is encrypted (RFC 1421 4.6.1.1, 4.6.1.3). */
export const isLegacyEncrypted = ({ headers }: Pick<Piece, 'headers'>): boolean =>
  headers['DEK-Info'] !== undefined || /^4\s*,\s*ENCRYPTED$/i.test(headers['Proc-Type']?.trim() ?? '');

/** How a legacy PEM block is encrypted: the header has the cipher and its initialization vector in hex. */
export function readLegacyEncryption(headers: Piece['headers']): Encryption {
  const [name = '', hex = ''] = (headers['DEK-Info'] ?? '').split(',').map((part) => part.trim());
  const cipher = ciphers.get(name.toUpperCase());
  const iv = /^([0-9a-f]{2})+$/i.test(hex) ? Buffer.from(hex, 'hex') : null;
  const shown = cipher?.title ?? (/^[A-Za-z0-9-]{1,32}$/.test(name) ? name : 'an unknown cipher');
  const description = `MD5 one iteration ${shown}`;
  // One round of MD5 lets passwords be tried by the billion, whatever the cipher.
  const weaknesses = ['a key that one round of MD5 derives', ...(cipher?.weak === true ? [cipher.title] : [])];
  const opener =
    cipher === undefined || iv?.length !== cipher.blockSize
      ? null
      : {
          cost: 1,
          encodings: utf8Password,
          decrypt: (password: Buffer, ciphertext: Buffer): Buffer | null => {
            const key = deriveLegacyPemKey(password, iv, cipher.keyLength);
            const plaintext = decryptPadded(cipher, key, iv, ciphertext);
            key.fill(0);
            return plaintext;
          },
        };
  return { description, weaknesses, legacy: true, opener };
}
