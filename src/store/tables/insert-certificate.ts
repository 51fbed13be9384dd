import type { Certificate } from '../../model/certificate.js';
import type { Renewal } from '../../model/certificate-request.js';
import {
  type ColumnValue,
  type Statement,
  hexText,
  insertOnce,
  jsonOctets,
  octetsOf,
  quoted,
  textsByColumns,
  uuidOctets,
} from '../steps/statement.js';
import type { Write } from '../steps/step.js';
import { certificateRow, issuerRow } from './certificate-row.js';

/** Inserts a certificate and its groups; its parties are copied from its request. */
export const insertCertificate = (certificate: Certificate): Write => ({
  statements() {
    const issuer = issuerRow(certificate);
    const row = certificateRow(certificate, issuer);
    const requestId = uuidOctets(certificate.requestId);
    const { one, many } = certificateTexts('CertificateRecord', Object.keys(row));
    return [
      insertOnce('Issuer', hexText(issuer.sha256), issuer),
      {
        sql: one,
        parameters: [...Object.values(row), requestId],
        unlessChanged: { kind: 'request', id: certificate.requestId },
        ifTaken: (constraint) => ({
          kind: 'unique',
          what: constraint.includes('serialNumber') ? 'serialNumber' : 'fingerprintSha256',
        }),
        many: { sql: many, row: { columns: {}, parts: { row, request: { id: requestId } } } },
      },
      ...[...new Set(certificate.groups)].map((name) => insertMembership(name, row.fingerprintSha256)),
      ...(certificate.renewal && !certificate.orphan ? insertRenewal(row.fingerprintSha256, certificate.renewal) : []),
    ];
  },
  // Groups stand in the certificate, in its subject as text, in the list of its groups, and in the pages that long rows
  // leave half empty.
  octets: () => 5 * jsonOctets(certificate.groups),
  endsAttempt: true,
  tells: { certificate },
});

/** Records what the certificate renews. An orphan renews nothing, because nobody holds its key. */
function insertRenewal(fingerprintSha256: ColumnValue, { of, lineage, generation }: Renewal): readonly Statement[] {
  const first = octetsOf(lineage);
  return [
    {
      sql: `INSERT INTO "LineageMember" ("certificateN", "lineage", "generation", "notAfter")
        SELECT "n", ?, 0, "notAfter" FROM "CertificateRecord" WHERE "fingerprintSha256" = ? ON CONFLICT DO NOTHING`,
      parameters: [first, first],
    },
    {
      sql: `INSERT INTO "LineageMember" ("certificateN", "renewalOf", "lineage", "generation", "notAfter")
        SELECT "n", ?, ?, ?, "notAfter" FROM "CertificateRecord" WHERE "fingerprintSha256" = ?`,
      parameters: [octetsOf(of), first, generation, fingerprintSha256],
    },
    {
      sql: `INSERT INTO "Supersession" ("certificateN", "supersededByN", "notAfter")
        SELECT "old"."n", "new"."n", "old"."notAfter" FROM "CertificateRecord" AS "old", "CertificateRecord" AS "new"
          WHERE "old"."fingerprintSha256" = ? AND "new"."fingerprintSha256" = ?
        ON CONFLICT ("certificateN") DO UPDATE SET "supersededByN" = excluded."supersededByN"`,
      parameters: [octetsOf(of), fingerprintSha256],
    },
  ];
}

const certificateTexts = textsByColumns((columns) => {
  const names = columns.map(quoted);
  const into = `INSERT INTO "CertificateRecord" (${names.join(', ')}, "requestN", "requesterName", "collector")`;
  const ofRequest = '"q"."n", "q"."requesterName", "q"."collector"';
  return {
    one: `${into} SELECT ${names.map(() => '?').join(', ')}, ${ofRequest} FROM "RequestRecord" AS "q" WHERE "q"."id" = ?`,
    many: `${into} SELECT ${names.map((name) => `"c".${name}`).join(', ')}, ${ofRequest}
      FROM json_array_elements(?::json) AS "e", json_populate_record(NULL::"CertificateRecord", "e" -> 'row') AS "c",
        json_populate_record(NULL::"RequestRecord", "e" -> 'request') AS "f" JOIN "RequestRecord" AS "q" ON "q"."id" = "f"."id"`,
  };
});

/** One row for each distinct group, so that certificates are found by group on an index. */
const insertMembership = (name: string, fingerprintSha256: ColumnValue): Statement => ({
  sql: `INSERT INTO "GroupMembership" ("name", "certificateN", "notAfter")
    SELECT ?, "n", "notAfter" FROM "CertificateRecord" WHERE "fingerprintSha256" = ?`,
  parameters: [name, fingerprintSha256],
  many: {
    sql: `INSERT INTO "GroupMembership" ("name", "certificateN", "notAfter")
      SELECT "e" ->> 'name', "c"."n", "c"."notAfter" FROM json_array_elements(?::json) AS "e",
        json_populate_record(NULL::"CertificateRecord", "e" -> 'certificate') AS "f"
        JOIN "CertificateRecord" AS "c" ON "c"."fingerprintSha256" = "f"."fingerprintSha256"`,
    row: { columns: { name }, parts: { certificate: { fingerprintSha256 } } },
  },
});
