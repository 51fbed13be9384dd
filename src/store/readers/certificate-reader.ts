import type { Certificate, CertificateFilter } from '../../model/certificate.js';
import type { Page, PageQuery, Visibility } from '../../model/page.js';
import type { Prisma, PrismaClient } from '../generated/sqlite/client.js';
import { certificateColumns, certificateOf } from '../tables/certificate-table.js';
import type { CertificateReader as CertificateReaderPort } from '../store.js';
import { inBatches } from './in-batches.js';
import { instantInCursor, invalidCursor, readPage } from '../tables/read-page.js';
import { readVisible } from './read-visible.js';

const activeAtMost = 100;

type Row = Prisma.CertificateGetPayload<{ select: typeof certificateColumns }>;

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
    const rows = await inBatches(fingerprintsSha256, (batch) =>
      this.prisma.certificate.findMany({
        where: { fingerprintSha256: { in: batch } },
        select: certificateColumns,
      }),
    );
    return rows.map(certificateOf);
  }

  async activeOf(cluster: string, username: string, now: Date): Promise<readonly Certificate[]> {
    const rows = await this.prisma.certificate.findMany({
      where: { cluster, username, notBefore: { lte: now }, notAfter: { gt: now }, orphan: false },
      orderBy: [{ issuedAt: 'desc' }, { fingerprintSha256: 'desc' }],
      take: activeAtMost,
      select: certificateColumns,
    });
    return rows.map(certificateOf);
  }

  list(filter: CertificateFilter & Visibility, page: PageQuery): Promise<Page<Certificate>> {
    // Whoever asks about expiry reads along the index on it.
    return filter.expiresBefore !== undefined || filter.expiresAfter !== undefined
      ? this.#listSoonestExpiringFirst(filter, page)
      : this.#listNewestFirst(filter, page);
  }

  #listNewestFirst(filter: CertificateFilter & Visibility, page: PageQuery): Promise<Page<Certificate>> {
    const keyOf = (row: Row) => [row.issuedAt.toISOString(), row.fingerprintSha256];
    return readPage(
      page,
      { order: 'certificates/newest', keyOf },
      (after, take) =>
        readVisible(filter.visibleTo, keyOf, take, 'descending', (party) => {
          const beyond = after ? olderThan(after) : {};
          return this.#read(filter, party, beyond, [{ issuedAt: 'desc' }, { fingerprintSha256: 'desc' }], take);
        }),
      certificateOf,
    );
  }

  #listSoonestExpiringFirst(filter: CertificateFilter & Visibility, page: PageQuery): Promise<Page<Certificate>> {
    const keyOf = (row: Row) => [row.notAfter.toISOString(), row.fingerprintSha256];
    return readPage(
      page,
      { order: 'certificates/soonest', keyOf },
      (after, take) =>
        readVisible(filter.visibleTo, keyOf, take, 'ascending', (party) => {
          const beyond = after ? expiringLaterThan(after) : {};
          return this.#read(filter, party, beyond, [{ notAfter: 'asc' }, { fingerprintSha256: 'asc' }], take);
        }),
      certificateOf,
    );
  }

  /** Certificates themselves; those of a group along the group's own index, which holds the instants too. */
  async #read(
    filter: CertificateFilter,
    party: Prisma.CertificateWhereInput,
    beyond: Beyond,
    orderBy: Order,
    take: number,
  ): Promise<readonly Row[]> {
    const { group, cluster } = filter;
    if (group === undefined)
      return this.prisma.certificate.findMany({
        where: { AND: [where(filter), expiry(filter), party, beyond] },
        orderBy,
        take,
        select: certificateColumns,
      });
    const members = await this.prisma.certificateGroup.findMany({
      where: {
        AND: [
          { name: group, ...(cluster !== undefined && { cluster }), certificate: { AND: [where(filter), party] } },
          expiry(filter),
          beyond,
        ],
      },
      orderBy,
      take,
      select: { certificate: { select: certificateColumns } },
    });
    return members.map((member) => member.certificate);
  }
}

/** What certificates and their groups have in common is named alike. */
type Beyond = Prisma.CertificateWhereInput & Prisma.CertificateGroupWhereInput;
type Order = { issuedAt?: 'desc'; notAfter?: 'asc'; fingerprintSha256?: 'asc' | 'desc' }[];

function where(filter: CertificateFilter): Prisma.CertificateWhereInput {
  return {
    ...(filter.cluster !== undefined && { cluster: filter.cluster }),
    ...(filter.username !== undefined && { username: filter.username }),
    ...(filter.serialNumber !== undefined && { serialNumber: filter.serialNumber }),
  };
}

function expiry({ expiresBefore, expiresAfter }: CertificateFilter) {
  return {
    notAfter: {
      ...(expiresBefore !== undefined && { lt: expiresBefore }),
      ...(expiresAfter !== undefined && { gt: expiresAfter }),
    },
  };
}

// Beyond a pair is said in two conditions, of which the first lets the index be entered at the cursor.

function olderThan([instant, fingerprint]: readonly string[]) {
  if (fingerprint === undefined) throw invalidCursor();
  const issuedAt = instantInCursor(instant);
  return {
    issuedAt: { lte: issuedAt },
    OR: [{ issuedAt: { lt: issuedAt } }, { fingerprintSha256: { lt: fingerprint } }],
  };
}

function expiringLaterThan([instant, fingerprint]: readonly string[]) {
  if (fingerprint === undefined) throw invalidCursor();
  const notAfter = instantInCursor(instant);
  return {
    notAfter: { gte: notAfter },
    OR: [{ notAfter: { gt: notAfter } }, { fingerprintSha256: { gt: fingerprint } }],
  };
}
