import { type ChainHead, genesis } from '../../audit/chain.js';
import type { AuditEvent } from '../../model/audit-event.js';
import type { Page, PageQuery } from '../../model/page.js';
import type { Prisma, PrismaClient } from '../generated/sqlite/client.js';
import { auditEventColumns, auditEventOf } from '../rows/audit-event-row.js';
import type { AuditEventFilter, AuditEventReader as AuditEventReaderPort } from '../store.js';
import { invalidCursor, readPage } from './read-page.js';

export class AuditEventReader implements AuditEventReaderPort {
  constructor(private readonly prisma: PrismaClient) {}

  list(filter: AuditEventFilter, page: PageQuery): Promise<Page<AuditEvent>> {
    return readPage(
      page,
      { order: 'audit-events/oldest', keyOf: (row: { seq: bigint }) => [row.seq.toString()] },
      (after, take) =>
        this.prisma.auditEvent.findMany({
          where: { AND: [where(filter), ...(after ? [laterThan(after)] : [])] },
          orderBy: { seq: 'asc' },
          take,
          select: auditEventColumns,
        }),
      auditEventOf,
    );
  }

  async ofRequest(requestId: string): Promise<readonly AuditEvent[]> {
    const rows = await this.prisma.auditEvent.findMany({
      where: { requestId },
      orderBy: { seq: 'asc' },
      select: auditEventColumns,
    });
    return rows.map(auditEventOf);
  }

  async chunk(afterSeq: number, limit: number): Promise<readonly AuditEvent[]> {
    const rows = await this.prisma.auditEvent.findMany({
      where: { seq: { gt: afterSeq } },
      orderBy: { seq: 'asc' },
      take: limit,
      select: auditEventColumns,
    });
    return rows.map(auditEventOf);
  }

  async head(): Promise<ChainHead> {
    const row = await this.prisma.auditEvent.findFirst({
      orderBy: { seq: 'desc' },
      select: { seq: true, hash: true },
    });
    return row ? { seq: Number(row.seq), hash: row.hash } : genesis;
  }
}

function where(filter: AuditEventFilter): Prisma.AuditEventWhereInput {
  return {
    ...(filter.type !== undefined && { type: filter.type }),
    ...(filter.principal !== undefined && { principal: filter.principal }),
    ...(filter.cluster !== undefined && { cluster: filter.cluster }),
    ...(filter.requestId !== undefined && { requestId: filter.requestId }),
    ...(filter.fingerprintSha256 !== undefined && { fingerprintSha256: filter.fingerprintSha256 }),
    at: {
      ...(filter.after !== undefined && { gt: filter.after }),
      ...(filter.before !== undefined && { lt: filter.before }),
    },
  };
}

function laterThan([seq]: readonly string[]): Prisma.AuditEventWhereInput {
  if (seq === undefined || !/^\d{1,15}$/.test(seq)) throw invalidCursor();
  return { seq: { gt: BigInt(seq) } };
}
