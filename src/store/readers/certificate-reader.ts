import type { Certificate } from '../../model/certificate.js';
import type { Page, PageQuery } from '../../model/page.js';
import type { Prisma, PrismaClient } from '../generated/sqlite/client.js';
import { certificateColumns, certificateOf } from '../rows/certificate-row.js';
import type { CertificateFilter, CertificateReader as CertificateReaderPort } from '../store.js';
import { visibleTo } from './certificate-request-reader.js';
import { instantInCursor, invalidCursor, readPage } from './read-page.js';

interface Key {
  readonly fingerprintSha256: string;
  readonly issuedAt: Date;
  readonly notAfter: Date;
}

export class CertificateReader implements CertificateReaderPort {
  constructor(private readonly prisma: PrismaClient) {}

  async findByFingerprint(fingerprintSha256: string): Promise<Certificate | null> {
    const row = await this.prisma.certificate.findUnique({
      where: { fingerprintSha256 },
      select: certificateColumns,
    });
    return row && certificateOf(row);
  }

  async findByFingerprints(fingerprintsSha256: readonly string[]): Promise<readonly Certificate[]> {
    const rows = await this.prisma.certificate.findMany({
      where: { fingerprintSha256: { in: [...fingerprintsSha256] } },
      select: certificateColumns,
    });
    return rows.map(certificateOf);
  }

  list(filter: CertificateFilter, page: PageQuery): Promise<Page<Certificate>> {
    // Whoever asks about expiry reads along the index on it: soonest first.
    const byExpiry = filter.expiresBefore !== undefined || filter.expiresAfter !== undefined;
    const { order, orderBy, keyOf, beyond } = byExpiry ? soonestExpiringFirst : newestFirst;
    return readPage(
      page,
      { order, keyOf },
      (after, take) =>
        this.prisma.certificate.findMany({
          where: { AND: [where(filter), ...(after ? [beyond(after)] : [])] },
          orderBy,
          take,
          select: certificateColumns,
        }),
      certificateOf,
    );
  }
}

interface Order {
  readonly order: string;
  readonly orderBy: Prisma.CertificateOrderByWithRelationInput[];
  readonly keyOf: (row: Key) => readonly string[];
  readonly beyond: (key: readonly string[]) => Prisma.CertificateWhereInput;
}

const newestFirst: Order = {
  order: 'certificates/newest',
  orderBy: [{ issuedAt: 'desc' }, { fingerprintSha256: 'desc' }],
  keyOf: (row) => [row.issuedAt.toISOString(), row.fingerprintSha256],
  beyond([instant, fingerprint]) {
    if (fingerprint === undefined) throw invalidCursor();
    const issuedAt = instantInCursor(instant);
    // Beyond the pair, in two conditions of which the first lets the index be entered at the cursor.
    return {
      issuedAt: { lte: issuedAt },
      OR: [{ issuedAt: { lt: issuedAt } }, { fingerprintSha256: { lt: fingerprint } }],
    };
  },
};

const soonestExpiringFirst: Order = {
  order: 'certificates/soonest',
  orderBy: [{ notAfter: 'asc' }, { fingerprintSha256: 'asc' }],
  keyOf: (row) => [row.notAfter.toISOString(), row.fingerprintSha256],
  beyond([instant, fingerprint]) {
    if (fingerprint === undefined) throw invalidCursor();
    const notAfter = instantInCursor(instant);
    return {
      notAfter: { gte: notAfter },
      OR: [{ notAfter: { gt: notAfter } }, { fingerprintSha256: { gt: fingerprint } }],
    };
  },
};

function where(filter: CertificateFilter): Prisma.CertificateWhereInput {
  return {
    ...(filter.cluster !== undefined && { cluster: filter.cluster }),
    ...(filter.username !== undefined && { username: filter.username }),
    ...(filter.group !== undefined && { memberships: { some: { name: filter.group } } }),
    ...(filter.serialNumber !== undefined && { serialNumber: filter.serialNumber }),
    notAfter: {
      ...(filter.expiresBefore !== undefined && { lt: filter.expiresBefore }),
      ...(filter.expiresAfter !== undefined && { gt: filter.expiresAfter }),
    },
    ...(filter.visibleTo !== undefined && { request: visibleTo(filter.visibleTo) }),
  };
}
