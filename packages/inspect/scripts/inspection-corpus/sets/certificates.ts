import { constants, createPublicKey, sign } from 'node:crypto';
import {
  bitString,
  contextConstructed,
  contextPrimitive,
  der,
  encodePem,
  oid,
  sequence,
  Tag,
  writeKeyUsage,
} from '@kubepass/x509';
import { readCertificationRequestTree } from '@kubepass/x509/tree';
import { readCsrFixture } from '../../../../x509/test/fixtures/csr/index.js';
import {
  authority,
  certificate,
  clusterCa,
  clusterCaCertificate,
  issuerOf,
  jane,
  janesCertificate,
  keyIdentifierOf,
  leafExtensions,
  serverCertificate,
  signatureAlgorithm,
  userCertificate,
} from '../certificates.js';
import { type Fixture, single } from '../fixture.js';
import { privateKey, publicKey } from '../keys.js';
import { openssl } from '../openssl.js';
import type { FindingCode } from '../../../src/model/catalogue.js';
import {
  attribute,
  authorityKeyIdentifier,
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
  otherName,
  permittedSubtrees,
  subjectAltName,
  subjectKeyIdentifier,
  time,
  TRUE,
  uri,
  user,
  utcTime,
} from '../values.js';

export const pemOf = (certificateDer: Uint8Array): string => encodePem('CERTIFICATE', certificateDer);

const pem = (fixture: string, about: string, build: () => Uint8Array, ...raises: readonly FindingCode[]): Fixture =>
  single(fixture, about, 'pem', () => pemOf(build()), raises);

/** A user certificate whose extensions are wrong. */
const userWith = (...extensions: readonly Buffer[]): Buffer => userCertificate(jane, 'jane', { extensions });
const janesUsual = [keyUsage('digitalSignature'), extKeyUsage('clientAuth'), basicConstraints(false)];
const janesAuthority = () => authorityKeyIdentifier(keyIdentifierOf('cluster-ca'));
const webServer = user('web');
const webNames = [dns('web.corp.example')];

/** An AlgorithmIdentifier of RSASSA-PSS with SHA-256 (RFC 4055 3.1), and a certificate that is signed so. */
const pssAlgorithm = (saltLength: number): Buffer => {
  const sha256 = sequence(oid('2.16.840.1.101.3.4.2.1'), NULL);
  const parameters = [sha256, sequence(oid('1.2.840.113549.1.1.8'), sha256), integer(saltLength)];
  return sequence(
    oid('1.2.840.113549.1.1.10'),
    sequence(...parameters.map((parameter, tag) => der(contextConstructed(tag), parameter))),
  );
};
const signedWithPss = (saltLength: number): Buffer =>
  userCertificate(jane, 'jane', {
    innerAlgorithm: pssAlgorithm(saltLength),
    outerAlgorithm: pssAlgorithm(saltLength),
    sign: (signed) =>
      sign('sha256', signed, {
        key: privateKey('cluster-ca'),
        padding: constants.RSA_PKCS1_PSS_PADDING,
        saltLength,
      }),
  });

const policies = (...ids: readonly string[]): Buffer =>
  extension('2.5.29.32', sequence(...ids.map((id) => sequence(oid(id)))));

