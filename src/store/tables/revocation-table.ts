import type { RevokedCertificate } from '../../model/certificate.js';
import type { RevocationReason } from '@kubepass/x509';
import { Prisma } from '../generated/sqlite/browser.js';
import type { PrismaClient } from '../generated/sqlite/client.js';
import {
  hexText,
  jsonOctets,
  octetsIn,
  octetsOf,
  quoted,
  rowOf,
  serialOctets,
  serialOf,
  type Columns,
} from '../steps/statement.js';
import type { Write } from '../steps/step.js';
import { inBatches } from '../lists/read-page.js';

/** `n` grows in the order of the commits, on every replica. */
interface StoredRevocation extends RevokedCertificate {
  readonly n: bigint;
}

/** The number of the certificate is for joins alone. */
const omit = { certificateN: true } as const;

const { certificateN: _, ...columns } = Prisma.RevocationScalarFieldEnum;

type RevocationRow = Prisma.RevocationGetPayload<{ omit: typeof omit }>;

/** The row without the number that the database gives it, and without that of its certificate. */
export function revocationRow(revoked: RevokedCertificate): Columns<Omit<RevocationRow, 'n'>> {
  const { fingerprintSha256, serialNumber, issuerFingerprintSha256 } = revoked;
  return rowOf(columns, {
    ...revoked,
    fingerprintSha256: octetsOf(fingerprintSha256),
    serialNumber: serialOctets(serialNumber),
    issuerFingerprintSha256: issuerFingerprintSha256 === null ? null : octetsOf(issuerFingerprintSha256),
  });
}

/** Inserts a revocation, with the number of its certificate if there is one. Conflicts where there is a revocation. */
export const insertRevocation = (revoked: RevokedCertificate): Write => ({
  statements() {
    const row = revocationRow(revoked);
    const names = Object.keys(row);
    return {
      sql: `INSERT INTO "Revocation" (${names.map(quoted).join(', ')}, "certificateN") VALUES (${names.map(() => '?').join(', ')},
        (SELECT "n" FROM "CertificateRecord" WHERE "fingerprintSha256" = ?))`,
      parameters: [...Object.values(row), row.fingerprintSha256],
      ifTaken: () => ({ kind: 'revocation', fingerprintSha256: revoked.fingerprintSha256 }),
    };
  },
  // The comment also stands in the list beside the database.
  octets: () => 2 * jsonOctets(revoked.comment),
  tells: { revoked },
});

/** Conflicts where the certificate is revoked. */
export const requireUnrevoked = (fingerprintSha256: string): Write => ({
  statements: () => ({
    sql: 'SELECT COUNT(*) AS "found" FROM "Revocation" WHERE "fingerprintSha256" = ?',
    parameters: [octetsOf(fingerprintSha256)],
    ifReached: { limit: 1, conflict: () => ({ kind: 'revocation', fingerprintSha256 }) },
  }),
});

/** Reads the table of revocations. */
export class RevocationTable {
  constructor(private readonly prisma: PrismaClient) {}

  /** The revocations behind `after`, in the order of their commits, at most `limit`. */
  chunk(after: bigint, limit: number): Promise<readonly StoredRevocation[]> {
    return this.#chunk({ n: { gt: after } }, limit);
  }

  /** As `chunk`, those alone whose certificate has not expired. */
  unexpired(now: Date, after: bigint, limit: number): Promise<readonly StoredRevocation[]> {
    return this.#chunk({ n: { gt: after }, notAfter: { gt: now } }, limit);
  }

  async #chunk(where: Prisma.RevocationWhereInput, limit: number): Promise<readonly StoredRevocation[]> {
    const rows = await this.prisma.revocation.findMany({
      where,
      orderBy: { n: 'asc' },
      take: limit,
      omit,
    });
    return rows.map(revocationOf);
  }

  /** The highest number of a revocation; 0 where there is none. */
  async lastN(): Promise<bigint> {
    const last = await this.prisma.revocation.findFirst({ orderBy: { n: 'desc' }, select: { n: true } });
    return last?.n ?? 0n;
  }

  /** The fingerprints, among these, of revoked certificates. */
  async known(fingerprintsSha256: readonly string[]): Promise<ReadonlySet<string>> {
    const rows = await inBatches(fingerprintsSha256, (batch) =>
      this.prisma.revocation.findMany({
        where: { fingerprintSha256: { in: batch.flatMap((text) => octetsIn(text) ?? []) } },
        select: { fingerprintSha256: true },
      }),
    );
    return new Set(rows.map((row) => hexText(row.fingerprintSha256)));
  }

  async find(fingerprintSha256: string): Promise<RevokedCertificate | null> {
    const octets = octetsIn(fingerprintSha256);
    if (octets === null) return null;
    const row = await this.prisma.revocation.findUnique({
      where: { fingerprintSha256: octets },
      omit,
    });
    return row && revocationOf(row);
  }
}

function revocationOf(row: RevocationRow): StoredRevocation {
  return {
    ...row,
    fingerprintSha256: hexText(row.fingerprintSha256),
    serialNumber: serialOf(row.serialNumber),
    issuerFingerprintSha256: row.issuerFingerprintSha256 && hexText(row.issuerFingerprintSha256),
    reason: row.reason as RevocationReason,
  };
}
