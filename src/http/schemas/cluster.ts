import { Type, type Static } from 'typebox';
import {
  dnsLabelOf,
  instantOf,
  messageOf,
  named,
  nullable,
  oneOf,
  pageOf,
  pageParameters,
  ref,
  sha256Of,
} from './common.js';

export const ClusterSchema = named(
  'Cluster',
  Type.Object(
    {
      name: dnsLabelOf('Its name.', 'demo'),
      server: Type.String({
        maxLength: 2048,
        description: 'The API server, as it stands in kubeconfigs.',
        examples: ['https://10.0.0.1:6443'],
      }),
      signer: oneOf(['localCA', 'kubernetes'], {
        description: 'Who signs: a CA key held here, or the cluster itself.',
      }),
      allowPrivilegedGroups: Type.Array(Type.String({ maxLength: 64 }), {
        maxItems: 100,
        description: 'Privileged groups that policies may give out here.',
      }),
      nameAlphabet: oneOf(['ascii', 'unicode'], { description: 'What names may be written in.' }),
    },
    { additionalProperties: false, description: 'A cluster as kubepass knows it.' },
  ),
);
export type ClusterBody = Static<typeof ClusterSchema>;

export const ClusterListSchema = pageOf(ClusterSchema, 'The configured clusters.');

export const ListQuery = Type.Object({ ...pageParameters }, { additionalProperties: false });

export const ClusterParams = Type.Object(
  { name: Type.String({ minLength: 1, maxLength: 63, description: 'The cluster’s name.' }) },
  { additionalProperties: false },
);

export const CertificateAuthoritySchema = named(
  'CertificateAuthority',
  Type.Object(
    {
      pem: Type.String({ maxLength: 1048576, description: 'The bundle as PEM.' }),
      certificates: Type.Array(
        Type.Object(
          {
            fingerprintSha256: sha256Of('SHA-256 of the DER certificate'),
            serialNumber: Type.String({ maxLength: 64, description: 'Lower-case hex without colons.' }),
            subject: messageOf('For people to read.', 'CN=kubernetes'),
            issuer: messageOf('For people to read.', 'CN=kubernetes'),
            notBefore: instantOf('Start of validity.'),
            notAfter: instantOf('End of validity.'),
          },
          { additionalProperties: false },
        ),
        { maxItems: 1000, description: 'The bundle’s certificates, in its order.' },
      ),
    },
    { additionalProperties: false, description: 'A bundle of CA certificates.' },
  ),
);

export const CertificateAuthoritiesSchema = named(
  'CertificateAuthorities',
  Type.Object(
    {
      serving: ref(CertificateAuthoritySchema),
      client: nullable(ref(CertificateAuthoritySchema), { description: 'Null where it is not known here.' }),
    },
    {
      additionalProperties: false,
      description: 'What the API server is trusted by, and what user certificates chain to. They need not be the same.',
    },
  ),
);
export type CertificateAuthoritiesBody = Static<typeof CertificateAuthoritiesSchema>;

export const CertificateAuthorityQuery = Type.Object(
  {
    role: Type.Optional(
      Type.Unsafe<'serving' | 'client'>({
        type: 'string',
        enum: ['serving', 'client'],
        default: 'serving',
        description: 'Which CA, as PEM or text; JSON has both.',
      }),
    ),
  },
  { additionalProperties: false },
);
