import type { Renewal } from '../../model/certificate-request.js';
import {
  type ColumnValue,
  type Statement,
  type StatementsBy,
  hexText,
  insertOnce,
  octetsOf,
  quoted,
  textsByColumns,
  uuidOctets,
} from '../steps/statement.js';
import { certificateRow, issuerRow } from './certificate-row.js';

export const certificateStatements = {
  /** Finds one where the issuer has none of the states. */
  requireIssuer: ({ cluster, issuer, states }) => ({
    sql: `SELECT COUNT(*) AS "found" FROM (SELECT 1 AS "one") AS "asked" WHERE NOT EXISTS (SELECT 1 FROM "ClusterIssuer"
      WHERE "cluster" = ? AND "name" = ? AND "state" IN (${'?, '.repeat(states.length - 1)}?))`,
    parameters: [cluster, issuer, ...states],
    ifReached: { limit: 1, conflict: () => ({ kind: 'issuer', cluster, issuer }) },
    many: { sql: issuersMissing, row: { columns: { cluster, issuer, states } } },
  }),

  /** Inserts a certificate and its groups; its parties are copied from its request. */
  insertCertificate({ certificate }) {
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
} satisfies Partial<StatementsBy>;

/** How many of the issuers have none of their states. Most steps of a batch ask for the same one. */
const issuersMissing = `SELECT COUNT(*) AS "found" FROM (SELECT DISTINCT "value" AS "e" FROM jsonb_array_elements(?::jsonb)) AS "asked"
  WHERE NOT EXISTS (SELECT 1 FROM "ClusterIssuer" AS "i" WHERE "i"."cluster" = "e" ->> 'cluster' AND "i"."name" = "e" ->> 'issuer'
    AND "e" -> 'states' @> to_jsonb("i"."state"))`;

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
