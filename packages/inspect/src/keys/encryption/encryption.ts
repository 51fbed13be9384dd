import { type DerElement, DerError, type DerReader, inside, readOid, Tag } from '@kubepass/x509';
import { normalize } from '@kubepass/x509/tree';
import type { Observation, Piece } from '../../model/decoded.js';
import type { DecodeContext } from '../../model/budget.js';
import { aes128, aes192, aes256, type Cipher, decryptPadded, des, rc2, tripleDes, twoKeyTripleDes } from './ciphers.js';
import {
  COST_OF_A_CALL,
  deriveLegacyPemKey,
  derivePbkdf1,
  derivePkcs12,
  fewIterations,
  hashes,
  type HashName,
  iterationsInWords,
  type KeyDerivation,
  pkcs12Passwords,
  readCount,
  readKeyDerivation,
  utf8Password,
} from './key-derivation.js';

/** How something is protected with a password, and how to try one. */
export interface Protection<Result> {
  /** In words: `PBES2 PBKDF2-HMAC-SHA256 2048 iterations AES-256-CBC`, `HMAC-SHA256 PKCS#12 2048 iterations`. */
  readonly description: string;
  /** Its weaknesses in words. */
  readonly weaknesses: readonly string[];
  /** Null where it is not tried here. */
  readonly attempt: Attempt<Result> | null;
}

interface Attempt<Result> {
  /** In iterations of PBKDF2-HMAC-SHA-256. */
  readonly cost: number;
  /** The encodings of the password that the scheme may have used; most schemes have one. */
  readonly encodings: (password: string) => readonly Buffer[];
  /** Null where the password is wrong. */
  readonly run: (password: Buffer, octets: Buffer) => Result | null;
}

/** `attempt` decrypts. It answers octets for nearly all wrong passwords, too. */
export interface Encryption extends Protection<Buffer> {
  /** Whether new software no longer writes it: PBES1, the schemes of PKCS#12, legacy PEM. */
  readonly legacy: boolean;
}

/** The result for the first encoding of the password that fits, or null. A password is overwritten after use. */
export function tryPassword<Result>(
  { cost, encodings, run }: Attempt<Result>,
  password: string,
  octets: Buffer,
  { budget }: DecodeContext,
): Result | null | 'tooCostly' {
  for (const encoded of encodings(password)) {
    // A cost that no upload may have does not count against the budget.
    if (cost >= BEYOND_ANY_BUDGET || !budget.mayDerive(cost)) return 'tooCostly';
    const result = run(encoded, octets);
    encoded.fill(0);
    if (result !== null) return result;
  }
  return null;
}

const BEYOND_ANY_BUDGET = 2 ** 31;

/** The finding that an encryption is weak; empty where it is not. */
export const weakEncryption = (what: string, weaknesses: readonly string[]): readonly Observation[] =>
  weaknesses.length === 0
    ? []
    : [{ code: 'WeakKeyEncryption', message: `${what} is weakly protected: ${weaknesses.join(', ')}` }];

/**
 * Decrypts a SEQUENCE with the password of the upload, as far as the budget goes; answers why it stays closed
 * otherwise. The caller overwrites the plaintext after use. `what` begins the sentence if it stays closed: `the private
 * key`.
 */
export function openEncrypted(
  what: string,
  { description, attempt }: Encryption,
  ciphertext: Buffer,
  context: DecodeContext,
): Buffer | Observation {
  const { password } = context;
  if (password === null)
    return { code: 'PrivateKeyLocked', message: `${what} is encrypted (${description}), and no password was given` };
  if (attempt === null) return { code: 'EncryptionUnsupported', message: `${what} is encrypted with ${description}` };
  const decrypt = (encoded: Buffer): Buffer | null => {
    const plaintext = attempt.run(encoded, ciphertext);
    if (plaintext === null || isOneSequence(plaintext)) return plaintext;
    plaintext.fill(0);
    return null;
  };
  const plaintext = tryPassword({ ...attempt, run: decrypt }, password, ciphertext, context);
  if (plaintext === 'tooCostly') {
    const message = `${what} is encrypted with ${description}; it was not opened`;
    return { code: 'KeyDerivationTooCostly', message };
  }
  if (plaintext === null)
    return { code: 'PasswordWrong', message: `the password that was given does not open it (${description})` };
  context.budget.spendOctets(plaintext.length);
  return plaintext;
}

