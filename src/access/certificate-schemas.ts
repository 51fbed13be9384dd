import { Type, type Static } from 'typebox';
import {
  certificateStatuses,
  statusFilters,
  statusOf,
  type Certificate,
  type ListedCertificate,
} from '../model/certificate.js';
import { chainOf, type Context } from '../context/context.js';
import { enforcementModes } from '../model/revocation-enforcement.js';
import { encodeCertificates, keyAlgorithms, type ParsedCertificate, revocationReasons } from '@kubepass/x509';
import {
  certificatePem,
  certificateSerialNumber,
  certificateSha256,
  certificateSpkiSha256,
} from '../http/schemas/example-certificate.js';
import { csvForm, type ExportForm, ndjsonForm } from '../http/answers/exports.js';
import { pageOf, pageParameters, usernamePrefixParameter } from '../http/answers/page-schemas.js';
import {
  closed,
  dnsLabelOf,
  idOf,
  instantOf,
  messageOf,
  namedObject,
  nameOf,
  nullable,
  oneOf,
  principalNameOf,
  ref,
  sha256Of,
  textOf,
  writtenTextOf,
  viewOf,
} from '../http/schemas/schema-parts.js';

export const PublicKeySchema = namedObject('PublicKey', 'Identifies a public key.', {
  algorithm: oneOf(keyAlgorithms, 'Algorithm and size.'),
  spkiSha256: sha256Of('SHA-256 of the DER SubjectPublicKeyInfo', certificateSpkiSha256),
});

export const RevocationSchema = namedObject('Revocation', 'Why, when and by whom a certificate was revoked.', {
  reason: oneOf(revocationReasons, 'RFC 5280, section 5.3.1.'),
  comment: nullable(messageOf('A comment.', 'laptop lost'), 'What the caller wrote about it; null: nothing.'),
  revokedAt: instantOf('When it was revoked.'),
  revokedBy: nullable(principalNameOf('A principal.', 'hr-system'), 'Who revoked it; null: kubepass itself.'),
});

const certificateProperties = {
  fingerprintSha256: sha256Of('SHA-256 of the DER certificate', certificateSha256),
  serialNumber: textOf('Lower-case hex without colons.', certificateSerialNumber, { maxLength: 40 }),
  subject: messageOf('The subject as text.', 'CN=jane@corp.example,O=team-a'),
  issuer: messageOf('The issuer as text.', 'CN=kubernetes'),
  username: nameOf('The CN: the username in Kubernetes.', 'jane@corp.example'),
  groups: Type.Array(nameOf('One group.', 'team-a'), { maxItems: 32, description: 'The O values, in order.' }),
  notBefore: instantOf('Start of validity.'),
  notAfter: instantOf('End of validity.'),
  publicKey: ref(PublicKeySchema),
  cluster: dnsLabelOf('The cluster that it is for.', 'demo'),
  requestId: idOf('The certificate request that it was issued for.'),
  requester: principalNameOf('The principal who asked for it.', 'hr-system'),
  collector: principalNameOf('The principal who may collect its key.', 'hr-system'),
  orphan: Type.Boolean({
    description: 'True if nobody holds its key: the key was lost before it could be handed out.',
  }),
  status: oneOf(
    certificateStatuses,
    '`revoked` if it was revoked, whatever else; then `expired`; then `superseded`: it was renewed and still works; else ' +
      '`valid`. A revoked certificate may still work: `POST …/revoke` answers how its cluster refuses it.',
  ),
  revocation: nullable(ref(RevocationSchema), 'Null if it is not revoked.'),
  renewalOf: nullable(sha256Of('SHA-256 of a DER certificate'), 'The certificate that it renews; null: none.'),
  supersededBy: nullable(
    sha256Of('SHA-256 of a DER certificate'),
    'The latest certificate that renews it; null: none. It still works until it ends or is revoked.',
  ),
  issuerFingerprintSha256: nullable(
    sha256Of('SHA-256 of the DER certificate of the CA that signed it'),
    'The certificate of the CA that signed it; null where that is not known.',
  ),
};

/** A certificate that was neither revoked nor renewed: for the OpenAPI document. */
export const plainCertificate = { status: 'valid', revocation: null, renewalOf: null, supersededBy: null };

export const continuesOf = (description: string) =>
  Type.Array(messageOf('One thing.', 'everything, until the certificate expires or its bindings are removed'), {
    maxItems: 16,
    description,
  });

const EnforcementSchema = namedObject(
  'Enforcement',
  'How the cluster refuses a revoked certificate. It claims no more than what was verified.',
  {
    mode: oneOf(enforcementModes, 'As configured. `none`: the cluster does not learn of revocations.'),
    verifiedAt: nullable(
      instantOf('When a probe saw a revoked certificate refused.'),
      'When a probe last saw a revoked certificate refused there; null: never.',
    ),
    delaySeconds: nullable(
      Type.Number({ minimum: 0, examples: [0.2] }),
      'How long a revoked certificate went on working when a probe tried one; null: not known.',
    ),
    continues: continuesOf('What the holder of the certificate can go on to do.'),
  },
);