const good: readonly Fixture[] = [
  pem('user', 'a user certificate as this service issues it; our inventory knows it', janesCertificate),
  pem('cluster-ca', 'the CA of one of our clusters', clusterCaCertificate),
  pem('other-ca', 'a CA that nobody here knows', () => authority(user('other'), 'other-ca')),
  pem('k3s-server-ca', 'the serving CA of a cluster of ours that has two', () =>
    authority(user('k3s-server-ca'), 'k3s-server-ca'),
  ),
  pem('k3s-client-ca', 'the client CA of a cluster of ours that has two', () =>
    authority(user('k3s-client-ca'), 'k3s-client-ca'),
  ),
  pem('api-server', "an API server's certificate with all its names", () => serverCertificate()),
  single('user-der', 'a user certificate in DER', 'der', janesCertificate),
  pem('user-without-groups', 'a username alone', () => userCertificate(user('bob'), 'bob')),
  pem('user-groups-in-rdns', 'a user certificate with an RDN for each group', () =>
    userCertificate(name(attribute('O', 'dev'), attribute('O', 'ops'), attribute('CN', 'jane'))),
  ),
  pem('user-with-uid', 'a user certificate that sets the UID', () =>
    userCertificate(name(attribute('UID', '4711'), attribute('CN', 'jane'))),
  ),
  pem('user-ed25519', 'a key of Ed25519', () => userCertificate(jane, 'ed25519')),
  pem('user-p384', 'a key on P-384', () => userCertificate(jane, 'p384')),
  pem('user-p521', 'a key on P-521', () => userCertificate(jane, 'p521')),
  pem('user-rsa', 'an RSA key of 2048 bits, for encipherment too', () =>
    userCertificate(jane, 'rsa-leaf', {
      extensions: [
        keyUsage('digitalSignature', 'keyEncipherment'),
        extKeyUsage('clientAuth'),
        basicConstraints(false),
        janesAuthority(),
      ],
    }),
  ),
  pem('kubelet-client', 'what a kubelet calls the API server with', () =>
    userCertificate(user('system:node:worker-1', 'system:nodes')),
  ),
  pem('kubelet-serving', 'what a kubelet serves with', () =>
    serverCertificate(user('system:node:worker-1', 'system:nodes'), [dns('worker-1'), ip(10, 20, 0, 7)]),
  ),
  pem('web-server', 'a server that is no part of Kubernetes', () => serverCertificate(webServer, webNames)),
  pem('every-general-name', 'one subject alternative name of each kind', () =>
    serverCertificate(webServer, [
      ...webNames,
      email('web@corp.example'),
      uri('https://corp.example/web'),
      ip(10, 1, 2, 3),
      ip(...Array.from({ length: 15 }, () => 0), 1),
      otherName('1.3.6.1.4.1.311.20.2.3', der(Tag.UTF8_STRING, latin1('web@corp.example'))),
      der(contextConstructed(4), name(attribute('CN', 'web'))),
      der(contextPrimitive(8), oid('1.2.3.4').subarray(2)),
    ]),
  ),
  pem('extensions-of-all-kinds', 'policies, distribution points, authority information, an unknown one', () =>
    userWith(
      ...janesUsual,
      janesAuthority(),
      subjectKeyIdentifier(keyIdentifierOf('jane')),
      extension('2.5.29.32', sequence(sequence(oid('2.23.140.1.2.1')))),
      extension(
        '2.5.29.31',
        sequence(
          sequence(der(contextConstructed(0), der(contextConstructed(0), uri('http://crl.corp.example/ca.crl')))),
        ),
      ),
      extension('1.3.6.1.5.5.7.1.1', sequence(sequence(oid('1.3.6.1.5.5.7.48.1'), uri('http://ocsp.corp.example')))),
      extension('1.3.6.1.4.1.55555.1', der(Tag.UTF8_STRING, latin1('anything'))),
    ),
  ),
];

const validity: readonly Fixture[] = [
  pem(
    'expired',
    'ended last summer',
    () => userCertificate(jane, 'jane', { notBefore: time('2026-01-01'), notAfter: time('2026-07-01') }),
    'CertificateExpired',
  ),
  pem(
    'not-yet-valid',
    'begins next year',
    () => userCertificate(jane, 'jane', { notBefore: time('2027-01-01'), notAfter: time('2027-07-01') }),
    'CertificateNotYetValid',
  ),
  pem(
    'expires-soon',
    'ends within the week',
    () => userCertificate(jane, 'jane', { notAfter: time('2026-12-05') }),
    'CertificateExpiresSoon',
  ),
  pem(
    'ends-within-a-day',
    'a short life that is not in its last third yet',
    () => userCertificate(jane, 'jane', { notBefore: time('2026-11-30T12:00Z'), notAfter: time('2026-12-01T20:00Z') }),
    'CertificateEndsWithinDay',
  ),
  pem(
    'valid-for-five-years',
    'a user certificate for five years',
    () => userCertificate(jane, 'jane', { notAfter: time('2031-10-31') }),
    'ValidityTooLong',
  ),
  pem('ca-for-thirty-years', 'a root for thirty years', () =>
    authority(user('old'), 'other-ca', { notAfter: time('2056-01-01') }),
  ),
  pem(
    'intermediate-for-thirty-years',
    'a CA for thirty years that another one signed',
    () => authority(user('old'), 'other-ca', { issuer: issuerOf(user('older'), 'root'), notAfter: time('2056-01-01') }),
    'ValidityTooLong',
  ),
  pem(
    'ends-before-it-begins',
    'notAfter before notBefore',
    () => userCertificate(jane, 'jane', { notBefore: time('2027-06-01'), notAfter: time('2027-05-01') }),
    'ValidityInverted',
  ),
  pem(
    'generalized-time-before-2050',
    'GeneralizedTime where UTCTime belongs',
    () => userCertificate(jane, 'jane', { notAfter: generalizedTime('20271031000000Z') }),
    'ValidityEncodedWrong',
  ),
  pem(
    'time-without-seconds',
    'UTCTime to the minute',
    () => userCertificate(jane, 'jane', { notAfter: utcTime('2710310000Z') }),
    'ValidityEncodedWrong',
  ),
  pem(
    'time-with-zone',
    'UTCTime with an offset',
    () => userCertificate(jane, 'jane', { notAfter: utcTime('271031020000+0200') }),
    'ValidityEncodedWrong',
  ),
  pem(
    'no-expiration-date',
    '99991231235959Z',
    () => userCertificate(jane, 'jane', { notAfter: generalizedTime('99991231235959Z') }),
    'NoExpirationDate',
  ),
];

