import type { CertificateRequest, RequestFilter } from '../../model/certificate-request.js';
import type { Page, PageQuery, Visibility } from '../../model/page.js';
import type { Prisma, PrismaClient } from '../generated/sqlite/client.js';
import { certificateRequestColumns, certificateRequestOf } from '../tables/certificate-request-table.js';
import type { RequestReader } from '../store.js';
import { inBatches } from './in-batches.js';
import { readVisible } from './read-visible.js';
import { invalidCursor, readPage, scanPage } from '../tables/read-page.js';

type Row = Prisma.CertificateRequestGetPayload<{ select: typeof certificateRequestColumns }>;

const lapsedAtOnce = 500;

/** Ids are UUIDv7, so their order is that of creation. */
const newestFirst = { order: 'requests/newest', keyOf: (row: Row) => [row.id] };

const pendingScan = { atOnce: 250, atMost: 1000 };

export class CertificateRequestReader implements RequestReader {
  constructor(private readonly prisma: PrismaClient) {}

  async find(id: string): Promise<CertificateRequest | null> {
    const row = await this.prisma.certificateRequest.findUnique({ where: { id }, select: certificateRequestColumns });
    return row && certificateRequestOf(row);
  }

  list(filter: RequestFilter & Visibility, page: PageQuery): Promise<Page<CertificateRequest>> {
    return readPage(
      page,
      newestFirst,
      (after, take) =>
        readVisible(filter.visibleTo, newestFirst.keyOf, take, 'descending', (party) =>
          this.prisma.certificateRequest.findMany({
            where: { AND: [where(filter), party, ...(after ? [olderThan(after)] : [])] },
            orderBy: { id: 'desc' },
            take,
            select: certificateRequestColumns,
          }),
        ),
      certificateRequestOf,
    );
  }

  listPending(
    filter: RequestFilter,
    isWanted: (request: CertificateRequest) => boolean,
    page: PageQuery,
  ): Promise<Page<CertificateRequest>> {
    return scanPage(
      page,
      newestFirst,
      pendingScan,
      (after, take) =>
        this.prisma.certificateRequest.findMany({
          where: { AND: [{ state: 'pending' }, where(filter), ...(after ? [olderThan(after)] : [])] },
          orderBy: { id: 'desc' },
          take,
          select: certificateRequestColumns,
        }),
      (row) => {
        const request = certificateRequestOf(row);
        return isWanted(request) ? request : null;
      },
    );
  }

  async unfinished(): Promise<readonly CertificateRequest[]> {
    const rows = await this.prisma.certificateRequest.findMany({
      where: { OR: [{ state: 'issuing' }, { state: 'approved', certificationRequest: { not: null } }] },
      orderBy: { id: 'asc' },
      select: certificateRequestColumns,
    });
    return rows.map(certificateRequestOf);
  }

  async lapsed(now: Date): Promise<readonly CertificateRequest[]> {
    const rows = await this.prisma.certificateRequest.findMany({
      where: { state: { in: ['pending', 'approved'] }, expiresAt: { lte: now } },
      orderBy: [{ expiresAt: 'asc' }, { id: 'asc' }],
      take: lapsedAtOnce,
      select: certificateRequestColumns,
    });
    return rows.map(certificateRequestOf);
  }

  async attemptedFor(cluster: string, spkiSha256s: readonly string[]): Promise<readonly CertificateRequest[]> {
    const rows = await inBatches(spkiSha256s, (batch) =>
      this.prisma.certificateRequest.findMany({
        where: { cluster, attemptSpkiSha256: { in: batch } },
        select: certificateRequestColumns,
      }),
    );
    return rows.map(certificateRequestOf);
  }
}

function where(filter: RequestFilter): Prisma.CertificateRequestWhereInput {
  return {
    ...(filter.state !== undefined && { state: filter.state }),
    ...(filter.cluster !== undefined && { cluster: filter.cluster }),
    ...(filter.username !== undefined && { username: filter.username }),
    ...(filter.requester !== undefined && { requesterName: filter.requester }),
  };
}

function olderThan([id]: readonly string[]): Prisma.CertificateRequestWhereInput {
  if (id === undefined) throw invalidCursor();
  return { id: { lt: id } };
}