export const CertificateSchema = namedObject(
  'Certificate',
  'An issued certificate, as read back from its DER.',
  {
    ...certificateProperties,
    pem: Type.Optional(
      textOf(
        'The certificate as PEM, then the CAs between it and what its API servers trust, if there are any. Left out in ' +
          'lists, and in the answer to a revocation.',
        certificatePem,
        { maxLength: 65536 },
      ),
    ),
    enforcement: Type.Optional(ref(EnforcementSchema)),
  },
  [plainCertificate],
);
export type CertificateBody = Static<typeof CertificateSchema>;

export const RevokeSchema = namedObject('Revoke', 'Why a certificate is revoked.', {
  reason: oneOf(revocationReasons, 'RFC 5280, section 5.3.1.'),
  comment: Type.Optional(writtenTextOf('Kept with the revocation.', 'laptop lost', 0)),
});

export const CertificateListSchema = pageOf(CertificateSchema, 'Certificates, in the order of the list.');

export const CertificateQuerySchema = closed({
  cluster: Type.Optional(dnsLabelOf('Only certificates for this cluster.', 'demo')),
  username: Type.Optional(nameOf('Only certificates for this username.', 'jane@corp.example')),
  ...usernamePrefixParameter('certificates'),
  requester: Type.Optional(principalNameOf('Only certificates that this principal asked for.', 'hr-system')),
  collector: Type.Optional(principalNameOf('Only certificates whose key this principal may collect.', 'hr-system')),
  group: Type.Optional(nameOf('Only certificates with this group.', 'team-a')),
  serialNumber: Type.Optional(
    textOf(
      'Only certificates with this serial number, in hex; colons and capitals do not matter.',
      '019ab3c4d5e6f708192a3b4c5d6e7f80',
      { minLength: 1, maxLength: 40, pattern: '^[0-9a-f]+$' },
    ),
  ),
  issuer: Type.Optional(
    textOf(
      'Only certificates that this issuer signed: its name, with `cluster`, or SHA-256 of its DER certificate, lower-case hex.',
      'users-2026',
      { minLength: 1, maxLength: 64, pattern: '^([0-9a-f]{64}|[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)$' },
    ),
  ),
  status: Type.Optional(
    oneOf(
      statusFilters,
      'Only certificates with this status. `live`: those that work, which are the valid and the superseded ones.',
    ),
  ),
  notAfterBefore: Type.Optional(instantOf('Only certificates with `notAfter` before this instant.')),
  notAfterAfter: Type.Optional(instantOf('Only certificates with `notAfter` after this instant.')),
  mine: Type.Optional(oneOf(['true'], 'Only certificates that the caller asked for or collects.')),
  ...pageParameters,
});

export const FingerprintParamsSchema = closed({
  fingerprintSha256: textOf(
    'SHA-256 of the DER certificate, in hex; colons and capitals do not matter.',
    certificateSha256,
    {
      minLength: 1,
      maxLength: 64,
    },
  ),
});

export const certificateView = viewOf(CertificateSchema);

/** A certificate with the members that its schema has and the model does not, without `pem`. */
export const shownListed = (certificate: ListedCertificate, now: Date) => ({
  ...certificate,
  status: statusOf(certificate, now),
  renewalOf: certificate.renewal?.of ?? null,
});

/** How certificates are shown: at this instant, with the CAs that go out behind them. */
export interface Showing {
  readonly now: Date;
  readonly chainOf: (certificate: Certificate) => readonly ParsedCertificate[];
  /** In a list they have no PEM. */
  readonly isListed?: true;
}

export const showingNow = (context: Pick<Context, 'clock' | 'clusters'>): Showing => ({
  now: context.clock(),
  chainOf: (certificate) => chainOf(context, certificate),
});

export const pemOf = (certificate: Certificate, showing: Showing): string =>
  encodeCertificates([certificate, ...showing.chainOf(certificate)]);

export const shownCertificate = (certificate: Certificate, showing: Showing) => ({
  ...shownListed(certificate, showing.now),
  ...(!showing.isListed && { pem: pemOf(certificate, showing) }),
});

type Column = (certificate: CertificateBody) => string;
type Member = keyof CertificateBody;

/** The columns of members that are not text. A list has neither `pem` nor `enforcement`. A group has no `;`. */
const ownColumns: Readonly<Partial<Record<Member, Readonly<Record<string, Column>>>>> = {
  pem: {},
  enforcement: {},
  groups: { groups: ({ groups }) => groups.join(';') },
  orphan: { orphan: ({ orphan }) => String(orphan) },
  publicKey: {
    keyAlgorithm: ({ publicKey }) => publicKey.algorithm,
    spkiSha256: ({ publicKey }) => publicKey.spkiSha256,
  },
  revocation: {
    revokedAt: ({ revocation }) => revocation?.revokedAt ?? '',
    revocationReason: ({ revocation }) => revocation?.reason ?? '',
  },
};

const columnOf = (member: Member): Readonly<Record<string, Column>> => ({
  [member]: ({ [member]: value }) => (value as string | null) ?? '',
});

/** The columns of the CSV form, in the order of the members. */
const columns: Readonly<Record<string, Column>> = Object.fromEntries(
  (Object.keys(CertificateSchema.properties) as Member[]).flatMap((member) =>
    Object.entries(ownColumns[member] ?? columnOf(member)),
  ),
);

/** The forms of an export, by media type. */
export const exportForms: Readonly<Record<string, ExportForm<CertificateBody>>> = {
  'text/csv': csvForm(columns, (certificate: CertificateBody) => [certificate]),
  'application/x-ndjson': ndjsonForm,
};