const keys: readonly Fixture[] = [
  pem('rsa-1024', 'an RSA key of 1024 bits', () => userCertificate(jane, 'rsa-1024'), 'WeakRsaKey'),
  pem('rsa-exponent-3', 'exponent 3', () => userCertificate(jane, 'rsa-exponent-3'), 'RsaExponentSmall'),
  pem(
    'rsa-exponent-43147',
    'a root with exponent 43147, as one in use has',
    () => authority(user('old root'), 'rsa-exponent-43147'),
    'RsaExponentSmall',
  ),
  pem('p224', 'a key on P-224', () => userCertificate(jane, 'p224'), 'WeakEllipticCurve'),
  pem(
    'explicit-curve',
    'P-256, spelt out',
    () =>
      userCertificate(jane, 'jane', {
        publicKey: openssl(
          ['ec', '-pubin', '-inform', 'DER', '-in', 'in', '-param_enc', 'explicit', '-outform', 'DER', '-out', 'out'],
          { in: publicKey('jane') },
        ),
      }),
    'ExplicitCurveParameters',
  ),
  pem('secp256k1', 'a key on secp256k1', () => userCertificate(jane, 'secp256k1'), 'NotLoadable'),
  pem('ed448', 'a key of Ed448', () => userCertificate(jane, 'ed448'), 'KeyAlgorithmUnsupported'),
  pem('dsa', 'a DSA key', () => userCertificate(jane, 'dsa'), 'KeyAlgorithmUnsupported'),
  pem('rsa-pss-key', 'a key for RSASSA-PSS alone', () => userCertificate(jane, 'rsa-pss')),
  pem(
    'point-off-curve',
    'a point that is not on its curve',
    () => {
      const damaged = Buffer.from(publicKey('jane'));
      damaged.writeUInt8(damaged.readUInt8(damaged.length - 1) ^ 1, damaged.length - 1);
      return userCertificate(jane, 'jane', { publicKey: damaged });
    },
    'PublicKeyInvalid',
  ),
  pem(
    'even-modulus',
    'an RSA modulus that is even',
    () => {
      const { n } = createPublicKey(privateKey('rsa-leaf')).export({ format: 'jwk' });
      const modulus = Buffer.from(n ?? '', 'base64url');
      modulus.writeUInt8(modulus.readUInt8(255) & 0xfe, 255);
      const numbers = sequence(der(Tag.INTEGER, Buffer.of(0), modulus), integer(1, 0, 1));
      return userCertificate(jane, 'rsa-leaf', {
        publicKey: sequence(sequence(oid('1.2.840.113549.1.1.1'), NULL), bitString(numbers)),
      });
    },
    'PublicKeyInvalid',
  ),
  ...[
    ['rsa-prime-modulus', 'an RSA modulus that is prime'],
    ['rsa-factor-251', 'an RSA modulus with a small factor'],
    ['rsa-square', 'an RSA modulus that is a square'],
    ['rsa-close-factors', 'an RSA modulus whose factors are close to each other'],
    ['rsa-roca', 'an RSA key of a library with the flaw ROCA'],
  ].map(([fixture = '', about = '']) =>
    pem(
      fixture,
      about,
      () => userCertificate(jane, 'jane', { publicKey: weakKey(`${fixture}.der`) }),
      'RsaKeyFactorable',
    ),
  ),
];

/** The key of a CSR fixture. */
const weakKey = (file: string): Buffer => readCertificationRequestTree(readCsrFixture(file)).publicKey.raw;

