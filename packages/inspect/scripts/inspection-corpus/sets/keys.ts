import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { bitString, contextConstructed, der, encodePem, inside, oid, onlyElement, sequence, Tag } from '@kubepass/x509';
import { janesCertificate } from '../certificates.js';
import { type Fixture, several, single } from '../fixture.js';
import { keyFile, type KeyName, privateKey, publicKey } from '../keys.js';
import { openssl, run } from '../openssl.js';
import { integer, octetString } from '../values.js';
import { pemOf } from './certificates.js';

/** The password of everything in the corpus that is encrypted. */
export const password = 'correct horse battery staple';

const publicHalf = (key: KeyName): KeyObject => createPublicKey(privateKey(key));
export const pkcs8 = (key: KeyName): string => readFileSync(keyFile(key), 'utf8');
const pkcs8Der = (key: KeyName): Buffer => privateKey(key).export({ type: 'pkcs8', format: 'der' });

/** Encrypts the key as openssl does with these options. */
const encrypted = (key: KeyName, ...options: readonly string[]): Buffer =>
  openssl(['pkcs8', '-topk8', '-in', keyFile(key), '-passout', `pass:${password}`, ...options]);

const legacyPem = (key: KeyName, cipher: string): string =>
  createPrivateKey(pkcs8(key)).export({ type: 'pkcs1', format: 'pem', cipher, passphrase: password }).toString();

const openSsh = (key: KeyName, passphrase: string): Buffer =>
  run('ssh-keygen', ['-p', '-P', '', '-N', passphrase, '-f', 'out', '-q'], { out: openSshPlain(key) });

/** ssh-keygen writes its own format when it changes a passphrase. */
const openSshPlain = (key: KeyName): string =>
  createPrivateKey(pkcs8(key)).export({ type: 'sec1', format: 'pem' }).toString();

const derOf = (pem: Buffer): Buffer => Buffer.from(pem.toString().replace(/-----.*-----/g, ''), 'base64');
const parameters = (algorithm: string, option: string): Buffer =>
  openssl(['genpkey', '-genparam', '-algorithm', algorithm, '-pkeyopt', option]);

/** The parameters that openssl writes into files of their own: no credentials. */
const parameterFixtures: readonly Fixture[] = [
  single('parameters-dh', 'PKCS#3 of two numbers', 'pem', () => openssl(['dhparam', '-2', '1024']), [
    'UnrecognisedContent',
  ]),
  single('parameters-dh-der', 'PKCS#3 of two numbers in DER', 'der', () => derOf(openssl(['dhparam', '-2', '1024']))),
  single('parameters-dh-generator-5', 'PKCS#3 of numbers that might be an RSA key', 'pem', () =>
    openssl(['dhparam', '-5', '1024']),
  ),
  single('parameters-dh-generator-5-der', 'PKCS#3 of numbers that might be an RSA key, in DER', 'der', () =>
    derOf(openssl(['dhparam', '-5', '1024'])),
  ),
  single('parameters-dh-length-der', 'PKCS#3 of three numbers in DER', 'der', () =>
    derOf(parameters('DH', 'group:ffdhe2048')),
  ),
  single('parameters-dh-x942', 'X9.42', 'pem', () => parameters('DHX', 'group:dh_2048_256')),
  single('parameters-dh-x942-der', 'X9.42 in DER', 'der', () => derOf(parameters('DHX', 'group:dh_2048_256'))),
  single('parameters-dsa', 'parameters of DSA', 'pem', () => parameters('DSA', 'pbits:2048')),
  single('parameters-dsa-der', 'parameters of DSA in DER', 'der', () => derOf(parameters('DSA', 'pbits:2048'))),
  single('parameters-ec', 'a curve by its name', 'pem', () => openssl(['ecparam', '-name', 'P-256'])),
  single('parameters-ec-explicit-der', 'a curve that is spelled out, in DER', 'der', () =>
    derOf(openssl(['ecparam', '-name', 'P-256', '-param_enc', 'explicit'])),
  ),
  several('parameters-between-others', 'parameters of DH and of DSA between a certificate and its key', () => ({
    'all.pem': `${pemOf(janesCertificate())}${openssl(['dhparam', '-2', '1024']).toString()}${parameters('DSA', 'pbits:1024').toString()}${pkcs8('jane')}`,
  })),
];

/** `SEQUENCE { INTEGER 1, OCTET STRING 00 and the 32 octets of the number, … }`. */
function sec1Padded(): Buffer {
  const der = createPrivateKey(pkcs8('jane')).export({ type: 'sec1', format: 'der' });
  return Buffer.concat([Buffer.of(0x30, (der[1] ?? 0) + 1, 2, 1, 1, 4, 33, 0), der.subarray(7)]);
}

