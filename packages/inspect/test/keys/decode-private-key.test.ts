// Tests packages/inspect/src/keys/decode-private-key.ts, packages/inspect/src/keys/public-half.ts,
// packages/inspect/src/keys/encryption/encryption.ts, packages/inspect/src/keys/encryption/ciphers.ts
import { createECDH, createPrivateKey, createPublicKey } from 'node:crypto';

import { describe, expect, it } from 'vitest';

import type { FindingCode } from '../../src/model/catalogue.js';
import type { Decoded } from '../../src/model/decoded.js';
import { decodePrivateKey } from '../../src/keys/decode-private-key.js';
import type { PrivateKeyContent } from '../../src/model/inspection.js';
import { bitString, contextConstructed, der, oid, onlyElement, sequence, Tag, unsignedInteger } from '@kubepass/x509';
import { expectNoSecret, secretsOf } from './expect-no-secret.js';
import { contextWith, CountingBudget, fixture, PASSWORD, pieceOf } from './inspected-key.js';

const codes = ({ observations }: Decoded): readonly string[] => observations.map(({ code }) => code);

function contentOf({ content }: Decoded): PrivateKeyContent {
  if (content.type !== 'PrivateKey') throw new Error(`decoded as ${content.type}`);
  return content;
}

const spkiOf = ({ material }: Decoded): Buffer | null =>
  material?.kind === 'privateKey' ? material.subjectPublicKeyInfo : null;

/** The public key of a fixture, as OpenSSL computes it. */
const publicKeyOf = (name: string): Buffer =>
  createPublicKey(createPrivateKey({ key: fixture(name).bytes, format: 'der', type: 'pkcs8' })).export({
    format: 'der',
    type: 'spki',
  });

const open = (name: string, password: string | null = null): Decoded =>
  decodePrivateKey(fixture(name), contextWith(password));

