import { Type, type Static } from 'typebox';
import {
  instantOf,
  messageOf,
  named,
  nullable,
  oneOf,
  pageOf,
  pageParameters,
  reasonOf,
  requestIdOf,
  sha256Of,
} from '../field-schemas.js';

/** Text that is whatever somebody put into the cluster: bounded by what an API server takes. */
const foreignText = (description: string, example: string) =>
  Type.String({ maxLength: 1_572_864, description, examples: [example] });

const DescribedRequest = Type.Object(
  {
    subject: nullable(foreignText('For people to read.', 'CN=jane,O=team-a'), { description: 'Null: unreadable.' }),
    keyAlgorithm: nullable(Type.String({ maxLength: 256, examples: ['ECDSA-P256', 'RSA-1024'] }), {
      description: 'Of the key, also of one that kubepass would not take.',
    }),
    spkiSha256: nullable(sha256Of('SHA-256 of the DER SubjectPublicKeyInfo')),
    subjectAltNames: Type.Array(
      Type.Object(
        {
          type: oneOf(['dns', 'email', 'uri', 'ip', 'directoryName', 'other']),
          value: foreignText('Of `other`: DER in hex.', 'jane.example'),
        },
        { additionalProperties: false },
      ),
      { maxItems: 65_536, description: 'Names besides the subject; the cluster’s signer copies all of them.' },
    ),
    refusal: nullable(
      Type.Object(
        { reason: reasonOf('Stable.', 'SeveralCommonNames'), message: messageOf('In words.', 'has two CNs') },
        { additionalProperties: false },
      ),
      { description: 'Why kubepass itself would not take this request; null where it would.' },
    ),
  },
  { additionalProperties: false },
);

export const ClusterCsrSchema = named(
  'CertificateSigningRequest',
  Type.Object(
    {
      name: Type.String({ maxLength: 253, description: 'Its name.', examples: ['csr-x7k2p'] }),
      uid: Type.String({ maxLength: 128, description: '`metadata.uid`.' }),
      createdAt: instantOf('`metadata.creationTimestamp`.'),
      ageSeconds: Type.Integer({ minimum: 0, description: 'By kubepass’ clock.', examples: [42] }),
      labels: Type.Record(Type.String({ maxLength: 317 }), Type.String({ maxLength: 63 })),
      annotations: Type.Record(Type.String({ maxLength: 317 }), Type.String({ maxLength: 262_144 })),
      signerName: foreignText('Who is to sign.', 'kubernetes.io/kube-apiserver-client'),
      username: foreignText('Who created the object.', 'kubernetes-admin'),
      groups: Type.Array(foreignText('A group of theirs.', 'system:authenticated'), { maxItems: 65_536 }),
      usages: Type.Array(foreignText('What the certificate is to be for.', 'client auth'), { maxItems: 65_536 }),
      expirationSeconds: nullable(
        Type.Integer({ minimum: 0, description: 'The lifetime asked for.', examples: [86400] }),
      ),
      status: Type.String({ maxLength: 64, description: 'As kubectl prints it.', examples: ['Approved,Issued'] }),
      conditions: Type.Array(
        Type.Object(
          {
            type: foreignText('Approved, Denied or Failed.', 'Approved'),
            status: foreignText('True.', 'True'),
            reason: foreignText('TitleCase.', 'KubectlApprove'),
            message: foreignText('In words.', 'This CSR was approved by kubectl certificate approve.'),
            lastUpdateTime: nullable(instantOf('When.')),
          },
          { additionalProperties: false },
        ),
        { maxItems: 65_536 },
      ),
      request: DescribedRequest,
      certificate: nullable(
        Type.Object(
          {
            fingerprintSha256: sha256Of('SHA-256 of the DER certificate'),
            serialNumber: foreignText('Lower-case hex without colons.', '5f3a'),
            subject: foreignText('For people to read.', 'CN=jane,O=team-a'),
            notBefore: instantOf('Start of validity.'),
            notAfter: instantOf('End of validity.'),
          },
          { additionalProperties: false },
        ),
        { description: 'What was signed; null where nothing is, or it cannot be read.' },
      ),
      ours: Type.Boolean({
        description: 'Whether kubepass made it: by key, object and inventory, never by its labels.',
      }),
      requestId: nullable(requestIdOf('The certificate request that it belongs to.')),
    },
    { additionalProperties: false, description: 'A CertificateSigningRequest object in a cluster, whoever made it.' },
  ),
);
export type ClusterCsrBody = Static<typeof ClusterCsrSchema>;

export const ClusterCsrListSchema = pageOf(ClusterCsrSchema, 'CSR objects of a cluster, by name.');

export const ClusterCsrQuery = Type.Object({ ...pageParameters }, { additionalProperties: false });

export const ClusterCsrParams = Type.Object(
  {
    name: Type.String({ minLength: 1, maxLength: 63, description: 'The cluster’s name.' }),
    // RFC 1123 subdomain, which is also what keeps it a single path segment at the API server.
    csrName: Type.String({
      minLength: 1,
      maxLength: 253,
      pattern: '^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$',
      description: 'The object’s name.',
    }),
  },
  { additionalProperties: false },
);
