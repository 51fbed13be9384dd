import { Type, type Static } from 'typebox';
import { signerKinds } from '../../model/cluster.js';
import {
  dnsLabelOf,
  instantOf,
  messageOf,
  named,
  nullable,
  oneOf,
  pageOf,
  pageParameters,
  reasonOf,
  ref,
  requestIdOf,
  sha256Of,
} from './common.js';

const answerOf = (description: string) => oneOf(['yes', 'no', 'unknown'], { description });

const ProbedPermissionSchema = Type.Object(
  {
    permission: Type.String({
      maxLength: 512,
      description: 'A verb and what it is for.',
      examples: ['create certificatesigningrequests.certificates.k8s.io'],
    }),
    purpose: messageOf('What kubepass does with it.', 'asking the cluster to sign'),
    required: Type.Boolean({ description: 'Nothing can be issued without it.' }),
    held: Type.Boolean({ description: 'Whether kubepass has it.' }),
  },
  { additionalProperties: false },
);

export const ClusterProbeSchema = named(
  'ClusterProbe',
  Type.Object(
    {
      reachable: nullable(Type.Boolean(), {
        description: 'Whether the API server answered. Null: kubepass has no connection to it.',
      }),
      version: nullable(Type.String({ maxLength: 128, examples: ['v1.32.1'] }), { description: 'Of Kubernetes.' }),
      username: nullable(Type.String({ maxLength: 1024 }), {
        description: 'Whom the API server takes kubepass for.',
      }),
      permissions: Type.Array(ProbedPermissionSchema, {
        maxItems: 100,
        description: 'What kubepass needs in a cluster that signs for itself.',
      }),
      missingPermissions: Type.Array(Type.String({ maxLength: 512 }), {
        maxItems: 100,
        description: 'Required and not held.',
      }),
      signs: answerOf(
        'Whether user certificates are signed: one was asked for. While it is `no`, requests fail at once.',
      ),
      reason: nullable(reasonOf('Why all is not well.', 'ApprovedButNotSigned')),
      message: nullable(messageOf('The same in words.', 'the cluster accepted the approval and signed nothing')),
      advice: nullable(messageOf('What to do about it.', 'grant it what deploy/kubernetes has')),
      accepts: answerOf('Whether the API server accepts the certificate that was signed.'),
      acceptedAs: nullable(Type.String({ maxLength: 1024 }), {
        description: 'Whom it takes the holder for.',
      }),
      requestId: nullable(requestIdOf('The certificate request that the probe made.')),
      lifetimeCap: nullable(
        Type.Object(
          {
            requestedSeconds: Type.Integer({ minimum: 1, description: 'Asked for.' }),
            givenSeconds: Type.Integer({ minimum: 0, description: 'From notBefore to notAfter.' }),
            capped: Type.Boolean({ description: 'Whether less was given than was asked for.' }),
          },
          { additionalProperties: false },
        ),
        { description: 'Where it was asked for.' },
      ),
    },
    { additionalProperties: false, description: 'What a cluster was found able to do.' },
  ),
);

export const ProbeOptionsSchema = named(
  'ProbeOptions',
  Type.Object(
    {
      measureLifetimeCap: Type.Optional(
        Type.Boolean({
          default: false,
          description: 'Ask for a second certificate with a very long lifetime, and see how much of it is given.',
        }),
      ),
    },
    { additionalProperties: false, description: 'May be left out.' },
  ),
);

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
      signer: oneOf(signerKinds, {
        description: 'Who signs: a CA key held here, or the cluster itself.',
      }),
      allowPrivilegedGroups: Type.Array(Type.String({ maxLength: 64 }), {
        maxItems: 100,
        description: 'Privileged groups that policies may give out here.',
      }),
      nameAlphabet: oneOf(['ascii', 'unicode'], { description: 'What names may be written in.' }),
      readsRoleBindings: Type.Boolean({ description: 'Whether it is known here what an identity could do there.' }),
      probedAt: nullable(instantOf('When it was last probed.'), { description: 'Null: never.' }),
      probe: nullable(ref(ClusterProbeSchema), { description: 'What it was then found able to do.' }),
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
