import { hexText, jsonRead, uuidOf } from '../steps/statement.js';
import type { KeyReads } from '../lists/list.js';

/** A certificate that has not expired, as far as the access that it gives depends on it. */
export interface UnexpiredCertificate {
  readonly username: string;
  readonly cluster: string;
  readonly groups: readonly string[];
  readonly notAfter: Date;
  readonly fingerprintSha256: string;
  readonly requestId: string;
  readonly isRevoked: boolean;
  /** Whether the certificate was never handed out. */
  readonly isOrphan: boolean;
}

interface Wanted {
  readonly now: Date;
  /** So many of each username are looked at, and as many of its revoked ones. */
  readonly limit: number;
  readonly revokedToo: boolean;
}

interface Row extends Pick<UnexpiredCertificate, 'username' | 'cluster'> {
  readonly groups: unknown;
  readonly orphan: number | boolean;
  readonly notAfter: number | Date;
  readonly fingerprintSha256: Uint8Array;
  readonly requestId: Uint8Array;
}

/** The unexpired certificates of these usernames, by username, those first that end last. */
export async function unexpiredOf(
  { readRows }: KeyReads,
  usernames: readonly string[],
  { now, limit, revokedToo }: Wanted,
): Promise<ReadonlyMap<string, readonly UnexpiredCertificate[]>> {
  const names = padded([...new Set(usernames)]);
  if (names.length === 0) return new Map();
  // The aggregates keep the databases from joining, and so from reading a table as a whole.
  const numbers = await readRows({
    sql: `WITH "names" ("name") AS (VALUES ${names.map(() => '(?)').join(', ')})
      SELECT (SELECT string_agg(CAST("l"."n" AS TEXT), ',') FROM (
        SELECT "c"."n" FROM "CertificateRecord" AS "c" WHERE "c"."username" = "names"."name" AND "c"."notAfter" > ?
          AND NOT EXISTS (SELECT 1 FROM "Revocation" AS "v" WHERE "v"."certificateN" = "c"."n")
          ORDER BY "c"."notAfter" DESC LIMIT ?) AS "l") AS "live"${revokedToo ? `, ${revokedNumbers} AS "revoked"` : ''} FROM "names"`,
    parameters: [...names, now, limit, ...(revokedToo ? [now, limit] : [])],
  });
  const found: UnexpiredCertificate[] = [];
  for (const isRevoked of [false, true]) {
    const texts = numbers.map(
      (row) => (row as Readonly<Record<string, string | null>>)[isRevoked ? 'revoked' : 'live'],
    );
    const keys = [...new Set(texts.flatMap((text) => text?.split(',') ?? []))];
    for (let begin = 0; begin < keys.length; begin += certificatesAtOnce) {
      const some = padded(keys.slice(begin, begin + certificatesAtOnce));
      const rows = await readRows({
        sql: `SELECT "c"."username", "c"."cluster", "c"."groups", "c"."notAfter", "c"."fingerprintSha256", "c"."orphan", "q"."id" AS "requestId"
          FROM "CertificateRecord" AS "c" JOIN "RequestRecord" AS "q" ON "q"."n" = "c"."requestN"
          WHERE "c"."n" IN (${some.map(() => '?').join(', ')})`,
        parameters: some.map(BigInt),
      });
      for (const row of rows as readonly Row[]) found.push(certificateOf(row, isRevoked));
    }
  }
  found.sort((one, other) => other.notAfter.getTime() - one.notAfter.getTime());
  return Map.groupBy(found, ({ username }) => username);
}

const certificateOf = (row: Row, isRevoked: boolean): UnexpiredCertificate => ({
  username: row.username,
  cluster: row.cluster,
  groups: jsonRead(row.groups) as readonly string[],
  notAfter: new Date(row.notAfter),
  fingerprintSha256: hexText(row.fingerprintSha256),
  requestId: uuidOf(row.requestId),
  isRevoked,
  isOrphan: Boolean(row.orphan),
});

/** The table of revocations has some of certificates that the database does not know. */
const revokedNumbers = `(SELECT string_agg(CAST("l"."n" AS TEXT), ',') FROM (
  SELECT "v"."certificateN" AS "n" FROM "Revocation" AS "v" WHERE "v"."username" = "names"."name" AND "v"."notAfter" > ?
    AND "v"."certificateN" IS NOT NULL ORDER BY "v"."notAfter" DESC LIMIT ?) AS "l")`;

const certificatesAtOnce = 500;
/** A statement is prepared for each number of values, so there are few such numbers. */
const sizes = [1, 10, 50, 250, 500];

/** The same values, some of them again. */
function padded(values: readonly string[]): readonly string[] {
  const size = sizes.find((one) => one >= values.length) ?? values.length;
  return [...values, ...Array.from({ length: size - values.length }, () => values.at(-1) ?? '')];
}