const signatures: readonly Fixture[] = [
  pem('sha1-signature', 'signed with SHA-1', () => userCertificate(jane, 'jane', { hash: 'sha1' }), 'WeakSignature'),
  pem('md5-signature', 'signed with MD5', () => userCertificate(jane, 'jane', { hash: 'md5' }), 'WeakSignature'),
  pem('signed-with-pss', 'signed with RSASSA-PSS as Go takes it', () => signedWithPss(32)),
  pem(
    'pss-salt-of-20-octets',
    'RSASSA-PSS with the default salt, which is shorter than its digest',
    () => signedWithPss(20),
    'RsaPssParametersUnusable',
  ),
  pem(
    'algorithms-differ',
    'another algorithm inside than outside',
    () => userCertificate(jane, 'jane', { innerAlgorithm: signatureAlgorithm(privateKey('cluster-ca'), 'sha384') }),
    'SignatureAlgorithmsDiffer',
  ),
  pem(
    'signature-parameters-missing',
    'signed with RSA, and the parameters of the algorithm are absent, not NULL',
    () => {
      const bare = sequence(oid('1.2.840.113549.1.1.11'));
      return userCertificate(jane, 'jane', { innerAlgorithm: bare, outerAlgorithm: bare });
    },
    'SignatureParametersUnusual',
  ),
  pem(
    'signature-parameters-superfluous',
    'signed with ECDSA, and the parameters of the algorithm are NULL, not absent',
    () => {
      const full = sequence(oid('1.2.840.10045.4.3.2'), NULL);
      return authority(user('full'), 'k3s-server-ca', { innerAlgorithm: full, outerAlgorithm: full });
    },
    'SignatureParametersUnusual',
  ),
  pem(
    'self-signature-damaged',
    'a root whose signature is not its own; it looks like a CA that an older one of its name signed',
    () => authority(user('damaged'), 'other-ca', { signature: Buffer.alloc(256, 1) }),
    'IssuerMissing',
  ),
  pem(
    'signature-algorithm-unknown',
    'signed with an algorithm that nobody knows',
    () => {
      const unknown = sequence(oid('1.3.6.1.4.1.55555.2'));
      return authority(user('unknown'), 'other-ca', { innerAlgorithm: unknown, outerAlgorithm: unknown });
    },
    'SignatureNotChecked',
  ),
];

