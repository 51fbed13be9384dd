import { Type, type Static } from 'typebox';
import { keyAlgorithms } from '@kubepass/x509';
import { exampleRequests, NewCertificateRequestSchema } from './schemas.js';
import { certificateSha256 } from '../schemas/example-certificate.js';
import { idOf, instantOf, namedObject, nameOf, oneOf, sha256Of, textOf } from '../schemas/schema-parts.js';

// The key is generated here, so there is no certification request.
const { csr: _csr, ...shared } = NewCertificateRequestSchema.properties;

export const NewKubeconfigSchema = namedObject(
  'NewKubeconfig',
  'A request for a certificate whose key kubepass generates.',
  {
    ...shared,
    username: nameOf('The CN of the certificate.', 'jane@corp.example'),
    groups: Type.Optional(
      Type.Array(nameOf('One group.', 'team-a'), {
        maxItems: 32,
        uniqueItems: true,
        description: 'The O values of the certificate.',
      }),
    ),
    keyAlgorithm: Type.Optional(oneOf(keyAlgorithms, 'The algorithm of the key (default `ECDSA-P256`).')),
  },
  exampleRequests,
);

export const KubeconfigSchema = namedObject('Kubeconfig', 'A kubeconfig, and the certificate in it.', {
  certificateRequestId: idOf('The certificate request.'),
  fingerprintSha256: sha256Of('The SHA-256 of the certificate', certificateSha256),
  notAfter: instantOf('The end of the certificate.'),
  kubeconfig: textOf(
    'The YAML, for a file that nobody else can read.',
    'apiVersion: v1\nkind: Config\nclusters:\n  - name: "demo"\n    cluster: …\n',
    { maxLength: 1_048_576 },
  ),
});
export type KubeconfigBody = Static<typeof KubeconfigSchema>;
