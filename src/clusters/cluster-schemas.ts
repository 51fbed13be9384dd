import { signerKinds, missingPermissions } from '../model/cluster.js';
import { enforcementModes, enforcementOf } from '../model/revocation-enforcement.js';
import type { ClusterView } from './read-clusters.js';
import { Type, type Static } from 'typebox';
import { certificatePem } from '../http/schemas/example-certificate.js';
import { pageOf } from '../http/answers/page-schemas.js';
import {
  closed,
  dnsLabelOf,
  idOf,
  instantOf,
  instantTextOf,
  messageOf,
  namedObject,
  nullable,
  oneOf,
  reasonOf,
  ref,
  sha256Of,
  textOf,
  viewOf,
  warningsOf,
} from '../http/schemas/schema-parts.js';

const answerOf = (description: string) => oneOf(['yes', 'no', 'unknown'], description);

const ProbedPermissionSchema = closed({
  permission: textOf('A verb and a resource.', 'create certificatesigningrequests.certificates.k8s.io', {
    maxLength: 512,
  }),
  purpose: messageOf('What kubepass needs it for.', 'asking the cluster to sign'),
  required: Type.Boolean({ description: 'Whether nothing can be issued without it.' }),
  held: Type.Boolean({ description: 'Whether kubepass has it.' }),
});

const ClusterProbeSchema = namedObject('ClusterProbe', 'What a cluster is able to do, found by a probe.', {
  reachable: nullable(Type.Boolean(), 'Whether the API server answered; null if kubepass has no connection to it.'),
  version: nullable(Type.String({ maxLength: 128, examples: ['v1.32.1'] }), 'The version of Kubernetes.'),
  username: nullable(
    Type.String({ maxLength: 1024, examples: ['system:serviceaccount:kubepass:kubepass'] }),
    'The username that kubepass has at the API server.',
  ),
  permissions: Type.Array(ProbedPermissionSchema, {
    maxItems: 100,
    description: 'The permissions that kubepass needs in a cluster that signs certificates itself.',
  }),
  missingPermissions: Type.Array(Type.String({ maxLength: 512, examples: ['approve signers.certificates.k8s.io'] }), {
    maxItems: 100,
    description: 'Permissions that are required and that kubepass does not have.',
  }),
  signs: answerOf(
    'Whether user certificates are signed, found out by requesting one. While it is `no`, requests fail at once.',
  ),
  reason: nullable(reasonOf('Why the cluster is not able to do everything.', 'ApprovedButNotSigned')),
  message: nullable(messageOf('The reason in words.', 'the cluster accepted the approval and signed nothing')),
  advice: nullable(messageOf('What to do about it.', 'grant it what deploy/kubernetes has')),
  accepts: answerOf('Whether the API server accepts the certificate that was signed.'),
  acceptedAs: nullable(
    Type.String({ maxLength: 1024, examples: ['kubepass-probe'] }),
    'The username that the holder of that certificate has there.',
  ),
  requestId: nullable(idOf('The certificate request that the probe made.')),
  lifetimeCap: nullable(
    closed({
      requestedSeconds: Type.Integer({ minimum: 1, description: 'The requested lifetime.' }),
      givenSeconds: Type.Integer({ minimum: 0, description: 'The lifetime given: from notBefore to notAfter.' }),
      capped: Type.Boolean({ description: 'Whether less was given than requested.' }),
    }),
    'Null unless `measureLifetimeCap` was set.',
  ),
  revocation: nullable(
    closed({
      mode: oneOf(enforcementModes, 'The mode that was tried.'),
      checkedAt: instantTextOf('When it was tried.'),
      verified: Type.Boolean({
        description: 'Whether the cluster refused the certificate because it was revoked, in two encodings of it.',
      }),
      delaySeconds: nullable(
        Type.Number({ minimum: 0, examples: [0] }),
        'For how long the certificate went on working; null if it was not refused.',
      ),
      reason: nullable(reasonOf('Why it is not proven.', 'StillAccepted'), 'Null if it is proven.'),
      message: nullable(messageOf('The reason in words.', 'the certificate worked for 45 s after it was revoked')),
    }),
    'The last trial of a revoked certificate, by a probe with `verifyRevocation`; null if there was none.',
  ),
});

export const ProbeOptionsSchema = namedObject('ProbeOptions', 'May be left out.', {
  measureLifetimeCap: Type.Optional(
    Type.Boolean({
      description: 'Also request a certificate with a very long lifetime, and measure how much of it is given.',
    }),
  ),
  verifyRevocation: Type.Optional(
    Type.Boolean({
      description: 'Also revoke the certificate of the probe, and measure how long it goes on working.',
    }),
  ),
});

