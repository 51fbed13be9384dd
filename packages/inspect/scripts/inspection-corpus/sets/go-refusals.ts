import {
  bitString,
  contextConstructed,
  contextPrimitive,
  der,
  encodePem,
  inside,
  oid,
  onlyElement,
  sequence,
  Tag,
} from '@kubepass/x509';
import { readCsrFixture } from '../../../../x509/test/fixtures/csr/index.js';
import type { FindingCode } from '../../../src/model/catalogue.js';
import { authority, clusterCa, jane, keyIdentifierOf, leafExtensions, userCertificate } from '../certificates.js';
import { type Fixture, single } from '../fixture.js';
import { privateKey, publicKey } from '../keys.js';
import {
  attribute,
  basicConstraints,
  dns,
  email,
  extension,
  extKeyUsage,
  generalizedTime,
  integer,
  ip,
  keyUsage,
  latin1,
  name,
  NULL,
  octetString,
  permittedSubtrees,
  subjectAltName,
  subjectKeyIdentifier,
  uri,
  user,
  utcTime,
} from '../values.js';

const pem = (fixture: string, about: string, build: () => Uint8Array, raises: FindingCode): Fixture =>
  single(fixture, about, 'pem', () => encodePem('CERTIFICATE', build()), [raises]);

const userWith = (...extensions: readonly Buffer[]): Buffer =>
  userCertificate(jane, 'jane', { extensions: leafExtensions(clusterCa, extKeyUsage('clientAuth'), ...extensions) });
const userWithKey = (key: Buffer): Buffer => userCertificate(jane, 'jane', { publicKey: key });
const named = (...attributes: readonly Buffer[]): Buffer =>
  userCertificate(name(...attributes, attribute('CN', 'jane')));

const authorityWith = (constraint: Buffer): Buffer =>
  authority(user('bounded'), 'other-ca', {
    extensions: [
      keyUsage('digitalSignature', 'keyCertSign'),
      basicConstraints(true),
      subjectKeyIdentifier(keyIdentifierOf('other-ca')),
      constraint,
    ],
  });
const constrainedTo = (...bases: readonly Buffer[]): Buffer => authorityWith(permittedSubtrees(...bases));

/** The algorithm of a public key, and the octets in its BIT STRING. */
const partsOf = (spki: Buffer): { readonly algorithm: Buffer; readonly key: Buffer } => {
  const fields = inside(onlyElement(spki, 'a key'));
  return { algorithm: fields.next().raw, key: fields.next().content.subarray(1) };
};

const RSA = '1.2.840.113549.1.1.1';
const rsaKeyWith = (exponent: Buffer): Buffer => {
  const { algorithm, key } = partsOf(publicKey('rsa-leaf'));
  return sequence(algorithm, bitString(sequence(inside(onlyElement(key, 'a key')).next().raw, exponent)));
};

/** X.667: an identifier that somebody made from a UUID, with a number of 128 bits. */
const uuidIdentifier = der(Tag.OBJECT_IDENTIFIER, Buffer.from('6983f9d4fb9dfbb4f5ecb3a0c5a1e0d2cbb96d', 'hex'));

const wrongKey = (about: string, fixture: string, build: () => Uint8Array): Fixture =>
  single(fixture, about, 'pem', () => encodePem('PRIVATE KEY', build()), ['PrivateKeyInvalid']);

/** The OCTET STRING inside the PKCS#8 of a key. */
const innerOf = (key: 'ed25519' | 'jane'): Buffer => {
  const info = inside(onlyElement(privateKey(key).export({ type: 'pkcs8', format: 'der' }), 'a key'));
  info.next();
  info.next();
  return info.next().content;
};

