import { Type } from 'typebox';
import {
  closed,
  idOf,
  namedObject,
  nullable,
  objectOf,
  oneOf,
  ref,
  sha256Of,
} from '../../src/http/schemas/schema-parts.js';
import {
  extensions,
  hexOf,
  InspectedAlgorithmSchema,
  InspectedNameSchema,
  InspectedPublicKeySchema,
  integerOf,
  listOf,
  oidOf,
  sha1Of,
  typed,
  uploadText,
} from './inspection-object-parts.js';

const keyIdentifier = (description: string) => nullable(hexOf('Key identifier.'), description);

const KubernetesReadingSchema = namedObject('KubernetesReading', 'The identity of the holder at an API server.', {
  username: uploadText('The CN.', 'jane'),
  groups: listOf(uploadText('One group.', 'team-a'), 'The O values.'),
  uid: nullable(uploadText('The UID attribute.')),
  credentialId: uploadText('`authentication.kubernetes.io/credential-id`.', 'X509SHA256=2c26b4…'),
});

const InventoryEntrySchema = namedObject(
  'InventoryEntry',
  'The record of a certificate in the inventory of kubepass.',
  {
    requestId: idOf('The certificate request.'),
    state: uploadText('The state of the request.', 'issued'),
    cluster: uploadText('The cluster.', 'demo'),
    requester: uploadText('The principal who made the request.', 'hr-system'),
    orphan: Type.Boolean({ description: 'True if it was signed and never handed out.' }),
    revocation: nullable(
      closed({
        reason: uploadText('RFC 5280, section 5.3.1.', 'keyCompromise'),
        revokedAt: uploadText('RFC 3339 UTC.', '2026-03-01T09:30:00.000Z'),
      }),
      'Null if it is not revoked.',
    ),
  },
);

const fingerprint = sha256Of('SHA-256 of the DER');

export const InspectedCertificateSchema = typed('InspectedCertificate', 'Certificate', 'A certificate (RFC 5280).', {
  version: integerOf('1, 2 or 3.'),
  serialNumber: uploadText('Lower-case hex without colons; `-` before a negative one.', '019ab3c4'),
  signatureAlgorithm: ref(InspectedAlgorithmSchema),
  issuer: ref(InspectedNameSchema),
  subject: ref(InspectedNameSchema),
  notBefore: uploadText('RFC 3339 UTC.', '2026-03-01T09:30:00Z'),
  notAfter: uploadText('RFC 3339 UTC.', '2027-03-01T09:30:00Z'),
  secondsRemaining: integerOf('Until `notAfter`; negative if the certificate has expired.'),
  publicKey: ref(InspectedPublicKeySchema),
  issuerUniqueId: nullable(hexOf('Hex.')),
  subjectUniqueId: nullable(hexOf('Hex.')),
  extensions: extensions('All extensions, in the order of the encoding.'),
  subjectKeyIdentifier: keyIdentifier('Null if there is none.'),
  authorityKeyIdentifier: keyIdentifier('Null if there is none.'),
  fingerprintSha256: fingerprint,
  fingerprintSha1: sha1Of('SHA-1 of the DER'),
  selfSigned: nullable(
    Type.Boolean(),
    'Whether its own key signed it, checked by signature; null if that cannot be checked.',
  ),
  role: nullable(uploadText('Its role in a Kubernetes cluster.', 'ClusterCA', 'KubeletClient', 'User')),
  kubernetes: nullable(ref(KubernetesReadingSchema), 'Null if the certificate is not for clients.'),
  inventory: nullable(ref(InventoryEntrySchema), 'Null if there is no record, or none that the caller may read.'),
});