export const ClusterSchema = namedObject('Cluster', 'A configured cluster.', {
  name: dnsLabelOf('Its name.', 'demo'),
  server: textOf('The address of the API server in kubeconfigs.', 'https://10.0.0.1:6443', { maxLength: 2048 }),
  signer: oneOf(signerKinds, 'Who signs: kubepass with a CA key of its own, or the cluster itself.'),
  allowPrivilegedGroups: Type.Array(Type.String({ maxLength: 64, examples: ['kubeadm:cluster-admins'] }), {
    maxItems: 100,
    description: 'Privileged groups that policies may permit on this cluster.',
  }),
  nameAlphabet: oneOf(['ascii', 'unicode'], 'The characters that usernames and groups may contain.'),
  readsRoleBindings: Type.Boolean({
    description:
      'Whether kubepass reads the role bindings of the cluster, so that it knows what an identity could do there.',
  }),
  revocation: closed({
    mode: oneOf(enforcementModes, 'How the cluster is made to refuse revoked certificates, as it is configured.'),
    verifiedAt: nullable(
      instantOf('An instant.'),
      'When a probe last saw that a revoked certificate is refused; null: never.',
    ),
    delaySeconds: nullable(
      Type.Number({ minimum: 0, examples: [0] }),
      'For how long the revoked certificate went on working then; null if that is not known.',
    ),
    continues: Type.Array(Type.String({ maxLength: 256, examples: ['reading: get, list and watch'] }), {
      maxItems: 20,
      description: 'What the holder of a revoked certificate can go on to do.',
    }),
  }),
  warnings: warningsOf('cluster demo refuses no revoked certificate, and policy developers permits …'),
  probedAt: nullable(instantOf('When it was last probed.'), 'When the cluster was last probed; null: never.'),
  probeStartedAt: nullable(
    instantOf('An instant.'),
    'When the probe that is under way began; null if there is none, or if another replica makes it.',
  ),
  probe: nullable(ref(ClusterProbeSchema), 'The result of the last probe.'),
});
export type ClusterBody = Static<typeof ClusterSchema>;

const shown = viewOf(ClusterSchema);
export const clusterView = ({ cluster, probe, probeStartedAt, warnings }: ClusterView) =>
  shown({
    warnings: [...warnings],
    ...cluster,
    probeStartedAt,
    revocation: enforcementOf(cluster.revocation, probe && probe.result.revocation),
    probedAt: probe && probe.probedAt,
    probe: probe && { ...probe.result, missingPermissions: missingPermissions(probe.result) },
  });

export const ClusterListSchema = pageOf(ClusterSchema, 'The configured clusters.');

export const BundledCertificateSchema = namedObject('BundledCertificate', 'A CA certificate.', {
  fingerprintSha256: sha256Of('SHA-256 of the DER certificate'),
  serialNumber: textOf('Lower-case hex without colons.', '5f3a019ab3c4d5e6', { maxLength: 64 }),
  subject: messageOf('As text.', 'CN=kubernetes'),
  issuer: messageOf('As text.', 'CN=kubernetes'),
  notBefore: instantOf('Start of validity.'),
  notAfter: instantOf('End of validity.'),
});

const CertificateAuthoritySchema = namedObject('CertificateAuthority', 'A bundle of CA certificates.', {
  pem: textOf('The bundle as PEM.', certificatePem, { maxLength: 1048576 }),
  certificates: Type.Array(ref(BundledCertificateSchema), {
    maxItems: 1000,
    description: 'The bundle’s certificates, in its order.',
  }),
});

export const CertificateAuthoritiesSchema = namedObject(
  'CertificateAuthorities',
  'The CA of the API server, and the CA of user certificates. They may be different.',
  {
    serving: ref(CertificateAuthoritySchema),
    client: nullable(ref(CertificateAuthoritySchema), 'Null if kubepass does not know it.'),
  },
);
export type CertificateAuthoritiesBody = Static<typeof CertificateAuthoritiesSchema>;

export const certificateAuthoritiesView = viewOf(CertificateAuthoritiesSchema);

export const CertificateListQuerySchema = closed({
  issuer: Type.Optional(dnsLabelOf('The issuer whose list is answered, if it is active or retiring.', 'users-2026')),
});

export const CertificateAuthorityQuerySchema = closed({
  role: Type.Optional(
    Type.Unsafe<'serving' | 'client'>({
      type: 'string',
      enum: ['serving', 'client'],
      description: 'The CA to answer as PEM or text, default `serving`; JSON has both.',
    }),
  ),
});
