import { gzipSync } from 'node:zlib';
import { encodePem } from '@kubepass/x509';
import { clusterCaCertificate, janesCertificate } from '../certificates.js';
import { type Fixture, single } from '../fixture.js';
import { openssl } from '../openssl.js';
import { pemOf } from './certificates.js';
import { kubeconfig, yaml } from './kubeconfigs.js';

const janesPem = (): string => pemOf(janesCertificate());
const base64 = (octets: Uint8Array): string => Buffer.from(octets).toString('base64');
const wrapped = (text: string, width: number): string => text.replace(new RegExp(`.{${width}}`, 'g'), '$&\n');
const body = (pem: string): string => pem.replace(/-----.*-----\n/g, '');

/** The same certificate in every encoding that people meet, and in some wrong ones. */
export const encodingFixtures: readonly Fixture[] = [
  single('pem-several', 'two PEM blocks', 'pem', () => janesPem() + pemOf(clusterCaCertificate())),
  single('pem-with-text', 'text before, between and after PEM blocks, as openssl writes it', 'txt', () =>
    [
      openssl(['x509', '-in', 'in', '-text'], { in: janesPem() }).toString(),
      'Bag Attributes\n    friendlyName: kubernetes\nsubject=CN = kubernetes\n\n',
      pemOf(clusterCaCertificate()),
      'That is all.\n',
    ].join('\n'),
  ),
  single('pem-crlf', 'lines that end with CR LF', 'pem', () => janesPem().replaceAll('\n', '\r\n')),
  single(
    'pem-odd-whitespace',
    'blanks before and after lines, empty lines, no newline at the end',
    'pem',
    () =>
      `\n\n${janesPem()
        .trimEnd()
        .split('\n')
        .map((line, i) => (i % 3 === 1 ? `  ${line}\t` : i % 3 === 2 ? `${line}\n` : line))
        .join('\n')}`,
    ['PemUnusualForm'],
  ),
  single(
    'pem-one-line',
    'all base64 on one line',
    'pem',
    () => `-----BEGIN CERTIFICATE-----\n${base64(janesCertificate())}\n-----END CERTIFICATE-----\n`,
    ['PemUnusualForm'],
  ),
  single(
    'pem-with-byte-order-mark',
    'a byte order mark, as some editors leave it',
    'pem',
    () => `\ufeff${janesPem()}`,
    ['PemMalformed'],
  ),
  single(
    'pem-utf-16',
    'UTF-16, as PowerShell redirects it',
    'pem',
    () => Buffer.from(`\ufeff${janesPem()}`, 'utf16le'),
    ['PemMalformed'],
  ),
  single(
    'pem-utf-16-without-mark',
    'UTF-16 without a byte order mark',
    'pem',
    () => Buffer.from(janesPem(), 'utf16le'),
    ['PemMalformed'],
  ),
  single(
    'kubeconfig-utf-16-without-mark',
    'a kubeconfig in UTF-16 without a byte order mark, which kubectl does not read',
    'yaml',
    () => Buffer.from(yaml(kubeconfig()), 'utf16le'),
    ['NotLoadable'],
  ),
  single('base64-unwrapped', 'base64 of DER on one line', 'txt', () => base64(janesCertificate())),
  single('base64-wrapped', 'base64 of DER in lines of 76', 'txt', () => wrapped(base64(janesCertificate()), 76)),
  single('base64-of-pem', 'base64 of PEM, as it stands in kubeconfigs', 'txt', () => base64(Buffer.from(janesPem()))),
  single('base64-of-pem-wrapped', 'the same, as base64(1) wraps it', 'txt', () =>
    wrapped(base64(Buffer.from(janesPem())), 76),
  ),
  single('base64-url', 'base64 of the URL alphabet, without padding', 'txt', () =>
    janesCertificate().toString('base64url'),
  ),
  single('base64-of-base64', 'base64 of base64 of PEM, as in a Secret that was encoded twice', 'txt', () =>
    base64(Buffer.from(base64(Buffer.from(janesPem())))),
  ),
  single('gzipped-pem', 'a single file, compressed', 'gz', () => gzipSync(janesPem(), { level: 9 })),
  single(
    'pem-indented',
    'every line is indented, as below a key that is gone',
    'pem',
    () => encodePem('CERTIFICATE', janesCertificate()).replaceAll(/^(?=.)/gm, '    '),
    ['PemMalformed'],
  ),
  single(
    'pem-end-behind-base64',
    'END follows on the last line of base64',
    'pem',
    () => encodePem('CERTIFICATE', janesCertificate()).replace('\n-----END', '-----END'),
    ['PemMalformed'],
  ),
  single(
    'pem-wrong-label',
    'a certificate that is labelled as a request',
    'pem',
    () => encodePem('CERTIFICATE REQUEST', janesCertificate()),
    ['PemLabelWrong'],
  ),
  single(
    'pem-key-label',
    'a certificate that is labelled as a private key',
    'pem',
    () => encodePem('PRIVATE KEY', janesCertificate()),
    ['PemLabelWrong'],
  ),
  single(
    'pem-x509-label',
    'the label that OpenSSL wrote long ago',
    'pem',
    () => encodePem('X509 CERTIFICATE', janesCertificate()),
    ['PemLegacyLabel'],
  ),
  single('pem-trusted-certificate', "OpenSSL's own TRUSTED CERTIFICATE", 'pem', () =>
    openssl(['x509', '-in', 'in', '-trustout', '-addtrust', 'clientAuth'], { in: janesPem() }),
  ),
  single('pem-without-end', 'no END line', 'pem', () => janesPem().replace(/-----END.*\n/, ''), ['PemMalformed']),
  single(
    'pem-mismatched-end',
    'another label at the end',
    'pem',
    () => janesPem().replace('END CERTIFICATE', 'END CERTIFICATE REQUEST'),
    ['PemMalformed'],
  ),
  single('pem-not-base64', 'characters that are not base64', 'pem', () => janesPem().replace(/\n(.{10})./, '\n$1!'), [
    'PemMalformed',
  ]),
  single(
    'pem-base64-cut',
    'the last line of base64 is missing a character',
    'pem',
    () => {
      const lines = janesPem().trimEnd().split('\n');
      const last = lines.length - 2;
      return `${lines.map((line, i) => (i === last ? line.slice(0, -1) : line)).join('\n')}\n`;
    },
    ['PemMalformed'],
  ),
  single(
    'pem-with-one-bad-block',
    'a good block after a bad one',
    'pem',
    () => `-----BEGIN CERTIFICATE-----\n${body(janesPem()).slice(0, 200)}\n${pemOf(clusterCaCertificate())}`,
    ['PemMalformed'],
  ),
  single(
    'pem-empty-block',
    'a block with nothing in it',
    'pem',
    () => '-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n',
    ['PemMalformed'],
  ),
];
