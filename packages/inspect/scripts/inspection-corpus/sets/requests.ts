import { contextConstructed, der, encodePem, oid, sequence, setOf, Tag } from '@kubepass/x509';
import { readCsrFixture } from '../../../../x509/test/fixtures/csr/index.js';
import { jane, type Hash, seal, signatureAlgorithm, signBytes } from '../certificates.js';
import { type Fixture, several, single } from '../fixture.js';
import { type KeyName, privateKey, publicKey } from '../keys.js';
import {
  attribute,
  basicConstraints,
  dns,
  email,
  extKeyUsage,
  integer,
  keyUsage,
  latin1,
  name,
  subjectAltName,
  user,
} from '../values.js';
import { pkcs8 } from './keys.js';

interface RequestFields {
  readonly subject?: Buffer;
  readonly key?: KeyName;
  readonly extensions?: readonly Buffer[];
  /** The attributes besides extensionRequest. */
  readonly attributes?: readonly Buffer[];
  readonly version?: number;
  readonly hash?: Hash;
  readonly signature?: Buffer;
  /** The key that signs instead of the holder's own key. */
  readonly signer?: KeyName;
}

/** A PKCS#10 request (RFC 2986) as DER. */
export function request(fields: RequestFields = {}): Buffer {
  const { key = 'jane', extensions = [], hash = 'sha256' } = fields;
  const signer = privateKey(fields.signer ?? key);
  const info = sequence(
    integer(fields.version ?? 0),
    fields.subject ?? jane,
    publicKey(key),
    der(
      contextConstructed(0),
      ...(extensions.length === 0 ? [] : [sequence(oid('1.2.840.113549.1.9.14'), setOf(sequence(...extensions)))]),
      ...(fields.attributes ?? []),
    ),
  );
  return seal(info, signatureAlgorithm(signer, hash), fields.signature ?? signBytes(info, signer, hash));
}

export const requestPem = (fields: RequestFields = {}): string => encodePem('CERTIFICATE REQUEST', request(fields));

const challengePassword = sequence(oid('1.2.840.113549.1.9.7'), setOf(der(Tag.UTF8_STRING, latin1('hush'))));

export const requestFixtures: readonly Fixture[] = [
  single('request', 'a request that this service accepts', 'pem', () => requestPem()),
  single('request-der', 'a request in DER', 'der', () => request()),
  single('request-rsa', 'a request with an RSA key', 'pem', () => requestPem({ key: 'rsa-leaf' })),
  single('request-ed25519', 'a request with a key of Ed25519', 'pem', () => requestPem({ key: 'ed25519' })),
  single('request-tolerated-extensions', 'extensions that are tolerated', 'pem', () =>
    requestPem({ extensions: [keyUsage('digitalSignature'), extKeyUsage('clientAuth'), basicConstraints(false)] }),
  ),
  single(
    'request-old-label',
    'the label that OpenSSL wrote long ago',
    'pem',
    () => encodePem('NEW CERTIFICATE REQUEST', request()),
    ['PemLegacyLabel'],
  ),
  single(
    'request-with-alternative-names',
    'a request for a server, as cert-manager makes it',
    'pem',
    () =>
      requestPem({
        subject: user('web'),
        extensions: [subjectAltName(dns('web.corp.example'), email('web@corp.example'))],
      }),
    ['RequestNotAcceptable'],
  ),
  single(
    'request-of-openssl',
    'a request for a server with all that openssl asks for',
    'pem',
    () =>
      requestPem({
        subject: name(attribute('C', 'DE'), attribute('O', 'Corp'), attribute('OU', 'dev'), attribute('CN', 'web')),
        extensions: [subjectAltName(dns('web.corp.example'))],
      }),
    ['RequestNotAcceptable'],
  ),
  single(
    'request-two-common-names',
    'two common names',
    'pem',
    () => requestPem({ subject: name(attribute('CN', 'jane'), attribute('CN', 'admin')) }),
    ['SeveralCommonNames'],
  ),
  single(
    'request-blank-in-username',
    'a request for a username that ends with a blank',
    'pem',
    () => requestPem({ subject: user('admin ', 'dev') }),
    ['BlankInName'],
  ),
  single(
    'request-system-masters',
    'a request for system:masters',
    'pem',
    () => requestPem({ subject: user('jane', 'system:masters') }),
    ['SystemMasters'],
  ),
  single(
    'request-challenge-password',
    'a challenge password',
    'pem',
    () => requestPem({ attributes: [challengePassword] }),
    ['ChallengePassword'],
  ),
  single(
    'request-signature-invalid',
    'signed by another key than its own',
    'pem',
    () => requestPem({ signer: 'bob' }),
    ['SignatureInvalid'],
  ),
  single('request-sha1', 'signed with SHA-1', 'pem', () => requestPem({ hash: 'sha1' }), ['WeakSignature']),
  single('request-rsa-1024', 'an RSA key of 1024 bits', 'pem', () => requestPem({ key: 'rsa-1024' }), ['WeakRsaKey']),
  single(
    'request-rsa-prime-modulus',
    'an RSA modulus that is prime',
    'der',
    () => readCsrFixture('rsa-prime-modulus.der'),
    ['RsaKeyFactorable', 'RequestNotAcceptable'],
  ),
  single(
    'request-rsa-exponent-1',
    'an RSA exponent that changes nothing',
    'der',
    () => readCsrFixture('rsa-exponent-1.der'),
    ['RsaExponentUnusual', 'RequestNotAcceptable'],
  ),
  single('request-version-2', 'a version that there is not', 'pem', () => requestPem({ version: 1 })),
  several('request-and-key', 'a request and its key', () => ({ 'jane.csr': requestPem(), 'jane.key': pkcs8('jane') })),
  several(
    'request-and-key-of-another',
    'a request beside the key of another',
    () => ({ 'jane.csr': requestPem(), 'jane.key': pkcs8('eve') }),
    ['KeyWithoutCertificate'],
  ),
];