const purposes: readonly Fixture[] = [
  pem(
    'ca-without-basic-constraints',
    'a CA of version 3 without basic constraints',
    () =>
      authority(user('bare'), 'other-ca', {
        extensions: [keyUsage('keyCertSign'), subjectKeyIdentifier(keyIdentifierOf('other-ca'))],
      }),
    'BasicConstraintsMissing',
  ),
  pem(
    'ca-basic-constraints-not-critical',
    'CA:TRUE that is not critical',
    () =>
      authority(user('lax'), 'other-ca', {
        extensions: [
          keyUsage('keyCertSign', 'cRLSign'),
          basicConstraints(true, null, false),
          subjectKeyIdentifier(keyIdentifierOf('other-ca')),
        ],
      }),
    'BasicConstraintsNotCritical',
  ),
  pem(
    'leaf-with-path-length',
    'a path length without CA:TRUE',
    () =>
      userWith(keyUsage('digitalSignature'), extKeyUsage('clientAuth'), basicConstraints(false, 0), janesAuthority()),
    'PathLengthWithoutCa',
  ),
  pem(
    'no-key-usage',
    'a user certificate without key usage',
    () => userWith(extKeyUsage('clientAuth'), basicConstraints(false), janesAuthority()),
    'KeyUsageMissing',
  ),
  pem(
    'leaf-that-may-sign-certificates',
    'keyCertSign in a leaf',
    () =>
      userWith(
        keyUsage('digitalSignature', 'keyCertSign'),
        extKeyUsage('clientAuth'),
        basicConstraints(false),
        janesAuthority(),
      ),
    'KeyUsageContradictory',
  ),
  pem(
    'server-for-key-encipherment-alone',
    'an RSA server that may not sign',
    () =>
      serverCertificate(webServer, webNames, {
        key: 'rsa-leaf',
        extensions: [
          keyUsage('keyEncipherment'),
          extKeyUsage('serverAuth'),
          basicConstraints(false),
          janesAuthority(),
          subjectAltName(...webNames),
        ],
      }),
    'KeyUsageLacksSignature',
  ),
  pem(
    'signs-code-and-may-not-sign',
    'a key usage that goes with none of its purposes',
    () => userWith(keyUsage('keyAgreement'), extKeyUsage('codeSigning'), basicConstraints(false), janesAuthority()),
    'KeyUsageContradictory',
  ),
  pem(
    'name-constraints-in-a-leaf',
    'name constraints in what is no CA',
    () => userWith(...janesUsual, janesAuthority(), permittedSubtrees(dns('corp.example'))),
    'ConstraintInLeaf',
  ),
  pem(
    'policy-constraints-in-a-leaf',
    'policy constraints, not critical, in what is no CA',
    () =>
      userWith(
        ...janesUsual,
        janesAuthority(),
        extension('2.5.29.36', sequence(der(contextPrimitive(0), Buffer.of(0)))),
      ),
    'ConstraintInLeaf',
    'ExtensionNotCritical',
  ),
  pem(
    'authority-key-identifier-critical',
    'an authority key identifier that is critical, which Go refuses',
    () =>
      userWith(
        ...janesUsual,
        extension('2.5.29.35', sequence(der(contextPrimitive(0), keyIdentifierOf('cluster-ca'))), true),
      ),
    'ExtensionWronglyCritical',
  ),
  pem(
    'authority-information-critical',
    'where to ask for its state, and critical, which Go refuses',
    () =>
      userWith(
        ...janesUsual,
        janesAuthority(),
        extension(
          '1.3.6.1.5.5.7.1.1',
          sequence(sequence(oid('1.3.6.1.5.5.7.48.1'), uri('http://ocsp.corp.example'))),
          true,
        ),
      ),
    'ExtensionWronglyCritical',
  ),
  pem(
    'name-constraints-not-critical',
    'a CA whose name constraints are not critical',
    () =>
      authority(user('narrow'), 'other-ca', {
        extensions: [
          keyUsage('keyCertSign', 'cRLSign'),
          basicConstraints(true),
          subjectKeyIdentifier(keyIdentifierOf('other-ca')),
          extension('2.5.29.30', sequence(der(contextConstructed(0), sequence(dns('corp.example'))))),
        ],
      }),
    'ExtensionNotCritical',
  ),
  pem(
    'key-usage-not-critical',
    'a key usage that is not critical',
    () =>
      userWith(
        extension('2.5.29.15', writeKeyUsage(['digitalSignature'])),
        extKeyUsage('clientAuth'),
        basicConstraints(false),
        janesAuthority(),
      ),
    'CriticalityUnusual',
  ),
  pem(
    'alternative-names-critical',
    'subject alternative names that are critical beside a subject',
    () =>
      serverCertificate(webServer, webNames, {
        extensions: [
          ...leafExtensions(clusterCa, extKeyUsage('serverAuth')),
          extension('2.5.29.17', sequence(...webNames), true),
        ],
      }),
    'CriticalityUnusual',
  ),
  pem(
    'policy-twice',
    'a certificate policy that is there twice, which Go refuses',
    () => userWith(...janesUsual, janesAuthority(), policies('2.23.140.1.2.1', '1.2.3.4', '2.23.140.1.2.1')),
    'DuplicatePolicy',
  ),
  pem(
    'encipherment-with-ecdsa',
    'keyEncipherment with a key that cannot',
    () =>
      userWith(
        keyUsage('digitalSignature', 'keyEncipherment'),
        extKeyUsage('clientAuth'),
        basicConstraints(false),
        janesAuthority(),
      ),
    'KeyUsageNotForKey',
  ),
  pem(
    'no-extended-key-usage',
    'for any purpose, since it names none',
    () => userWith(keyUsage('digitalSignature'), basicConstraints(false), janesAuthority()),
    'ExtendedKeyUsageMissing',
  ),
  pem(
    'any-extended-key-usage',
    'anyExtendedKeyUsage',
    () =>
      userWith(
        keyUsage('digitalSignature'),
        extKeyUsage('clientAuth', 'any'),
        basicConstraints(false),
        janesAuthority(),
      ),
    'AnyExtendedKeyUsage',
  ),
  pem(
    'ca-without-subject-key-identifier',
    'a CA without subject key identifier',
    () => authority(user('nameless'), 'other-ca', { extensions: [keyUsage('keyCertSign'), basicConstraints(true)] }),
    'SubjectKeyIdentifierMissing',
  ),
  pem(
    'common-name-not-among-names',
    'a server whose common name is a host that its alternative names leave out',
    () => serverCertificate(user('www.corp.example'), webNames),
    'CommonNameNotAmongNames',
  ),
  pem(
    'no-authority-key-identifier',
    'a user certificate without authority key identifier',
    () => userWith(...janesUsual),
    'AuthorityKeyIdentifierMissing',
  ),
  pem(
    'no-part-in-authority-key-identifier',
    'a user certificate whose authority key identifier has no part',
    () => userWith(...janesUsual, extension('2.5.29.35', sequence())),
    'AuthorityKeyIdentifierMissing',
  ),
  pem(
    'unknown-critical-extension',
    'an extension that nobody knows, and critical',
    () => userWith(...janesUsual, janesAuthority(), extension('1.3.6.1.4.1.55555.1', NULL, true)),
    'UnknownCriticalExtension',
  ),
];