export const keyFixtures: readonly Fixture[] = [
  ...parameterFixtures,
  single('key-pkcs8-ec', 'PKCS#8, P-256', 'pem', () => pkcs8('jane'), [
    'PrivateKeyUnprotected',
    'KeyWithoutCertificate',
  ]),
  single('key-pkcs8-der', 'PKCS#8 in DER', 'der', () => pkcs8Der('jane')),
  single('key-pkcs8-rsa', 'PKCS#8, RSA', 'pem', () => pkcs8('rsa-leaf')),
  single('key-pkcs8-ed25519', 'PKCS#8, Ed25519', 'pem', () => pkcs8('ed25519')),
  single('key-pkcs8-ed448', 'PKCS#8, Ed448', 'pem', () => pkcs8('ed448')),
  single('key-pkcs8-x25519', 'a key that signs nothing', 'pem', () => pkcs8('x25519')),
  single('key-pkcs8-rsa-pss', 'PKCS#8, RSASSA-PSS', 'pem', () => pkcs8('rsa-pss')),
  single('key-pkcs8-dsa', 'PKCS#8, DSA', 'pem', () => pkcs8('dsa')),
  single(
    'key-pkcs8-rsa-label',
    'PKCS#8 under the label of PKCS#1',
    'pem',
    () => encodePem('RSA PRIVATE KEY', pkcs8Der('rsa-leaf')),
    ['PrivateKeyLabelWrong'],
  ),
  single('key-base64', 'base64 of the PEM of a key', 'txt', () => Buffer.from(pkcs8('jane')).toString('base64')),
  single('key-pkcs1', 'PKCS#1', 'pem', () =>
    createPrivateKey(pkcs8('rsa-leaf')).export({ type: 'pkcs1', format: 'pem' }),
  ),
  single('key-sec1', 'SEC1', 'pem', () => openSshPlain('jane')),
  single('key-sec1-padded', 'SEC1 with a zero before its number, as GnuTLS writes it', 'der', sec1Padded, [
    'PrivateKeyPadded',
    'PrivateKeyUnprotected',
    'KeyWithoutCertificate',
  ]),
  single(
    'key-sec1-with-parameters',
    'SEC1 after its parameters, as openssl ecparam -genkey writes it',
    'pem',
    () => `-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n${openSshPlain('jane')}`,
  ),
  single(
    'key-pkcs1-encrypted',
    'PKCS#1 encrypted as PEM had it once, without its password',
    'pem',
    () => legacyPem('rsa-leaf', 'aes-128-cbc'),
    ['PrivateKeyLocked', 'WeakKeyEncryption'],
  ),
  single(
    'key-pkcs1-encrypted-with-password',
    'the same, with its password',
    'pem',
    () => legacyPem('rsa-leaf', 'des-ede3-cbc'),
    ['WeakKeyEncryption'],
    password,
  ),
  single(
    'key-encrypted',
    'encrypted PKCS#8 without its password',
    'pem',
    () => encrypted('jane', '-v2', 'aes-256-cbc', '-iter', '100000'),
    ['PrivateKeyLocked'],
  ),
  single(
    'key-encrypted-with-password',
    'encrypted PKCS#8 with its password',
    'pem',
    () => encrypted('jane', '-v2', 'aes-256-cbc', '-iter', '100000'),
    [],
    password,
  ),
  single(
    'key-encrypted-wrong-password',
    'encrypted PKCS#8 with another password',
    'pem',
    () => encrypted('jane', '-v2', 'aes-256-cbc', '-iter', '100000'),
    ['PasswordWrong'],
    'wrong',
  ),
  single(
    'key-encrypted-scrypt',
    'encrypted PKCS#8, scrypt',
    'pem',
    () => encrypted('jane', '-scrypt', '-scrypt_N', '16384'),
    [],
    password,
  ),
  single(
    'key-encrypted-few-iterations',
    'encrypted PKCS#8 of 2048 iterations',
    'pem',
    () => encrypted('jane', '-v2', 'aes-256-cbc', '-iter', '2048'),
    ['WeakKeyEncryption'],
    password,
  ),
  single(
    'key-encrypted-too-costly',
    'encrypted PKCS#8 that asks for a billion iterations',
    'pem',
    () => costly(),
    ['KeyDerivationTooCostly'],
    password,
  ),
  single(
    'key-encrypted-unsupported',
    'encrypted PKCS#8 of a scheme that is not opened',
    'pem',
    () =>
      encodePem(
        'ENCRYPTED PRIVATE KEY',
        sequence(
          sequence(
            oid('1.2.840.113549.1.5.13'),
            sequence(
              sequence(oid('1.2.840.113549.1.5.12'), sequence(octetString(Buffer.alloc(8, 1)), integer(0x08, 0))),
              // Camellia in CBC mode
              sequence(oid('1.2.392.200011.61.1.1.1.4'), octetString(Buffer.alloc(16, 2))),
            ),
          ),
          octetString(Buffer.alloc(160, 3)),
        ),
      ),
    ['EncryptionUnsupported'],
    password,
  ),
  single('key-openssh', "OpenSSH's own format", 'pem', () => openSsh('jane', ''), ['OpenSshKey']),
  single(
    'key-openssh-ed25519',
    'a key of OpenSSH that ssh-keygen does not convert',
    'pem',
    () => run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', 'jane', '-f', 'out']),
    ['OpenSshKey'],
  ),
  single('key-openssh-encrypted', "OpenSSH's own format, encrypted", 'pem', () => openSsh('jane', password)),
  single(
    'key-halves-differ',
    'a private key with the public key of another',
    'pem',
    () => {
      const reader = inside(onlyElement(pkcs8Der('jane'), 'a key'));
      const [version, algorithm, key] = [reader.next().raw, reader.next().raw, reader.next()];
      const inner = inside(onlyElement(key.content, 'an EC key'));
      const [one, secret] = [inner.next().raw, inner.next().raw];
      const another = publicKey('bob').subarray(-65);
      return encodePem(
        'PRIVATE KEY',
        sequence(
          version,
          algorithm,
          octetString(sequence(one, secret, der(contextConstructed(1), bitString(another)))),
        ),
      );
    },
    ['PrivateKeyInvalid'],
  ),
  single(
    'key-rsa-numbers-wrong',
    'an RSA key whose primes are not those of its modulus',
    'pem',
    () => {
      const numbers = (key: KeyName) => {
        const reader = inside(onlyElement(privateKey(key).export({ type: 'pkcs1', format: 'der' }), 'a key'));
        return Array.from({ length: 9 }, () => reader.next().raw);
      };
      const [version, ...ours] = numbers('rsa-leaf');
      const theirs = numbers('root');
      return encodePem('RSA PRIVATE KEY', sequence(version ?? integer(0), ...ours.slice(0, 3), ...theirs.slice(4)));
    },
    ['PrivateKeyInvalid'],
  ),
  single('key-cut-off', 'the first half of a key', 'pem', () =>
    encodePem('PRIVATE KEY', pkcs8Der('jane').subarray(0, 60)),
  ),
  single(
    'public-key',
    'a SubjectPublicKeyInfo',
    'pem',
    () => publicHalf('jane').export({ type: 'spki', format: 'pem' }),
    ['KeyWithoutCertificate'],
  ),
  single('public-key-der', 'a SubjectPublicKeyInfo in DER', 'der', () => publicKey('rsa-3072')),
  single('public-key-pkcs1', 'an RSAPublicKey', 'pem', () =>
    publicHalf('rsa-leaf').export({ type: 'pkcs1', format: 'pem' }),
  ),
  single(
    'public-key-weak',
    'an RSA key of 1024 bits',
    'pem',
    () => publicHalf('rsa-1024').export({ type: 'spki', format: 'pem' }),
    ['WeakRsaKey'],
  ),
  single('public-key-algorithm-unknown', 'a key of an algorithm that nobody knows', 'der', () =>
    sequence(sequence(oid('1.3.6.1.4.1.55555.3')), bitString(Buffer.alloc(32, 7))),
  ),
  several('key-pair', 'a private key and its public key', () => ({
    'sa.key': pkcs8('rsa-leaf'),
    'sa.pub': publicHalf('rsa-leaf').export({ type: 'spki', format: 'pem' }),
  })),
  several('key-and-certificate', 'a certificate and its key', () => ({
    'jane.crt': pemOf(janesCertificate()),
    'jane.key': pkcs8('jane'),
  })),
  several(
    'key-of-another',
    'a certificate beside the key of another',
    () => ({
      'jane.crt': pemOf(janesCertificate()),
      'jane.key': pkcs8('bob'),
    }),
    ['KeyMismatch'],
  ),
  single(
    'key-with-certificate',
    'key and certificate in one file',
    'pem',
    () => pkcs8('jane') + pemOf(janesCertificate()),
  ),
];