/** A wrong password gives a right padding once in 256 times, and one SEQUENCE once in many millions. */
function isOneSequence(plaintext: Buffer): boolean {
  const normalized = plaintext[0] === Tag.SEQUENCE ? normalize(plaintext) : null;
  return normalized?.ok === true && normalized.rest.length === 0;
}

/**
 * Reads the AlgorithmIdentifier of an encryption with a password: PBES2 and PBES1 (RFC 8018 6), and the schemes of
 * PKCS#12 (RFC 7292 C). Throws `DerError` where the parameters are not those of the scheme.
 */
export function readEncryption(identifier: DerElement): Encryption {
  const reader = inside(identifier);
  const oid = readOid(reader.expect(Tag.OBJECT_IDENTIFIER, 'the encryption scheme'));
  if (oid === PBES2) return readPbes2(reader.expect(Tag.SEQUENCE, 'the parameters of PBES2'));
  const pbes1 = pbes1Schemes[oid];
  if (pbes1 !== undefined)
    return readPbes1(pbes1.hash, pbes1.cipher, reader.expect(Tag.SEQUENCE, 'the parameters of PBES1'));
  const pkcs12 = pkcs12Schemes[oid];
  if (pkcs12 !== undefined)
    return readPkcs12(pkcs12, reader.expect(Tag.SEQUENCE, 'the parameters of the PKCS#12 scheme'));
  const name = unopened[oid];
  return name === undefined ? closedForGood(oid, []) : { ...closedForGood(name, [name]), legacy: true };
}

const PBES2 = '1.2.840.113549.1.5.13';

/** RFC 8018 B.2.2; RFC 3565 4.1 for AES. */
const ciphersByOid: Readonly<Partial<Record<string, Cipher>>> = {
  '2.16.840.1.101.3.4.1.2': aes128,
  '2.16.840.1.101.3.4.1.22': aes192,
  '2.16.840.1.101.3.4.1.42': aes256,
  '1.2.840.113549.3.7': tripleDes,
  '1.3.14.3.2.7': des,
};

/** RFC 8018 A.3. */
const pbes1Schemes: Readonly<Partial<Record<string, { readonly hash: HashName; readonly cipher: Cipher }>>> = {
  '1.2.840.113549.1.5.3': { hash: 'md5', cipher: des },
  '1.2.840.113549.1.5.6': { hash: 'md5', cipher: rc2(8, 64) },
  '1.2.840.113549.1.5.10': { hash: 'sha1', cipher: des },
  '1.2.840.113549.1.5.11': { hash: 'sha1', cipher: rc2(8, 64) },
};

/** RFC 7292 C: the hash is always SHA-1. */
const pkcs12Schemes: Readonly<Partial<Record<string, Cipher>>> = {
  '1.2.840.113549.1.12.1.3': tripleDes,
  '1.2.840.113549.1.12.1.4': twoKeyTripleDes,
  '1.2.840.113549.1.12.1.5': rc2(16, 128),
  '1.2.840.113549.1.12.1.6': rc2(5, 40),
};

/** Schemes with MD2 or RC4 are weak and too rare to be opened. */
const unopened: Readonly<Partial<Record<string, string>>> = {
  '1.2.840.113549.1.5.1': 'PBES1 MD2 DES-CBC',
  '1.2.840.113549.1.5.4': 'PBES1 MD2 RC2-64-CBC',
  '1.2.840.113549.1.12.1.1': 'PKCS#12 PBE SHA1 RC4-128',
  '1.2.840.113549.1.12.1.2': 'PKCS#12 PBE SHA1 RC4-40',
};