const serialNumbers: readonly Fixture[] = [
  pem(
    'serial-zero',
    'serial number 0',
    () => userCertificate(jane, 'jane', { serialNumber: integer(0) }),
    'SerialNumberNotPositive',
  ),
  pem(
    'serial-negative',
    'a negative serial number',
    () => userCertificate(jane, 'jane', { serialNumber: integer(0x91, 1, 2, 3, 4, 5, 6, 7, 8) }),
    'SerialNumberNotPositive',
  ),
  pem(
    'serial-21-octets',
    'a serial number of 21 octets',
    () => userCertificate(jane, 'jane', { serialNumber: der(Tag.INTEGER, Buffer.alloc(21, 0x41)) }),
    'SerialNumberTooLong',
  ),
  pem(
    'serial-one',
    'serial number 1',
    () => userCertificate(jane, 'jane', { serialNumber: integer(1) }),
    'SerialNumberLowEntropy',
  ),
];

const encodings: readonly Fixture[] = [
  single(
    'length-not-minimal',
    'a length in more octets than it takes',
    'der',
    () => {
      const whole = janesCertificate();
      return Buffer.concat([Buffer.of(0x30, 0x83, 0), whole.subarray(2)]);
    },
    ['NonMinimalEncoding'],
  ),
  pem(
    'serial-not-minimal',
    'a serial number with a leading zero octet too many',
    () => userCertificate(jane, 'jane', { serialNumber: integer(0, 0, 0x41, 2, 3, 4, 5, 6, 7, 8, 9) }),
    'NonMinimalEncoding',
  ),
  single(
    'indefinite-length',
    'the certificate around its parts in BER',
    'der',
    () => {
      const whole = janesCertificate();
      return Buffer.concat([Buffer.of(0x30, 0x80), whole.subarray(4), Buffer.of(0, 0)]);
    },
    ['NonDerEncoding'],
  ),
  pem(
    'boolean-one',
    'TRUE as 01',
    () =>
      userWith(
        ...janesUsual,
        janesAuthority(),
        sequence(oid('1.3.6.1.4.1.55555.1'), der(Tag.BOOLEAN, Buffer.of(1)), der(Tag.OCTET_STRING, NULL)),
      ),
    'NonDerEncoding',
  ),
  pem(
    'critical-false',
    'a default that is written out',
    () =>
      userWith(
        extKeyUsage('clientAuth'),
        basicConstraints(false),
        janesAuthority(),
        keyUsage('digitalSignature'),
        sequence(oid('1.3.6.1.4.1.55555.1'), der(Tag.BOOLEAN, Buffer.of(0)), der(Tag.OCTET_STRING, NULL)),
      ),
    'EncodingUnusual',
  ),
  pem(
    'key-usage-with-zeros-at-its-end',
    'all nine bits of keyUsage, and cA FALSE written out',
    () =>
      userWith(
        extKeyUsage('clientAuth'),
        extension('2.5.29.19', sequence(der(Tag.BOOLEAN, Buffer.of(0))), true),
        janesAuthority(),
        extension('2.5.29.15', der(Tag.BIT_STRING, Buffer.of(7, 0x80, 0)), true),
      ),
    'EncodingUnusual',
  ),
  single(
    'trailing-octets',
    'octets after the certificate',
    'der',
    () => Buffer.concat([janesCertificate(), latin1('more')]),
    ['TrailingData'],
  ),
  pem(
    'trailing-octets-in-pem',
    'octets after the certificate, inside the PEM block',
    () => Buffer.concat([janesCertificate(), Buffer.of(0)]),
    'TrailingData',
  ),
  pem(
    'duplicate-extension',
    'key usage twice',
    () => userWith(...janesUsual, keyUsage('digitalSignature', 'keyAgreement'), janesAuthority()),
    'DuplicateExtension',
  ),
  pem(
    'malformed-extension',
    'basic constraints that are an INTEGER',
    () =>
      userWith(
        keyUsage('digitalSignature'),
        extKeyUsage('clientAuth'),
        extension('2.5.29.19', integer(1), true),
        janesAuthority(),
      ),
    'MalformedExtension',
  ),
  single('cut-off', 'the first half of a certificate', 'der', () => janesCertificate().subarray(0, 200), [
    'MalformedObject',
  ]),
  pem(
    'certificate-without-validity',
    'a certificate without one of its fields',
    () => {
      const algorithm = signatureAlgorithm(privateKey('cluster-ca'), 'sha256');
      const tbs = sequence(
        der(contextConstructed(0), integer(2)),
        integer(77),
        algorithm,
        jane,
        jane,
        publicKey('jane'),
      );
      return sequence(tbs, algorithm, bitString(Buffer.alloc(256, 1)));
    },
    'MalformedObject',
  ),
  pem(
    'version-1',
    'no version and no extensions',
    () => userCertificate(jane, 'jane', { version: null, extensions: [] }),
    'VersionNotV3',
  ),
  pem(
    'version-2',
    'extensions in version 2',
    () => userCertificate(jane, 'jane', { version: 1 }),
    'VersionContradictory',
  ),
  pem(
    'unique-identifiers',
    'issuer and subject unique identifiers',
    () => userCertificate(jane, 'jane', { issuerUniqueId: Buffer.of(1, 2, 3), subjectUniqueId: Buffer.of(4, 5, 6) }),
    'UniqueIdentifierPresent',
  ),
];