describe('private keys without a password', () => {
  const kinds: readonly (readonly [string, PrivateKeyContent['encoding'], string, string])[] = [
    ['rsa.pkcs8.key', 'PKCS#8', 'rsa.pkcs8.key', 'RSA-2048'],
    ['rsa.pkcs1.key', 'PKCS#1', 'rsa.pkcs8.key', 'RSA-2048'],
    ['rsa-multi-prime.pkcs8.key', 'PKCS#8', 'rsa-multi-prime.pkcs8.key', 'RSA-2048'],
    ['prime256v1.pkcs8.key', 'PKCS#8', 'prime256v1.pkcs8.key', 'ECDSA-P256'],
    ['prime256v1.sec1.key', 'SEC1', 'prime256v1.pkcs8.key', 'ECDSA-P256'],
    ['prime256v1.no-public.sec1.key', 'SEC1', 'prime256v1.pkcs8.key', 'ECDSA-P256'],
    ['secp384r1.pkcs8.key', 'PKCS#8', 'secp384r1.pkcs8.key', 'ECDSA-P384'],
    ['secp384r1.sec1.key', 'SEC1', 'secp384r1.pkcs8.key', 'ECDSA-P384'],
    ['secp521r1.pkcs8.key', 'PKCS#8', 'secp521r1.pkcs8.key', 'ECDSA-P521'],
    ['secp521r1.sec1.key', 'SEC1', 'secp521r1.pkcs8.key', 'ECDSA-P521'],
    ['ed25519.pkcs8.key', 'PKCS#8', 'ed25519.pkcs8.key', 'Ed25519'],
  ];

  it.each(kinds)('reads %s as %s, and computes its public key', (name, encoding, key, algorithm) => {
    const decoded = open(name);
    expect(contentOf(decoded)).toMatchObject({
      encoding,
      encrypted: false,
      encryption: null,
      publicKey: { algorithm },
    });
    expect(spkiOf(decoded)).toEqual(publicKeyOf(key));
    expect(codes(decoded)).toEqual(['PrivateKeyUnprotected']);
    expectNoSecret(decoded, secretsOf(key));
  });

  const unusable: readonly (readonly [string, string, string, FindingCode])[] = [
    ['secp224r1.sec1.key', 'secp224r1.pkcs8.key', 'ECDSA-P224', 'KeyAlgorithmUnsupported'],
    ['secp256k1.sec1.key', 'secp256k1.pkcs8.key', 'ECDSA-secp256k1', 'NotLoadable'],
    ['ed448.pkcs8.key', 'ed448.pkcs8.key', 'Ed448', 'NotLoadable'],
    ['x25519.pkcs8.key', 'x25519.pkcs8.key', 'X25519', 'NotLoadable'],
    ['x448.pkcs8.key', 'x448.pkcs8.key', 'X448', 'NotLoadable'],
    ['rsa-pss.pkcs8.key', 'rsa-pss.pkcs8.key', 'RSASSA-PSS-2048', 'NotLoadable'],
    ['dsa.traditional.key', 'dsa.pkcs8.key', 'DSA-1024', 'NotLoadable'],
  ];

  it.each(unusable)(
    'computes the public key of %s, and says that Kubernetes cannot use it',
    (name, key, algorithm, code) => {
      const decoded = open(name);
      expect(contentOf(decoded).publicKey?.algorithm).toBe(algorithm);
      expect(spkiOf(decoded)).toEqual(publicKeyOf(key));
      expect(codes(decoded)).toContain(code);
      expect(codes(decoded)).not.toContain('PrivateKeyInvalid');
      expectNoSecret(decoded, secretsOf(key));
    },
  );

  it('takes the public key that stands with a key on another named curve, and computes with none', () => {
    const decoded = open('brainpoolP256r1.sec1.key');
    expect(spkiOf(decoded)).toEqual(publicKeyOf('brainpoolP256r1.pkcs8.key'));
    expect(codes(decoded)).toEqual(['NotLoadable', 'PrivateKeyUnprotected']);
  });

  it('says that explicit curve parameters are no name, and computes with none', () => {
    const decoded = open('explicit.pkcs8.key');
    expect(codes(decoded)).toContain('ExplicitCurveParameters');
    expect(contentOf(decoded).publicKey?.curve).toBeNull();
    expectNoSecret(decoded, secretsOf('explicit.pkcs8.key'));
  });

  it('recognises a DSA key in PKCS#8, and computes no public key of it', () => {
    const decoded = open('dsa.pkcs8.key');
    expect(contentOf(decoded)).toMatchObject({ encoding: 'PKCS#8', publicKey: null });
    expect(codes(decoded)).toEqual(['NotLoadable', 'PrivateKeyUnprotected']);
  });

  it('passes over a compressed point, as Go does', () => {
    const decoded = open('prime256v1.compressed.sec1.key');
    expect(codes(decoded)).toEqual(['PrivateKeyUnprotected']);
    expect(spkiOf(decoded)).toEqual(publicKeyOf('prime256v1.pkcs8.key'));
  });

  it('says that an RSA key is weak', () => {
    expect(codes(open('rsa-1024.pkcs8.key'))).toContain('WeakRsaKey');
  });

  it('tells by content and not by label', () => {
    const piece = { ...fixture('prime256v1.sec1.key'), label: 'RSA PRIVATE KEY' };
    expect(contentOf(decodePrivateKey(piece, contextWith(null))).encoding).toBe('SEC1');
  });

  it.each(['rsa.pkcs8.key', 'prime256v1.sec1.key', 'rsa.encrypted.key'])(
    'reads %s with something behind it, and says so',
    (name) => {
      const { bytes } = fixture(name);
      const decoded = decodePrivateKey(pieceOf(Buffer.concat([bytes, Buffer.of(0)])), contextWith(PASSWORD));
      expect(codes(decoded)).toContain('TrailingData');
      expect(decoded.material).toEqual(open(name, PASSWORD).material);
    },
  );

  it('reads a key with an indefinite length, and says so', () => {
    const { content } = onlyElement(fixture('prime256v1.pkcs8.key').bytes, 'the key');
    const bytes = Buffer.concat([Buffer.of(0x30, 0x80), content, Buffer.of(0, 0)]);
    const decoded = decodePrivateKey(pieceOf(bytes), contextWith(null));
    expect(codes(decoded)).toEqual(['NonDerEncoding', 'PrivateKeyUnprotected']);
    expect(spkiOf(decoded)).toEqual(publicKeyOf('prime256v1.pkcs8.key'));
  });

  it('needs no budget', () => {
    const budget = new CountingBudget(0);
    decodePrivateKey(fixture('rsa.pkcs8.key'), contextWith(PASSWORD, budget));
    expect(budget).toMatchObject({ iterations: 0, octets: 0 });
  });
});

