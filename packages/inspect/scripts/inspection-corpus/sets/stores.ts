import { createHash } from 'node:crypto';
import { encodePem } from '@kubepass/x509';
import { clusterCaCertificate, janesCertificate } from '../certificates.js';
import { type Fixture, single } from '../fixture.js';
import { keyFile, type KeyName } from '../keys.js';
import { openssl } from '../openssl.js';
import { pemOf } from './certificates.js';
import { password, pkcs8 } from './keys.js';
import { list } from './lists.js';

/** JKS with one trusted certificate. Its digest begins with the password in UTF-16. */
function javaKeystore(): Buffer {
  const number = (value: number) => Buffer.of(value >>> 24, value >>> 16, value >>> 8, value);
  const text = (value: string) => Buffer.concat([Buffer.of(0, value.length), Buffer.from(value)]);
  const certificate = clusterCaCertificate();
  const store = Buffer.concat([
    ...[number(0xfeedfeed), number(2), number(1)],
    ...[number(2), text('kubernetes'), Buffer.alloc(8), text('X.509'), number(certificate.length), certificate],
  ]);
  const begin = Buffer.concat([Buffer.from(password, 'utf16le').swap16(), Buffer.from('Mighty Aphrodite')]);
  return Buffer.concat([store, createHash('sha1').update(begin).update(store).digest()]);
}

const pkcs7 = (...options: readonly string[]): Buffer =>
  openssl(['crl2pkcs7', '-nocrl', '-certfile', 'in', ...options], {
    in: pemOf(janesCertificate()) + pemOf(clusterCaCertificate()),
  });

const pkcs12 = (passphrase: string, ...options: readonly string[]): Buffer =>
  openssl(
    [
      ...[
        'pkcs12',
        '-export',
        '-in',
        'in',
        '-inkey',
        'key',
        '-certfile',
        'ca',
        '-name',
        'jane',
        '-caname',
        'kubernetes',
      ],
      ...['-passout', `pass:${passphrase}`, '-out', 'out', ...options],
    ],
    { in: pemOf(janesCertificate()), key: pkcs8('jane'), ca: pemOf(clusterCaCertificate()) },
  );

const cms = (key: KeyName, ...options: readonly string[]): Buffer =>
  openssl(
    [
      'cms',
      '-sign',
      '-in',
      'in',
      '-signer',
      'signer',
      '-inkey',
      keyFile(key),
      '-outform',
      'DER',
      '-nosmimecap',
      ...options,
    ],
    { in: 'signed text', signer: pemOf(janesCertificate()) },
  );

export const storeFixtures: readonly Fixture[] = [
  single('pkcs7-pem', 'PKCS#7 with two certificates', 'p7b', () => pkcs7()),
  single('pkcs7-der', 'PKCS#7 in DER', 'p7b', () => pkcs7('-outform', 'DER')),
  single('pkcs7-base64', 'PKCS#7 in base64, as Windows exports it', 'p7b', () =>
    pkcs7('-outform', 'DER').toString('base64'),
  ),
  single('pkcs7-cms-label', 'the label that RFC 7468 prefers', 'pem', () => encodePem('CMS', pkcs7('-outform', 'DER'))),
  single('pkcs7-signed', 'PKCS#7 with content and a signer', 'p7m', () => cms('jane', '-nodetach')),
  single('pkcs7-ber', 'PKCS#7 of indefinite lengths, as it is streamed', 'p7m', () =>
    cms('jane', '-nodetach', '-stream', '-indef'),
  ),
  single(
    'pkcs7-with-list',
    'PKCS#7 with a certificate list',
    'p7b',
    () =>
      openssl(['crl2pkcs7', '-in', 'in', '-inform', 'DER', '-certfile', 'ca'], {
        in: list(),
        ca: pemOf(clusterCaCertificate()),
      }),
    ['ListNotConsulted'],
  ),
  single('pkcs7-data', 'PKCS#7 that holds data and no certificate', 'p7', () =>
    // ContentInfo of id-data.
    Buffer.from('301206092a864886f70d010701a0050403616263', 'hex'),
  ),
  single('pkcs12', 'PKCS#12 of today', 'p12', () => pkcs12(password), [], password),
  single(
    'pkcs12-strong',
    'PKCS#12 of 100,000 iterations',
    'p12',
    () => pkcs12(password, '-iter', '100000'),
    [],
    password,
  ),
  single('pkcs12-locked', 'PKCS#12 without its password', 'p12', () => pkcs12(password)),
  single(
    'pkcs12-wrong-password',
    'PKCS#12 with another password',
    'p12',
    () => pkcs12(password),
    ['PasswordWrong'],
    'wrong',
  ),
  single('pkcs12-empty-password', 'PKCS#12 of the empty password, which is given', 'p12', () => pkcs12(''), [], ''),
  single('pkcs12-empty-password-locked', 'PKCS#12 of the empty password, which is not given', 'p12', () => pkcs12('')),
  single(
    'pkcs12-legacy',
    'PKCS#12 of old: RC2 and triple DES',
    'p12',
    () => pkcs12(password, '-legacy'),
    ['WeakKeyEncryption'],
    password,
  ),
  single(
    'pkcs12-triple-des',
    'PKCS#12 with triple DES throughout',
    'p12',
    () => pkcs12(password, '-certpbe', 'PBE-SHA1-3DES', '-keypbe', 'PBE-SHA1-3DES', '-macalg', 'sha1'),
    ['WeakKeyEncryption'],
    password,
  ),
  single(
    'pkcs12-java',
    'PKCS#12 with the ciphers and counts of Java before 16',
    'p12',
    () => pkcs12(password, '-legacy', '-macalg', 'sha1', '-iter', '50000'),
    ['WeakKeyEncryption'],
    password,
  ),
  single(
    'pkcs12-no-encryption',
    'PKCS#12 with nothing encrypted',
    'p12',
    () => pkcs12(password, '-certpbe', 'NONE', '-keypbe', 'NONE'),
    [],
    password,
  ),
  single('pkcs12-no-mac', 'PKCS#12 without a MAC', 'p12', () => pkcs12(password, '-nomac'), [], password),
  single(
    'pkcs12-base64',
    'PKCS#12 in base64, as it stands in Secrets',
    'txt',
    () => pkcs12(password).toString('base64'),
    [],
    password,
  ),
  single(
    'pkcs12-certificates-only',
    'PKCS#12 with certificates alone',
    'p12',
    () =>
      openssl(['pkcs12', '-export', '-nokeys', '-in', 'in', '-passout', `pass:${password}`, '-out', 'out'], {
        in: pemOf(clusterCaCertificate()),
      }),
    [],
    password,
  ),
  single('java-keystore', 'a Java keystore (JKS) with one certificate', 'jks', javaKeystore, ['JavaKeystore']),
  single(
    'pkcs12-cut-off',
    'the first half of a PKCS#12',
    'p12',
    () => pkcs12(password).subarray(0, 600),
    ['MalformedObject'],
    password,
  ),
];