function readPbes2(parameters: DerElement): Encryption {
  const reader = inside(parameters);
  const kdfIdentifier = reader.expect(Tag.SEQUENCE, 'the key derivation of PBES2');
  const cipherReader = inside(reader.expect(Tag.SEQUENCE, 'the cipher of PBES2'));
  const kdf = readKeyDerivation(kdfIdentifier);
  const cipherOid = readOid(cipherReader.expect(Tag.OBJECT_IDENTIFIER, 'the cipher of PBES2'));
  if (typeof kdf === 'string') return closedForGood(`PBES2 ${kdf}`, []);
  const chosen = cipherOid === RC2_CBC ? readRc2(cipherReader.next(), kdf) : readCipher(cipherOid, cipherReader);
  const description = `PBES2 ${kdf.description} ${typeof chosen === 'string' ? chosen : chosen.cipher.title}`;
  if (typeof chosen === 'string') return closedForGood(description, kdf.weaknesses);
  const { cipher, iv } = chosen;
  if (iv.length !== cipher.blockSize)
    throw new DerError('the initialization vector is not of one block', parameters.offset);
  if (kdf.keyLength !== null && kdf.keyLength !== cipher.keyLength)
    throw new DerError('the key derivation does not make a key of the cipher', parameters.offset);
  return {
    description,
    weaknesses: [...weakCipher(cipher), ...kdf.weaknesses],
    legacy: false,
    attempt: {
      cost: kdf.cost(cipher.keyLength),
      encodings: utf8Password,
      run: (password, ciphertext) =>
        withKey(kdf.derive(password, cipher.keyLength), (key) => decryptPadded(cipher, key, iv, ciphertext)),
    },
  };
}

const RC2_CBC = '1.2.840.113549.3.2';

/** RFC 2268 6: the effective bits by version. */
const rc2EffectiveBits: Readonly<Partial<Record<number, number>>> = { 160: 40, 120: 64, 58: 128 };

interface ChosenCipher {
  readonly cipher: Cipher;
  readonly iv: Buffer;
}

/** Answers the name of a cipher that is not known, as `readCipher` does. */
function readRc2(parameters: DerElement, kdf: KeyDerivation): ChosenCipher | string {
  const reader = inside(parameters);
  const version = readCount(reader.expect(Tag.INTEGER, 'the version of RC2'));
  const iv = reader.expect(Tag.OCTET_STRING, 'the initialization vector').content;
  const effectiveBits = rc2EffectiveBits[version];
  if (effectiveBits === undefined) return 'RC2-CBC';
  const keyLength = kdf.keyLength ?? effectiveBits / 8;
  return keyLength > 128 ? 'RC2-CBC' : { cipher: rc2(keyLength, effectiveBits), iv };
}

function readCipher(oid: string, reader: DerReader): ChosenCipher | string {
  const cipher = ciphersByOid[oid];
  if (cipher === undefined) return oid;
  return { cipher, iv: reader.expect(Tag.OCTET_STRING, 'the initialization vector').content };
}

function readPbes1(hash: HashName, cipher: Cipher, parameters: DerElement): Encryption {
  const { salt, iterations } = readSaltAndCount(parameters);
  return {
    description: `PBES1 ${hashes[hash].title} ${iterationsInWords(iterations)} ${cipher.title}`,
    weaknesses: [...weakCipher(cipher), ...fewIterations(iterations)],
    legacy: true,
    attempt: {
      cost: iterations * COST_OF_A_CALL,
      encodings: utf8Password,
      run: (password, ciphertext) =>
        // RFC 8018 6.1.1: eight octets of key, then eight of initialization vector.
        withKey(derivePbkdf1(hash, password, salt, iterations), (derived) =>
          decryptPadded(cipher, derived.subarray(0, 8), derived.subarray(8, 16), ciphertext),
        ),
    },
  };
}

