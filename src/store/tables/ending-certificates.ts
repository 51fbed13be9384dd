import { keyOfRow, type KeyReads, type ListOrder } from '../lists/list.js';

/** A certificate's place in the order of their ends. */
export interface EndOfCertificate {
  readonly notAfter: Date;
  readonly n: bigint;
}

/** Certificates in the order of their ends. */
export const soonestFirst: ListOrder = {
  name: 'certificates/soonest',
  columns: [
    { name: 'notAfter', holds: 'instants' },
    { name: 'n', holds: 'numbers' },
  ],
  direction: 'ascending',
};

interface EndingCertificate extends EndOfCertificate {
  readonly notBefore: Date;
  /** Whether its end was told at the distance. */
  readonly isTold: boolean;
}

/** The next certificates that end behind `after` and not later than `until`, along the index of their ends. */
export async function readEnding(
  { readRows, dialect }: KeyReads,
  seconds: number,
  after: EndOfCertificate,
  until: Date,
  limit: number,
): Promise<readonly EndingCertificate[]> {
  const behind = dialect.indexRange(null, ['"notAfter"', '"n"'], '>', [after.notAfter, after.n]);
  const upTo = dialect.indexRange(null, ['"notAfter"'], '<=', [until]);
  const rows = await readRows({
    sql: `SELECT "notAfter", "n", "notBefore", EXISTS (SELECT 1 FROM "ExpiryNotice" AS "t"
        WHERE "t"."fingerprintSha256" = "CertificateRecord"."fingerprintSha256" AND "t"."seconds" = ?) AS "isTold"
      FROM "CertificateRecord" WHERE ${behind.sql} AND ${upTo.sql} ORDER BY "notAfter" ASC, "n" ASC LIMIT ?`,
    parameters: [seconds, ...behind.parameters, ...upTo.parameters, limit],
  });
  return rows.map((read) => {
    const row = read as Readonly<Record<string, unknown>>;
    const [notAfter, n] = keyOfRow(soonestFirst, row) as [Date, bigint];
    return { notAfter, n, notBefore: new Date(row['notBefore'] as number | Date), isTold: Boolean(row['isTold']) };
  });
}