const bmp = (text: string): Buffer => Buffer.from(text, 'utf16le').swap16();

const names: readonly Fixture[] = [
  pem(
    'two-common-names',
    'two common names, of which Go takes the last',
    () => userCertificate(name(attribute('CN', 'jane'), attribute('CN', 'admin'))),
    'SeveralCommonNames',
  ),
  pem(
    'ca-with-several-common-names',
    'a CA with two common names, as a directory of Microsoft makes it',
    () => authority(name(attribute('CN', 'Public Key Services'), attribute('CN', 'corp CA')), 'other-ca'),
    'CaWithSeveralCommonNames',
  ),
  pem(
    'blank-before-username',
    'a username that begins with a blank, and looks like another',
    () => userCertificate(user(' admin', 'dev')),
    'BlankInName',
  ),
  pem(
    'blank-behind-group',
    'a group that ends with a blank',
    () => userCertificate(user('jane', 'dev ', 'ops')),
    'BlankInName',
  ),
  pem('two-blanks-in-username', 'two blanks in a row', () => userCertificate(user('jane  doe', 'dev')), 'BlankInName'),
  pem(
    'long-names',
    'a username and a group of 65 characters, and a group of 64 that takes 65 code units',
    () => userCertificate(user('j'.repeat(65), 'd'.repeat(65), `${'o'.repeat(63)}\u{1d7d8}`)),
    'NameTooLong',
  ),
  pem(
    'mixed-rdn',
    'username and group in one RDN',
    () => userCertificate(name([attribute('CN', 'jane'), attribute('O', 'dev')])),
    'MixedMultiValuedRdn',
  ),
  pem('no-common-name', 'groups alone', () => userCertificate(name(attribute('O', 'dev'))), 'NoCommonName'),
  pem('empty-subject', 'an empty subject', () => userCertificate(name()), 'EmptySubject'),
  pem(
    'empty-issuer',
    'an issuer without a name',
    () => userCertificate(jane, 'jane', { issuer: { ...clusterCa, name: name() } }),
    'EmptyIssuer',
  ),
  pem(
    'unexpected-attributes',
    'country, place and address in the subject',
    () =>
      userCertificate(
        name(
          attribute('C', 'DE', Tag.PRINTABLE_STRING),
          attribute('L', 'Köln'),
          attribute('OU', 'platform'),
          attribute('CN', 'jane'),
          attribute('emailAddress', 'jane@corp.example', Tag.IA5_STRING),
        ),
      ),
    'UnexpectedSubjectAttribute',
  ),
  pem(
    'bmp-string',
    'a BMPString and a T61String',
    () =>
      userCertificate(
        name(attribute('O', bmp('dev'), Tag.BMP_STRING), attribute('CN', latin1('jané'), Tag.T61_STRING)),
      ),
    'UnusualStringType',
  ),
  pem(
    'printable-string-with-underscore',
    'a PrintableString that is none',
    () => userCertificate(name(attribute('CN', 'jane_doe', Tag.PRINTABLE_STRING))),
    'MalformedString',
  ),
  pem(
    'utf8-string-damaged',
    'UTF-8 in a form too long',
    () => userCertificate(name(attribute('CN', Buffer.from('6a616e65c0af', 'hex')))),
    'MalformedString',
  ),
  pem(
    'bidirectional-name',
    'a name that shows as another one',
    () => userCertificate(name(attribute('CN', 'jane\u202enimda'))),
    'DeceptiveName',
  ),
  pem(
    'nul-in-name',
    'NUL in a common name',
    () => userCertificate(name(attribute('CN', 'admin\0.example'))),
    'DeceptiveName',
  ),
  pem(
    'system-masters',
    'a member of system:masters',
    () => userCertificate(user('kubernetes-admin', 'system:masters')),
    'SystemMasters',
  ),
  pem(
    'cluster-admins',
    'a member of kubeadm:cluster-admins',
    () => userCertificate(user('kubernetes-admin', 'kubeadm:cluster-admins')),
    'AsInstalled',
  ),
  pem(
    'controller-manager',
    "the controller-manager's username",
    () => userCertificate(user('system:kube-controller-manager')),
    'AsInstalled',
  ),
  pem(
    'privileged-groups',
    'a person in the groups of administrators and nodes',
    () => userCertificate(user('jane', 'cluster-admin', 'kubeadm:cluster-admins', 'system:nodes')),
    'PrivilegedName',
  ),
  pem(
    'user-with-alternative-names',
    'subject alternative names in a user certificate',
    () =>
      userWith(...janesUsual, janesAuthority(), subjectAltName(email('jane@corp.example'), dns('jane.corp.example'))),
    'SubjectAltNameInUserCertificate',
  ),
  pem(
    'server-without-names',
    'a server without alternative names',
    () => serverCertificate(webServer, []),
    'SubjectAltNameMissing',
  ),
  pem(
    'client-and-server-without-names',
    'for clients and servers, without alternative names',
    () => userWith(keyUsage('digitalSignature'), extKeyUsage('serverAuth', 'clientAuth'), basicConstraints(false)),
    'ServerPurposeWithoutName',
  ),
  pem('dns-names-of-all-kinds', 'a wildcard, capitals, an underscore, digits, an international name', () =>
    serverCertificate(
      webServer,
      ['*.corp.example', 'Web.Corp.Example', '_web.corp.example', '9.corp.example', 'xn--bcher-kva.example', 'web'].map(
        dns,
      ),
    ),
  ),
  pem(
    'dns-names-that-nothing-matches',
    'addresses, ports, blanks, dots and wildcards in wrong places',
    () =>
      serverCertificate(
        webServer,
        [
          '10.20.0.1',
          'web.corp.example:443',
          'web .corp.example',
          '.corp.example',
          'web.corp.example.',
          'web.*.example',
          'w*.corp.example',
          'web..example',
          `${'a'.repeat(64)}.example`,
          'https://web.corp.example',
        ].map(dns),
      ),
    'DnsNameUnmatchable',
  ),
  pem(
    'address-as-dns-name-too',
    'an address of the right type, and as a DNS name, as OpenShift writes it',
    () => serverCertificate(webServer, [...webNames, dns('10.20.0.1'), ip(10, 20, 0, 1)]),
    'AddressAsDnsName',
  ),
  pem(
    'api-server-without-kubernetes-names',
    'an API server that does not have the names that pods use',
    () => serverCertificate(user('kube-apiserver'), [dns('api.corp.example'), ip(10, 20, 0, 1)]),
    'SubjectAltNameLacksKubernetesNames',
  ),
  pem('wildcard', 'a wildcard', () => serverCertificate(webServer, [dns('*.corp.example')]), 'WildcardName'),
];