describe('private keys whose halves do not belong together', () => {
  const invalid = (bytes: Buffer): void => {
    const decoded = decodePrivateKey(pieceOf(bytes), contextWith(null));
    expect(codes(decoded)).toContain('PrivateKeyInvalid');
  };

  const scalar = Buffer.from(fixture('prime256v1.no-public.sec1.key').bytes.subarray(7, 39));
  const p256 = oid('1.2.840.10045.3.1.7');
  const sec1 = (d: Buffer, parameters: Buffer, point?: Buffer): Buffer =>
    sequence(
      unsignedInteger(Buffer.of(1)),
      der(Tag.OCTET_STRING, d),
      der(contextConstructed(0), parameters),
      ...(point === undefined ? [] : [der(contextConstructed(1), bitString(point))]),
    );

  it('reads the key that the next tests change', () => {
    const decoded = decodePrivateKey(pieceOf(sec1(scalar, p256)), contextWith(null));
    expect(spkiOf(decoded)).toEqual(publicKeyOf('prime256v1.pkcs8.key'));
    expect(codes(decoded)).toEqual(['PrivateKeyUnprotected']);
  });

  it('finds a point that is not of the scalar', () => {
    const other = createECDH('prime256v1').generateKeys();
    invalid(sec1(scalar, p256, other));
  });

  it('finds a scalar that is zero, past the order, or longer than the curve', () => {
    invalid(sec1(Buffer.alloc(32), p256));
    invalid(sec1(Buffer.alloc(32, 0xff), p256));
    invalid(sec1(Buffer.alloc(4096, 1), p256));
  });

  it('finds two curves', () => {
    const inner = sec1(scalar, p256);
    const outer = sequence(oid('1.2.840.10045.2.1'), oid('1.3.132.0.10'));
    invalid(sequence(unsignedInteger(Buffer.of(0)), outer, der(Tag.OCTET_STRING, inner)));
  });

  it('finds an Ed25519 key of the wrong length, and one with the public key of another', () => {
    const algorithm = sequence(oid('1.3.101.112'));
    const version = (n: number): Buffer => unsignedInteger(Buffer.of(n));
    const seed = der(Tag.OCTET_STRING, Buffer.alloc(32, 7));
    invalid(sequence(version(0), algorithm, der(Tag.OCTET_STRING, der(Tag.OCTET_STRING, Buffer.alloc(31, 7)))));
    const one = sequence(version(1), algorithm, der(Tag.OCTET_STRING, seed), der(0x81, Buffer.alloc(33, 9)));
    invalid(one);
  });

  it('accepts a OneAsymmetricKey that carries its own public key', () => {
    const seed = Buffer.alloc(32, 7);
    const inner = der(Tag.OCTET_STRING, der(Tag.OCTET_STRING, seed));
    const algorithm = sequence(oid('1.3.101.112'));
    const first = decodePrivateKey(
      pieceOf(sequence(unsignedInteger(Buffer.of(0)), algorithm, inner)),
      contextWith(null),
    );
    const bits = Buffer.concat([Buffer.of(0), spkiOf(first)!.subarray(-32)]);
    const second = sequence(unsignedInteger(Buffer.of(1)), algorithm, inner, der(0x81, bits));
    const decoded = decodePrivateKey(pieceOf(second), contextWith(null));
    expect(codes(decoded)).toEqual(['PrivateKeyUnprotected']);
    expect(spkiOf(decoded)).toEqual(spkiOf(first));
    expectNoSecret(decoded, [Buffer.concat([seed])]);
  });

  it.each(['n', 'e', 'd', 'p', 'q', 'dp', 'dq', 'qi'] as const)('finds an RSA key whose %s is another', (member) => {
    const key = createPrivateKey({ key: fixture('rsa.pkcs8.key').bytes, format: 'der', type: 'pkcs8' });
    const jwk = key.export({ format: 'jwk' });
    const number = (name: typeof member): Buffer => {
      const octets = Buffer.from(jwk[name] as string, 'base64url');
      if (name === member) octets.writeUInt8(octets.readUInt8(octets.length - 1) ^ 2, octets.length - 1);
      return unsignedInteger(octets);
    };
    const numbers = (['n', 'e', 'd', 'p', 'q', 'dp', 'dq', 'qi'] as const).map(number);
    invalid(sequence(unsignedInteger(Buffer.of(0)), ...numbers));
  });

  it.each([
    ['primes of one and zero', [0, 1]],
    ['primes of one', [1, 1]],
  ])('survives %s', (_what, [p, q]) => {
    const one = (n: number): Buffer => unsignedInteger(Buffer.of(n));
    invalid(sequence(one(0), one(1), one(3), one(1), one(p!), one(q!), one(0), one(0), one(0)));
  });
});

