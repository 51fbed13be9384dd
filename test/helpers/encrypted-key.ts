import { createCipheriv, type KeyObject, pbkdf2Sync, randomBytes, scryptSync } from 'node:crypto';
import { der, encodePem, oid, sequence, Tag, unsignedInteger } from '@kubepass/x509';

interface Encryption {
  /** Scrypt by default. */
  readonly derivation?: 'scrypt' | 'pbkdf2';
  readonly rounds?: number;
  /** The hash of PBKDF2; null: HMAC with SHA-1, which is not written because it is the default. */
  readonly hash?: keyof typeof hashes | null;
  readonly cost?: number;
  readonly blockSize?: number;
  readonly parallelization?: number;
  readonly saltOctets?: number;
  readonly cipher?: keyof typeof ciphers;
  readonly withKeyLength?: boolean;
  /** Numbers that stand in the key in place of those that it was encrypted with. */
  readonly claimed?: { readonly rounds?: number; readonly parallelization?: number };
}

const ciphers = {
  'aes-128-cbc': { oid: '2.16.840.1.101.3.4.1.2', octets: 16, vector: 16 },
  'aes-192-cbc': { oid: '2.16.840.1.101.3.4.1.22', octets: 24, vector: 16 },
  'aes-256-cbc': { oid: '2.16.840.1.101.3.4.1.42', octets: 32, vector: 16 },
  'des-ede3-cbc': { oid: '1.2.840.113549.3.7', octets: 24, vector: 8 },
} as const;

const hashes = { sha1: 7, sha224: 8, sha256: 9, sha384: 10, sha512: 11 } as const;

/** DER of an EncryptedPrivateKeyInfo with PBES2, strong or weak as the test has it. */
export function encryptKeyDer(key: KeyObject, passphrase: string | Buffer, encryption: Encryption = {}): Buffer {
  const { cipher = 'aes-256-cbc', saltOctets = 16 } = encryption;
  const { octets, vector, oid: cipherOid } = ciphers[cipher];
  const [salt, iv] = [randomBytes(saltOctets), randomBytes(vector)];
  const { secret, algorithm } = derive(Buffer.from(passphrase as string), salt, octets, encryption);
  const encrypter = createCipheriv(cipher, secret, iv);
  const content = Buffer.concat([encrypter.update(key.export({ type: 'pkcs8', format: 'der' })), encrypter.final()]);
  const scheme = sequence(algorithm, sequence(oid(cipherOid), der(Tag.OCTET_STRING, iv)));
  return sequence(sequence(oid('1.2.840.113549.1.5.13'), scheme), der(Tag.OCTET_STRING, content));
}

/** The same as PEM. */
export const encryptKey = (...of: Parameters<typeof encryptKeyDer>): string =>
  encodePem('ENCRYPTED PRIVATE KEY', encryptKeyDer(...of));

function derive(passphrase: Buffer, salt: Buffer, length: number, encryption: Encryption) {
  const { derivation = 'scrypt', cost = 16_384, blockSize = 8, parallelization = 1, claimed = {} } = encryption;
  const keyLength = encryption.withKeyLength ? [integer(length)] : [];
  if (derivation === 'scrypt') {
    const numbers = [cost, blockSize, claimed.parallelization ?? parallelization].map(integer);
    const parameters = sequence(der(Tag.OCTET_STRING, salt), ...numbers, ...keyLength);
    const options = { N: cost, r: blockSize, p: parallelization, maxmem: 2 ** 30 };
    const secret = scryptSync(passphrase, salt, length, options);
    return { secret, algorithm: sequence(oid('1.3.6.1.4.1.11591.4.11'), parameters) };
  }
  const { rounds = 100_000, hash = 'sha256' } = encryption;
  const prf = hash === null ? [] : [sequence(oid(`1.2.840.113549.2.${hashes[hash]}`), der(Tag.NULL))];
  const parameters = sequence(der(Tag.OCTET_STRING, salt), integer(claimed.rounds ?? rounds), ...keyLength, ...prf);
  const secret = pbkdf2Sync(passphrase, salt, rounds, length, hash ?? 'sha1');
  return { secret, algorithm: sequence(oid('1.2.840.113549.1.5.12'), parameters) };
}

function integer(value: number): Buffer {
  const octets = Buffer.alloc(6);
  octets.writeUIntBE(value, 0, 6);
  return unsignedInteger(octets);
}