/** RFC 8018 A.4: a higher iteration count for the key derivation. */
function costly(): string {
  const pem = encrypted('jane', '-v2', 'aes-256-cbc', '-iter', '100000').toString();
  const octets = Buffer.from(pem.replace(/-----.*-----|\n/g, ''), 'base64');
  const small = der(Tag.INTEGER, Buffer.of(0x01, 0x86, 0xa0));
  const large = der(Tag.INTEGER, Buffer.of(0x3b, 0x9a, 0xca, 0x00));
  const at = octets.indexOf(small);
  const rebuilt = Buffer.concat([octets.subarray(0, at), large, octets.subarray(at + small.length)]);
  return encodePem('ENCRYPTED PRIVATE KEY', lengthened(rebuilt, at));
}

/** Inserts one octet at `at` and makes each element around it one octet longer. */
function lengthened(octets: Buffer, at: number): Buffer {
  const result = Buffer.from(octets);
  let start = 0;
  while (start < at) {
    const first = result.readUInt8(start + 1);
    const header = first < 0x80 ? 2 : 2 + (first & 0x7f);
    const length = first < 0x80 ? first : result.readUIntBE(start + 2, first & 0x7f);
    const end = start + header + length;
    if (at < end && (result.readUInt8(start) & 0x20) !== 0) {
      if (first < 0x80) result.writeUInt8(first + 1, start + 1);
      else result.writeUIntBE(length + 1, start + 2, first & 0x7f);
      start += header;
    } else start = end;
  }
  return result;
}