describe('encrypted private keys', () => {
  const opened: readonly (readonly [string, string])[] = [
    ['prime256v1.hmacWithSHA1.encrypted.key', 'PBES2 PBKDF2-HMAC-SHA1 10000 iterations AES-256-CBC'],
    ['prime256v1.hmacWithSHA224.encrypted.key', 'PBES2 PBKDF2-HMAC-SHA224 10000 iterations AES-256-CBC'],
    ['prime256v1.hmacWithSHA256.encrypted.key', 'PBES2 PBKDF2-HMAC-SHA256 10000 iterations AES-256-CBC'],
    ['prime256v1.hmacWithSHA384.encrypted.key', 'PBES2 PBKDF2-HMAC-SHA384 10000 iterations AES-256-CBC'],
    ['prime256v1.hmacWithSHA512.encrypted.key', 'PBES2 PBKDF2-HMAC-SHA512 10000 iterations AES-256-CBC'],
    ['prime256v1.aes-128.encrypted.key', 'PBES2 PBKDF2-HMAC-SHA256 2048 iterations AES-128-CBC'],
    ['prime256v1.aes-192.encrypted.key', 'PBES2 PBKDF2-HMAC-SHA256 2048 iterations AES-192-CBC'],
    ['prime256v1.des3.encrypted.key', 'PBES2 PBKDF2-HMAC-SHA256 2048 iterations 3DES-CBC'],
    ['prime256v1.rc2.encrypted.key', 'PBES2 PBKDF2-HMAC-SHA256 2048 iterations RC2-128-CBC'],
    ['prime256v1.scrypt.encrypted.key', 'PBES2 scrypt N=1024 r=8 p=1 AES-256-CBC'],
    ['prime256v1.PBE-MD5-DES.encrypted.key', 'PBES1 MD5 2048 iterations DES-CBC'],
    ['prime256v1.PBE-SHA1-DES.encrypted.key', 'PBES1 SHA1 2048 iterations DES-CBC'],
    ['prime256v1.PBE-MD5-RC2-64.encrypted.key', 'PBES1 MD5 2048 iterations RC2-64-CBC'],
    ['prime256v1.PBE-SHA1-RC2-64.encrypted.key', 'PBES1 SHA1 2048 iterations RC2-64-CBC'],
    ['prime256v1.PBE-SHA1-3DES.encrypted.key', 'PKCS#12 PBE SHA1 2048 iterations 3DES-CBC'],
    ['prime256v1.PBE-SHA1-2DES.encrypted.key', 'PKCS#12 PBE SHA1 2048 iterations 2-key 3DES-CBC'],
    ['prime256v1.PBE-SHA1-RC2-128.encrypted.key', 'PKCS#12 PBE SHA1 2048 iterations RC2-128-CBC'],
    ['prime256v1.PBE-SHA1-RC2-40.encrypted.key', 'PKCS#12 PBE SHA1 2048 iterations RC2-40-CBC'],
    ['prime256v1.aes128.legacy.key', 'MD5 one iteration AES-128-CBC'],
    ['prime256v1.aes192.legacy.key', 'MD5 one iteration AES-192-CBC'],
    ['prime256v1.aes256.legacy.key', 'MD5 one iteration AES-256-CBC'],
    ['prime256v1.des3.legacy.key', 'MD5 one iteration 3DES-CBC'],
    ['prime256v1.des.legacy.key', 'MD5 one iteration DES-CBC'],
  ];
  const old = /PBES1|PKCS#12|MD5/;
  const strong = /10000 iterations AES/;

  it.each(opened)('opens %s with its password', (name, encryption) => {
    const decoded = open(name, PASSWORD);
    const encoding = name.includes('legacy') ? 'LegacyEncryptedPEM' : 'EncryptedPKCS#8';
    expect(contentOf(decoded)).toMatchObject({ encoding, encrypted: true, encryption });
    expect(spkiOf(decoded)).toEqual(publicKeyOf('prime256v1.pkcs8.key'));
    expect(codes(decoded)).toEqual([
      ...(strong.test(encryption) ? [] : ['WeakKeyEncryption']),
      ...(old.test(encryption) ? ['LegacyKeyFormat'] : []),
    ]);
    expectNoSecret(decoded, [...secretsOf('prime256v1.pkcs8.key'), Buffer.from(PASSWORD)]);
  });

  it.each([...opened])('recognises %s without a password, and with a wrong one', (name, encryption) => {
    const locked = open(name);
    expect(contentOf(locked)).toMatchObject({ encrypted: true, encryption, publicKey: null });
    expect(locked.material).toBeNull();
    expect(codes(locked)).toContain('PrivateKeyLocked');
    const wrong = open(name, 'wrong horse');
    expect(contentOf(wrong)).toMatchObject({ encrypted: true, encryption, publicKey: null });
    expect(codes(wrong)).toContain('PasswordWrong');
    expect(JSON.stringify(wrong)).not.toContain('wrong horse');
  });

  it.each([
    ['rsa.encrypted.key', 'rsa.pkcs8.key'],
    ['ed25519.encrypted.key', 'ed25519.pkcs8.key'],
    ['rsa.aes256.legacy.key', 'rsa.pkcs8.key'],
  ])('opens %s', (name, key) => {
    const decoded = open(name, PASSWORD);
    expect(spkiOf(decoded)).toEqual(publicKeyOf(key));
    expectNoSecret(decoded, secretsOf(key));
  });

  it('finds nothing weak about AES-256 and 100,000 iterations', () => {
    expect(codes(open('rsa.encrypted.key', PASSWORD))).toEqual([]);
  });

  it.each([
    ['prime256v1.camellia.encrypted.key', 'PBES2 PBKDF2-HMAC-SHA256 2048 iterations 1.2.392.200011.61.1.1.1.4'],
    ['prime256v1.PBE-SHA1-RC4-128.encrypted.key', 'PKCS#12 PBE SHA1 RC4-128'],
  ])('says of %s that it is not opened here', (name, encryption) => {
    const decoded = open(name, PASSWORD);
    expect(contentOf(decoded).encryption).toBe(encryption);
    expect(codes(decoded)).toContain('EncryptionUnsupported');
    expect(codes(open(name))).toContain('PrivateKeyLocked');
  });

  it('takes the empty password for a password', () => {
    expect(codes(open('rsa.encrypted.key', ''))).toEqual(['PasswordWrong']);
  });

  it('spends of the budget what is derived and what is decrypted', () => {
    const budget = new CountingBudget();
    decodePrivateKey(fixture('rsa.encrypted.key'), contextWith(PASSWORD, budget));
    expect(budget.iterations).toBe(100_000);
    expect(budget.octets).toBe(fixture('rsa.pkcs8.key').bytes.length);
  });

  it('derives nothing past the budget', () => {
    const decoded = decodePrivateKey(fixture('rsa.encrypted.key'), contextWith(PASSWORD, new CountingBudget(99_999)));
    expect(codes(decoded)).toEqual(['KeyDerivationTooCostly']);
    expect(decoded.material).toBeNull();
  });

  const pbes2 = (kdf: Buffer, cipher = sequence(oid('2.16.840.1.101.3.4.1.42'), octets(16))): Buffer =>
    sequence(sequence(oid('1.2.840.113549.1.5.13'), sequence(kdf, cipher)), octets(32));
  const octets = (length: number): Buffer => der(Tag.OCTET_STRING, Buffer.alloc(length, 5));
  const number = (n: bigint): Buffer =>
    unsignedInteger(Buffer.from(n.toString(16).padStart(Math.ceil(n.toString(16).length / 2) * 2, '0'), 'hex'));
  const pbkdf2 = (iterations: bigint): Buffer =>
    sequence(oid('1.2.840.113549.1.5.12'), sequence(octets(8), number(iterations)));
  const scrypt = (N: bigint, r: bigint, p: bigint): Buffer =>
    sequence(oid('1.3.6.1.4.1.11591.4.11'), sequence(octets(8), number(N), number(r), number(p)));

  it.each([
    ['a billion iterations', pbkdf2(1_000_000_000n)],
    ['2^31 iterations', pbkdf2(2n ** 31n)],
    ['2^4000 iterations', pbkdf2(2n ** 4000n)],
    ['64 GiB of scrypt', scrypt(2n ** 26n, 8n, 1n)],
    ['scrypt with a huge r', scrypt(2n, 2n ** 40n, 1n)],
    ['scrypt with a huge p', scrypt(1024n, 8n, 2n ** 40n)],
    ['scrypt past all bounds', scrypt(2n ** 600n, 2n ** 600n, 2n ** 600n)],
  ])('refuses %s and derives nothing', (_what, kdf) => {
    const budget = new CountingBudget();
    const decoded = decodePrivateKey(pieceOf(pbes2(kdf)), contextWith(PASSWORD, budget));
    expect(budget.iterations).toBe(0);
    expect(codes(decoded)).toContain('KeyDerivationTooCostly');
  });

  it.each([
    ['no iterations', pbkdf2(0n)],
    ['a cost of scrypt that is no power of 2', scrypt(1000n, 8n, 1n)],
    ['a cost of scrypt of 1', scrypt(1n, 8n, 1n)],
  ])('says that %s cannot be', (_what, kdf) => {
    expect(codes(decodePrivateKey(pieceOf(pbes2(kdf)), contextWith(PASSWORD)))).toEqual(['PrivateKeyInvalid']);
  });

  it('says that an initialization vector of another length cannot be', () => {
    const cipher = sequence(oid('2.16.840.1.101.3.4.1.42'), octets(8));
    expect(codes(decodePrivateKey(pieceOf(pbes2(pbkdf2(2048n), cipher)), contextWith(PASSWORD)))).toEqual([
      'PrivateKeyInvalid',
    ]);
  });

  it('does not show what stands where a cipher should', () => {
    const piece = fixture('prime256v1.aes256.legacy.key');
    const odd = { ...piece, headers: { 'DEK-Info': '<script>alert(1)</script>,00' } };
    const decoded = decodePrivateKey(odd, contextWith(PASSWORD));
    expect(contentOf(decoded).encryption).toBe('MD5 one iteration an unknown cipher');
    expect(codes(decoded)).toContain('EncryptionUnsupported');
  });
});