export const InspectedCertificationRequestSchema = typed(
  'InspectedCertificationRequest',
  'CertificationRequest',
  'A certification request (PKCS#10, RFC 2986).',
  {
    version: integerOf('0 means version 1.'),
    subject: ref(InspectedNameSchema),
    publicKey: ref(InspectedPublicKeySchema),
    extensions: extensions('The extensions that it requests.'),
    attributes: listOf(oidOf('An attribute.'), 'Other attributes; their values are not shown.'),
    signatureAlgorithm: ref(InspectedAlgorithmSchema),
    signatureValid: nullable(Type.Boolean(), 'Null if it cannot be checked.'),
    fingerprintSha256: fingerprint,
    kubernetes: nullable(
      objectOf('The requested identity.', {
        username: uploadText('The CN.', 'jane'),
        groups: listOf(uploadText('One group.', 'team-a'), 'The O values.'),
        uid: nullable(uploadText('The UID attribute.')),
      }),
    ),
  },
);

export const InspectedCertificateListSchema = typed(
  'InspectedCertificateList',
  'CertificateList',
  'A revocation list (RFC 5280).',
  {
    version: integerOf('1 or 2.'),
    issuer: ref(InspectedNameSchema),
    thisUpdate: uploadText('RFC 3339 UTC.', '2026-03-01T09:30:00Z'),
    nextUpdate: nullable(uploadText('RFC 3339 UTC.', '2026-04-01T09:30:00Z')),
    signatureAlgorithm: ref(InspectedAlgorithmSchema),
    extensions: extensions('The extensions of the list.'),
    revokedCount: integerOf('How many certificates it revokes.', 0),
    revoked: listOf(
      objectOf('One certificate.', {
        serialNumber: uploadText('Lower-case hex.', '019ab3c4'),
        revocationDate: uploadText('RFC 3339 UTC.', '2026-03-01T09:30:00Z'),
        reason: nullable(uploadText('The reason.', 'keyCompromise')),
      }),
      'The first 100 revoked certificates.',
    ),
    fingerprintSha256: fingerprint,
  },
);

export const InspectedPublicKeyObjectSchema = typed('InspectedPublicKeyObject', 'PublicKey', 'A public key.', {
  publicKey: ref(InspectedPublicKeySchema),
});

export const InspectedPrivateKeySchema = typed(
  'InspectedPrivateKey',
  'PrivateKey',
  'A private key. Only its public key is shown.',
  {
    encoding: oneOf(
      ['PKCS#1', 'SEC1', 'PKCS#8', 'EncryptedPKCS#8', 'LegacyEncryptedPEM', 'OpenSSH'],
      'The encoding of the key.',
    ),
    encrypted: Type.Boolean({ description: 'Whether it is encrypted with a password.' }),
    encryption: nullable(uploadText('How it is encrypted.', 'PBES2 PBKDF2-HMAC-SHA256 2048 iterations AES-256-CBC')),
    publicKey: nullable(
      ref(InspectedPublicKeySchema),
      'Null if the key was not decrypted, and for OpenSSH keys, which are not decoded.',
    ),
  },
);

export const InspectedPkcs7Schema = typed('InspectedPkcs7', 'PKCS7', 'PKCS#7 (RFC 2315), CMS.', {
  contentType: uploadText('The type of its content.', 'signedData'),
  certificates: integerOf('How many certificates; each is also an object of this answer.', 0),
  certificateLists: integerOf('How many revocation lists.', 0),
  signers: integerOf('How many signers.', 0),
});

export const InspectedPkcs12Schema = typed('InspectedPkcs12', 'PKCS12', 'PKCS#12 (RFC 7292).', {
  macVerified: nullable(Type.Boolean(), 'Null if it has no MAC, or no password was tried.'),
  mac: nullable(uploadText('The MAC.', 'HMAC-SHA256 2048 iterations')),
  encryption: listOf(uploadText('How its contents are encrypted.'), 'Each kind of encryption once.'),
  opened: Type.Boolean({ description: 'Whether its contents are objects of this answer.' }),
  friendlyNames: listOf(uploadText('A name in it.'), 'Names in it.'),
});
