import { Type, type Static } from 'typebox';
import type { Certificate, ListedCertificate } from '../../model/certificate.js';
import { keyAlgorithms } from '../../x509/strict/key-algorithm.js';
import { encodePem } from '../../x509/strict/pem.js';
import {
  certificatePem,
  certificateSerialNumber,
  certificateSha256,
  certificateSpkiSha256,
} from '../example-certificate.js';
import { nextCursorProperty, pageParameters, usernamePrefixParameter } from '../pages.js';
import {
  closed,
  dnsLabelOf,
  idOf,
  instantOf,
  messageOf,
  namedObject,
  nameOf,
  oneOf,
  ref,
  sha256Of,
} from '../schema-parts.js';

export const PublicKeySchema = namedObject('PublicKey', 'Identifies a public key.', {
  algorithm: oneOf(keyAlgorithms, 'Algorithm and size.'),
  spkiSha256: sha256Of('SHA-256 of the DER SubjectPublicKeyInfo', certificateSpkiSha256),
});

const listedProperties = {
  fingerprintSha256: sha256Of('SHA-256 of the DER certificate', certificateSha256),
  serialNumber: Type.String({
    maxLength: 40,
    description: 'Lower-case hex without colons.',
    examples: [certificateSerialNumber],
  }),
  subject: messageOf('The subject as text.', 'CN=jane@corp.example,O=team-a'),
  issuer: messageOf('The issuer as text.', 'CN=kubernetes'),
  username: nameOf('The CN: the username in Kubernetes.', 'jane@corp.example'),
  groups: Type.Array(nameOf('One group.', 'team-a'), { maxItems: 32, description: 'The O values, in order.' }),
  notBefore: instantOf('Start of validity.'),
  notAfter: instantOf('End of validity.'),
  publicKey: ref(PublicKeySchema),
  cluster: dnsLabelOf('The cluster that it is for.', 'demo'),
  requestId: idOf('The certificate request that it was issued for.'),
  orphan: Type.Boolean({
    description: 'True if nobody holds its key: the key was lost before it could be handed out.',
  }),
};

export const ListedCertificateSchema = namedObject(
  'ListedCertificate',
  'An issued certificate, as lists have it: without the certificate itself.',
  listedProperties,
);
export type ListedCertificateBody = Static<typeof ListedCertificateSchema>;

export const CertificateSchema = namedObject('Certificate', 'An issued certificate, as read back from its DER.', {
  ...listedProperties,
  pem: Type.String({ maxLength: 65536, description: 'The certificate as PEM.', examples: [certificatePem] }),
});
export type CertificateBody = Static<typeof CertificateSchema>;

export const CertificateListSchema = namedObject('CertificateList', 'Certificates, in the order of the list.', {
  items: Type.Array(ref(ListedCertificateSchema), { maxItems: 500 }),
  nextCursor: nextCursorProperty,
});

export const CertificateQuerySchema = closed({
  cluster: Type.Optional(dnsLabelOf('Only certificates for this cluster.', 'demo')),
  username: Type.Optional(nameOf('Only certificates for this username.', 'jane@corp.example')),
  ...usernamePrefixParameter('certificates'),
  requester: Type.Optional(nameOf('Only certificates that this principal asked for.', 'hr-system')),
  group: Type.Optional(nameOf('Only certificates with this group.', 'team-a')),
  serialNumber: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 40,
      pattern: '^[0-9a-f]+$',
      description: 'Only certificates with this serial number, lower-case hex without colons.',
      examples: ['019ab3c4d5e6f708192a3b4c5d6e7f80'],
    }),
  ),
  expiresBefore: Type.Optional(instantOf('Only certificates with `notAfter` before this instant.')),
  expiresAfter: Type.Optional(instantOf('Only certificates with `notAfter` after this instant.')),
  ...pageParameters,
});

export const FingerprintParamsSchema = closed({
  fingerprintSha256: Type.String({
    minLength: 1,
    maxLength: 64,
    description: 'SHA-256 of the DER certificate, lower-case hex.',
    examples: [certificateSha256],
  }),
});

export const certificateView = (certificate: Certificate): CertificateBody => ({
  ...listedCertificateView(certificate),
  pem: encodePem('CERTIFICATE', certificate.der),
});

export function listedCertificateView(certificate: ListedCertificate): ListedCertificateBody {
  return {
    fingerprintSha256: certificate.fingerprintSha256,
    serialNumber: certificate.serialNumber,
    subject: certificate.subject,
    issuer: certificate.issuer,
    username: certificate.username,
    groups: [...certificate.groups],
    notBefore: certificate.notBefore.toISOString(),
    notAfter: certificate.notAfter.toISOString(),
    publicKey: { ...certificate.publicKey },
    cluster: certificate.cluster,
    requestId: certificate.requestId,
    orphan: certificate.orphan,
  };
}