describe('private keys of OpenSSH', () => {
  it.each(['ed25519', 'ecdsa', 'rsa'])('are named and not decoded: %s keys, locked or not', (type) => {
    const openKey = open(`${type}.openssh.key`);
    expect(contentOf(openKey)).toMatchObject({ encoding: 'OpenSSH', encrypted: false, encryption: null });
    expect(codes(openKey)).toEqual(['OpenSshKey', 'PrivateKeyUnprotected']);

    for (const password of [null, PASSWORD]) {
      const locked = open(`${type}.locked.openssh.key`, password);
      expect(contentOf(locked)).toMatchObject({ encoding: 'OpenSSH', encrypted: true, encryption: 'aes256-ctr' });
      expect(codes(locked)).toEqual(['OpenSshKey', 'EncryptionUnsupported']);
    }
    expect(contentOf(openKey).publicKey).toBeNull();
    expect(openKey.material).toBeNull();
  });

  const messages = ({ observations }: Decoded, code: FindingCode) =>
    observations.flatMap((observation) => (observation.code === code ? observation.message : []));

  it('say whether ssh-keygen converts them', () => {
    const format = 'stands in the format of OpenSSH';
    for (const [file, message] of [
      ['rsa', `the private key of type RSA ${format}`],
      ['ecdsa.locked', `the private key of type ECDSA ${format}`],
      ['ed25519.locked', `the private key of type Ed25519 ${format}. ssh-keygen converts no such key`],
    ] as const)
      expect(messages(open(`${file}.openssh.key`), 'OpenSshKey')).toEqual([message]);
    // The name of the algorithm is cut off.
    const { bytes } = fixture('rsa.openssh.key');
    const cut = decodePrivateKey(pieceOf(bytes.subarray(0, 45)), contextWith(null));
    expect(messages(cut, 'OpenSshKey')).toEqual([`the private key ${format}`]);
  });

  it('let nothing of the private half out', () => {
    const { bytes } = fixture('ed25519.openssh.key');
    // The private half is the seed, then the public key once more, a comment of four letters and padding.
    const comment = bytes.lastIndexOf('jane');
    expectNoSecret(open('ed25519.openssh.key'), [bytes.subarray(comment - 68, comment - 36)]);
  });

  it.each(['constructor', '<script>', 'NONE', ''])('are never called unprotected for a cipher named %j', (cipher) => {
    const bytes = Buffer.from(`openssh-key-v1\0\0\0\0${String.fromCharCode(cipher.length)}${cipher}`, 'latin1');
    const decoded = decodePrivateKey(pieceOf(bytes), contextWith(null));
    expect(contentOf(decoded)).toMatchObject({ encrypted: true, encryption: 'an unknown cipher' });
    expect(codes(decoded)).toEqual(['OpenSshKey', 'EncryptionUnsupported']);
  });

  it('cannot be read where the name of the cipher is cut off', () => {
    const { bytes } = fixture('ed25519.openssh.key');
    for (const length of [15, 18, 19, 22])
      expect(codes(decodePrivateKey(pieceOf(bytes.subarray(0, length)), contextWith(null)))).toEqual([
        'PrivateKeyInvalid',
      ]);
  });
});

describe('keys that are no keys', () => {
  it.each([
    ['nothing', Buffer.alloc(0), null, 'PKCS#8'],
    ['text', Buffer.from('hello'), 'EC PRIVATE KEY', 'SEC1'],
    ['an empty SEQUENCE', Buffer.of(0x30, 0), 'RSA PRIVATE KEY', 'PKCS#1'],
  ])('says of %s that it cannot be read', (_what, bytes, label, encoding) => {
    const decoded = decodePrivateKey(pieceOf(bytes, label), contextWith(PASSWORD));
    expect(contentOf(decoded)).toMatchObject({ encoding, publicKey: null });
    expect(codes(decoded)).toEqual(['PrivateKeyInvalid']);
  });
});