/** Objects that other software loads, and crypto/x509 of Go does not. */
export const goRefusalFixtures: readonly Fixture[] = [
  pem(
    'time-with-offset-of-zero',
    'a UTCTime that says +0000 instead of Z',
    () => userCertificate(jane, 'jane', { notAfter: utcTime('271031020000+0000') }),
    'NotLoadable',
  ),
  pem(
    'time-with-fraction',
    'a GeneralizedTime with half a second',
    () => userCertificate(jane, 'jane', { notAfter: generalizedTime('20501031000000.5Z') }),
    'NotLoadable',
  ),
  pem(
    'time-in-month-13',
    'a UTCTime that does not exist',
    () => userCertificate(jane, 'jane', { notAfter: utcTime('271331000000Z') }),
    'NotLoadable',
  ),
  pem(
    'list-named-relative-to-its-issuer',
    'a CRL distribution point with nameRelativeToCRLIssuer',
    () =>
      userWith(
        extension(
          '2.5.29.31',
          sequence(
            sequence(
              der(contextConstructed(0), der(contextConstructed(1), attribute('CN', 'list-1'))),
              der(contextConstructed(2), der(contextConstructed(4), name(attribute('CN', 'lists')))),
            ),
          ),
        ),
      ),
    'NotLoadable',
  ),
  pem(
    'bit-string-in-name',
    'an x500UniqueIdentifier, which is a BIT STRING',
    () => named(sequence(oid('2.5.4.45'), bitString(Buffer.of(0x12, 0x34)))),
    'NotLoadable',
  ),
  pem(
    'universal-string-in-name',
    'a UniversalString',
    () => named(attribute('O', latin1('\0\0\0d\0\0\0e\0\0\0v'), Tag.UNIVERSAL_STRING)),
    'NotLoadable',
  ),
  pem(
    'noncharacter-in-name',
    'a BMPString with U+FFFE',
    () => named(attribute('O', latin1('\0d\xff\xfe'), Tag.BMP_STRING)),
    'NotLoadable',
  ),
  pem(
    'mask-not-contiguous',
    'a name constraint of 10.0.0.0/255.0.255.0',
    () => constrainedTo(ip(10, 0, 0, 0, 255, 0, 255, 0)),
    'MalformedExtension',
  ),
  pem(
    'constraint-is-no-mailbox',
    'a name constraint of @good.com',
    () => constrainedTo(email('@good.com')),
    'MalformedExtension',
  ),
  pem(
    'constraint-is-no-domain',
    'name constraints with an empty label and with an address as the host of URIs',
    () => constrainedTo(dns('corp..example'), uri('10.0.0.1')),
    'MalformedExtension',
  ),
  pem(
    'alternative-name-is-no-uri',
    'a URI with a blank in its host',
    () => userWith(subjectAltName(uri('https://web server.corp.example/'))),
    'MalformedExtension',
  ),
  pem(
    'policy-constraint-not-minimal',
    'policy constraints with a number in two octets where one is enough',
    () => authorityWith(extension('2.5.29.36', sequence(der(contextPrimitive(0), Buffer.of(0, 1))), true)),
    'MalformedExtension',
  ),
  pem(
    'extension-of-uuid',
    'an extension whose identifier was made from a UUID',
    () => userWith(sequence(uuidIdentifier, octetString(NULL))),
    'NotLoadable',
  ),
  pem(
    'purpose-of-uuid',
    'an extended key usage whose identifier was made from a UUID',
    () =>
      userCertificate(jane, 'jane', {
        extensions: leafExtensions(
          clusterCa,
          extension('2.5.29.37', sequence(oid('1.3.6.1.5.5.7.3.2'), uuidIdentifier)),
        ),
      }),
    'NotLoadable',
  ),
  pem('version-4', 'version 4', () => userCertificate(jane, 'jane', { version: 3 }), 'VersionContradictory'),
  pem(
    'rsa-parameters-not-empty',
    'an RSA key beside a NULL with content',
    () =>
      userWithKey(
        sequence(sequence(oid(RSA), der(Tag.NULL, Buffer.of(0))), bitString(partsOf(publicKey('rsa-leaf')).key)),
      ),
    'PublicKeyInvalid',
  ),
  pem(
    'rsa-exponent-of-64-bits',
    'an RSA key with an exponent of 64 bits',
    () => userWithKey(rsaKeyWith(integer(0, 0x80, 0, 0, 0, 0, 0, 0, 1))),
    'PublicKeyInvalid',
  ),
  pem(
    'key-with-unused-bits',
    'an EC key whose bits are not whole octets',
    () => {
      const { algorithm, key } = partsOf(publicKey('jane'));
      return userWithKey(sequence(algorithm, der(Tag.BIT_STRING, Buffer.of(4), key, Buffer.of(0))));
    },
    'PublicKeyInvalid',
  ),
  pem(
    'compressed-point',
    'a point of P-256 in compressed form',
    () => {
      const { algorithm, key } = partsOf(publicKey('jane'));
      const compressed = Buffer.concat([Buffer.of(2 + ((key.at(-1) ?? 0) & 1)), key.subarray(1, 33)]);
      return userWithKey(sequence(algorithm, bitString(compressed)));
    },
    'NotLoadable',
  ),
  pem(
    'dsa-parameters-inherited',
    'a DSA key that has its parameters from the issuer',
    () => userWithKey(sequence(sequence(oid('1.2.840.10040.4.1')), bitString(integer(0x12, 0x34)))),
    'NotLoadable',
  ),
  single(
    'request-without-attributes',
    'a request that leaves its attributes out',
    'der',
    () => readCsrFixture('missing-attributes.der'),
    ['NotLoadable'],
  ),
  wrongKey('PKCS#8, RSA, with an exponent of 32 bits', 'key-rsa-exponent-of-32-bits', () =>
    privateKey('rsa-exponent-of-32-bits').export({ type: 'pkcs8', format: 'der' }),
  ),
  single(
    'public-key-under-rsa-of-x509',
    'an RSA key under the identifier that X.509 gave RSA',
    'pem',
    () => {
      const { key } = partsOf(publicKey('rsa-leaf'));
      return encodePem('PUBLIC KEY', sequence(sequence(oid('2.5.8.1.1'), NULL), bitString(key)));
    },
    ['NotLoadable'],
  ),
  single(
    'public-key-exponent-of-32-bits',
    'an RSAPublicKey with an exponent of 32 bits',
    'pem',
    () => encodePem('RSA PUBLIC KEY', partsOf(publicKey('rsa-exponent-of-32-bits')).key),
    ['NotLoadable'],
  ),
  wrongKey('PKCS#8, Ed25519, with parameters', 'key-ed25519-with-parameters', () =>
    sequence(integer(0), sequence(oid('1.3.101.112'), NULL), octetString(innerOf('ed25519'))),
  ),
  wrongKey('PKCS#8, P-256, with an EC key of version 2', 'key-ec-version-2', () => {
    const fields = inside(onlyElement(innerOf('jane'), 'a key'));
    fields.next();
    const curve = oid('1.2.840.10045.3.1.7');
    return sequence(
      integer(0),
      sequence(oid('1.2.840.10045.2.1'), curve),
      octetString(sequence(integer(2), fields.next().raw)),
    );
  }),
];