/** Certificates that stand alone. Each has at most one flaw. */
export const certificateFixtures: readonly Fixture[] = [
  ...good,
  ...validity,
  ...keys,
  ...signatures,
  ...purposes,
  ...serialNumbers,
  ...encodings,
  ...names,
  pem(
    'issuer-name-wrong',
    'another name for its CA than the CA has',
    () => userCertificate(jane, 'jane', { issuer: { ...clusterCa, name: user('kubernetes-ca') } }),
    'IssuerNameWrong',
  ),
  pem('self-signed-user', 'a user certificate that signed itself', () =>
    certificate({
      subject: jane,
      key: 'jane',
      extensions: leafExtensions({ ...clusterCa, keyIdentifier: null }, extKeyUsage('clientAuth')),
    }),
  ),
  pem(
    'issuer-unknown',
    'signed by a CA that is not here',
    () => userCertificate(jane, 'jane', { issuer: issuerOf(user('other'), 'other-ca') }),
    'IssuerMissing',
  ),
  pem(
    'authority-key-identifier-of-another',
    'an authority key identifier that is not the one of its CA',
    () => userWith(...janesUsual, authorityKeyIdentifier(keyIdentifierOf('other-ca'))),
    'AuthorityKeyIdentifierWrong',
  ),
  pem('ca-with-path-length', 'a CA with a path length', () =>
    authority(user('bounded'), 'other-ca', {
      extensions: [
        keyUsage('keyCertSign', 'cRLSign'),
        extension('2.5.29.19', sequence(TRUE, integer(1)), true),
        subjectKeyIdentifier(keyIdentifierOf('other-ca')),
      ],
    }),
  ),
];
