import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { csvRecord } from '../../formats/text/csv-record.js';
import type { ListedCertificate } from '../../model/certificate.js';
import { exampleOf } from '../schemas/example-of.js';
import { errorToProblem } from '../problems/error-to-problem.js';
import { problemBody } from '../problems/problem.js';
import type { ProblemBody } from '../problems/schemas.js';
import { sendTexts } from '../answers/responses.js';
import {
  CertificateSchema,
  certificateView,
  plainCertificate,
  PublicKeySchema,
  shownListed,
  type CertificateBody,
} from './schemas.js';

/** A form in which all certificates of a list are sent at once. */
interface ExportForm {
  readonly contentType: string;
  /** Before the first line. */
  readonly head: string;
  readonly line: (certificate: CertificateBody) => string;
  /** The last line of an export that broke off. No line of a certificate looks like it. */
  readonly brokenOff: (problem: ProblemBody) => string;
}

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

const textOf = (problem: ProblemBody): string =>
  `the export broke off here: ${problem.title}, ${problem.detail} (request ${problem.requestId})`;

/** By media type. */
export const exportForms = {
  'text/csv': {
    contentType: 'text/csv; charset=utf-8; header=present',
    head: csvRecord(Object.keys(columns)),
    line: (certificate) => csvRecord(Object.values(columns).map((column) => column(certificate))),
    // One field more than there are columns, so that a program that reads records fails instead of skipping it.
    brokenOff: (problem) =>
      csvRecord([
        'ERROR',
        textOf(problem),
        ...Object.keys(columns)
          .slice(1)
          .map(() => ''),
      ]),
  },
  'application/x-ndjson': {
    contentType: 'application/x-ndjson',
    head: '',
    line: (certificate) => `${JSON.stringify(certificate)}\n`,
    brokenOff: (problem) => `${JSON.stringify({ problem })}\n`,
  },
} satisfies Readonly<Record<string, ExportForm>>;

const exampleCertificate = exampleOf(
  CertificateSchema as object,
  { 'PublicKey#': PublicKeySchema as object },
  {
    ...plainCertificate,
    notBefore: '2026-11-25T12:00:00.000Z',
    notAfter: '2026-11-26T12:00:00.000Z',
    requestId: '019968c2-e5a4-7c1e-9b1f-3a2b4c5d6e7f',
    orphan: false,
  },
) as CertificateBody;

/** Undefined where the media type is none of an export. */
export const exportFormOf = (mediaType: string): ExportForm | undefined =>
  Object.entries(exportForms).find(([type]) => type === mediaType)?.[1];

/** An export of one certificate. */
export const exampleExport = ({ head, line }: ExportForm): string => head + line(exampleCertificate);

/**
 * Sends all certificates, a portion at a time: one portion is in memory, however many certificates there are and
 * however slowly the caller reads. A fault before the first portion is answered as a problem; a later one ends the
 * answer with a last line about it.
 */
export async function sendExport(
  request: FastifyRequest,
  reply: FastifyReply,
  form: ExportForm,
  portions: AsyncGenerator<readonly ListedCertificate[], void, void>,
  clock: () => Date,
): Promise<FastifyReply> {
  const first = await portions.next();
  return sendTexts(reply, form.contentType, texts(), () => void portions.return());

  async function* texts(): AsyncGenerator<string, void, void> {
    if (form.head !== '') yield form.head;
    try {
      for (let portion = first; portion.done !== true; portion = await portions.next())
        yield portion.value
          .map((certificate) => form.line(certificateView(shownListed(certificate, clock()))))
          .join('');
    } catch (error) {
      request.log.error({ err: error }, 'an export broke off');
      yield form.brokenOff(problemBody(errorToProblem(error as FastifyError), request.id));
    }
  }
}
