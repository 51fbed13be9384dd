import { Type, type Static } from 'typebox';
import { keyAlgorithms } from '../../x509/strict/key-algorithm.js';
import {
  dnsLabelOf,
  instantOf,
  messageOf,
  nameOf,
  named,
  oneOf,
  pageOf,
  pageParameters,
  ref,
  requestIdOf,
  sha256Of,
} from './common.js';

export const PublicKeySchema = named(
  'PublicKey',
  Type.Object(
    {
      algorithm: oneOf(keyAlgorithms, { description: 'Algorithm and size.' }),
      spkiSha256: sha256Of('SHA-256 of the DER SubjectPublicKeyInfo'),
    },
    { additionalProperties: false, description: 'A public key by what identifies it.' },
  ),
);

export const CertificateSchema = named(
  'Certificate',
  Type.Object(
    {
      fingerprintSha256: sha256Of('SHA-256 of the DER certificate'),
      serialNumber: Type.String({
        maxLength: 40,
        description: 'Lower-case hex without colons.',
        examples: ['019ab3c4d5e6f708192a3b4c5d6e7f80'],
      }),
      subject: messageOf('For people to read.', 'O=team-a,CN=jane@corp.example'),
      issuer: messageOf('For people to read.', 'CN=kubernetes'),
      username: nameOf('The CN: who Kubernetes takes the bearer for.', 'jane@corp.example'),
      groups: Type.Array(nameOf('One group.', 'team-a'), { maxItems: 32, description: 'The O values, in order.' }),
      notBefore: instantOf('Start of validity.'),
      notAfter: instantOf('End of validity.'),
      publicKey: ref(PublicKeySchema),
      cluster: dnsLabelOf('The cluster it is for.', 'demo'),
      requestId: requestIdOf('The certificate request that it was issued for.'),
      orphan: Type.Boolean({
        description: 'True where nobody holds its key: the key was lost before it could be handed out.',
      }),
      pem: Type.String({ maxLength: 65536, description: 'The certificate as PEM.' }),
    },
    { additionalProperties: false, description: 'An issued certificate, as read back from its DER.' },
  ),
);
export type CertificateBody = Static<typeof CertificateSchema>;

export const CertificateListSchema = pageOf(CertificateSchema, 'Certificates, newest first.');

export const CertificateQuery = Type.Object(
  {
    cluster: Type.Optional(dnsLabelOf('Only of this cluster.', 'demo')),
    username: Type.Optional(nameOf('Only for this username.', 'jane@corp.example')),
    group: Type.Optional(nameOf('Only with this group.', 'team-a')),
    serialNumber: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 40,
        pattern: '^[0-9a-f]+$',
        description: 'Only with this serial number, lower-case hex without colons.',
        examples: ['019ab3c4d5e6f708192a3b4c5d6e7f80'],
      }),
    ),
    expiresBefore: Type.Optional(instantOf('Only with `notAfter` before this instant.')),
    expiresAfter: Type.Optional(instantOf('Only with `notAfter` after this instant.')),
    ...pageParameters,
  },
  { additionalProperties: false },
);

export const FingerprintParams = Type.Object(
  { fingerprintSha256: Type.String({ minLength: 1, maxLength: 64, description: 'SHA-256, lower-case hex.' }) },
  { additionalProperties: false },
);
