import { csvForm, ndjsonForm, type ExportForm } from '../http/answers/exports.js';
import { CertificateSchema, type CertificateBody } from './certificate-schemas.js';

type Column = (certificate: CertificateBody) => string;
type Member = keyof CertificateBody;

/** The columns of members that are no text; a list has neither `pem` nor `enforcement`. A group has no `;`. */
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

/** By media type. */
export const exportForms = {
  'text/csv': csvForm(columns, (certificate: CertificateBody) => [certificate]),
  'application/x-ndjson': ndjsonForm,
} satisfies Readonly<Record<string, ExportForm<CertificateBody>>>;

/** Undefined where the media type is none of an export. */
export const exportFormOf = (mediaType: string): ExportForm<CertificateBody> | undefined =>
  Object.entries(exportForms).find(([type]) => type === mediaType)?.[1];