function readPkcs12(cipher: Cipher, parameters: DerElement): Encryption {
  const { salt, iterations } = readSaltAndCount(parameters);
  const calls = Math.ceil(cipher.keyLength / hashes.sha1.size) + Math.ceil(cipher.blockSize / hashes.sha1.size);
  return {
    description: `PKCS#12 PBE SHA1 ${iterationsInWords(iterations)} ${cipher.title}`,
    weaknesses: [...weakCipher(cipher), ...fewIterations(iterations)],
    legacy: true,
    attempt: {
      cost: iterations * calls * COST_OF_A_CALL,
      encodings: pkcs12Passwords,
      run: (password, ciphertext) =>
        withKey(derivePkcs12('sha1', password, salt, iterations, 'key', cipher.keyLength), (key) => {
          const iv = derivePkcs12('sha1', password, salt, iterations, 'iv', cipher.blockSize);
          return decryptPadded(cipher, key, iv, ciphertext);
        }),
    },
  };
}

function readSaltAndCount(parameters: DerElement): { readonly salt: Buffer; readonly iterations: number } {
  const reader = inside(parameters);
  const salt = reader.expect(Tag.OCTET_STRING, 'the salt').content;
  const iterations = readCount(reader.expect(Tag.INTEGER, 'the iteration count'));
  reader.end('the parameters of the encryption scheme');
  return { salt, iterations };
}

const weakCipher = (cipher: Cipher): readonly string[] => (cipher.weak ? [cipher.title] : []);

const closedForGood = (description: string, weaknesses: readonly string[]): Encryption => ({
  description,
  weaknesses,
  legacy: false,
  attempt: null,
});

/** Overwrites the key after use. */
function withKey<T>(key: Buffer, use: (key: Buffer) => T): T {
  try {
    return use(key);
  } finally {
    key.fill(0);
  }
}

/** The ciphers as OpenSSL names them in DEK-Info. */
const ciphersByName: ReadonlyMap<string, Cipher> = new Map([
  ['AES-128-CBC', aes128],
  ['AES-192-CBC', aes192],
  ['AES-256-CBC', aes256],
  ['DES-EDE3-CBC', tripleDes],
  ['DES-CBC', des],
  ['RC2-CBC', rc2(16, 128)],
  ['RC2-40-CBC', rc2(5, 40)],
  ['RC2-64-CBC', rc2(8, 64)],
]);

/** Reads how a legacy PEM block is encrypted. The header names the cipher, and its initialization vector in hex. */
export function readLegacyEncryption(headers: Piece['headers']): Encryption {
  const [name = '', hex = ''] = (headers['DEK-Info'] ?? '').split(',').map((part) => part.trim());
  const cipher = ciphersByName.get(name.toUpperCase());
  const iv = /^([0-9a-f]{2})+$/i.test(hex) ? Buffer.from(hex, 'hex') : null;
  const shown = cipher?.title ?? (/^[A-Za-z0-9-]{1,32}$/.test(name) ? name : 'an unknown cipher');
  const description = `MD5 one iteration ${shown}`;
  // With one round of MD5, billions of passwords can be tried, whatever the cipher.
  const weaknesses = ['a key that one round of MD5 derives', ...(cipher?.weak === true ? [cipher.title] : [])];
  const attempt =
    cipher === undefined || iv?.length !== cipher.blockSize
      ? null
      : {
          cost: 1,
          encodings: utf8Password,
          run: (password: Buffer, ciphertext: Buffer) =>
            withKey(deriveLegacyPemKey(password, iv, cipher.keyLength), (key) =>
              decryptPadded(cipher, key, iv, ciphertext),
            ),
        };
  return { description, weaknesses, legacy: true, attempt };
}
