import { type ChainHead, genesis } from '../../audit/chain.js';
import type { AuditEvent, AuditEventFilter } from '../../model/audit-event.js';
import type { Page, PageQuery } from '../../model/page.js';
import type { Prisma, PrismaClient } from '../generated/sqlite/client.js';
import { auditEventColumns, auditEventOf } from '../tables/audit-event-table.js';
import type { AuditEventReader as AuditEventReaderPort } from '../store.js';
import { invalidCursor, readPage } from '../tables/read-page.js';

export class AuditEventReader implements AuditEventReaderPort {
  constructor(private readonly prisma: PrismaClient) {}

  async list(filter: AuditEventFilter, page: PageQuery): Promise<Page<AuditEvent>> {
    const bounds = await this.#boundsOf(filter);
    return readPage(
      page,
      { order: 'audit-events/oldest', keyOf: (row: { seq: bigint }) => [row.seq.toString()] },
      (after, take) =>
        this.prisma.auditEvent.findMany({
          where: { AND: [where(filter), ...bounds, ...(after ? [laterThan(after)] : [])] },
          orderBy: { seq: 'asc' },
          take,
          select: auditEventColumns,
        }),
      auditEventOf,
    );
  }

  /**
   * Between which numbers the events of a time lie, as the ranges have it: what is listed by number is then read from
   * where that time begins to where it ends.
   */
  async #boundsOf({ after, before }: AuditEventFilter): Promise<readonly Prisma.AuditEventWhereInput[]> {
    return [
      ...(after === undefined ? [] : [{ seq: { gte: await this.#firstAfter(after) } }]),
      ...(before === undefined ? [] : [{ seq: { lte: await this.#lastBefore(before) } }]),
    ];
  }

  /** No event with a lower number is from after that instant. */
  async #firstAfter(instant: Date): Promise<bigint> {
    // First: a range that is recorded meanwhile may hold what is looked for.
    const lastOfRanges = await this.#lastOfRanges();
    const range = await this.prisma.auditEventRange.findFirst({
      where: { latest: { gt: instant } },
      orderBy: { lastSeq: 'asc' },
      select: { firstSeq: true },
    });
    return range?.firstSeq ?? lastOfRanges + 1n;
  }

  /** No event with a higher number is from before that instant. */
  async #lastBefore(instant: Date): Promise<bigint> {
    // Behind the ranges are fewer events than one has.
    const behind = await this.prisma.auditEvent.findFirst({
      where: { seq: { gt: await this.#lastOfRanges() }, at: { lt: instant } },
      orderBy: { seq: 'desc' },
      select: { seq: true },
    });
    if (behind) return behind.seq;
    const range = await this.prisma.auditEventRange.findFirst({
      where: { earliest: { lt: instant } },
      orderBy: { lastSeq: 'desc' },
      select: { lastSeq: true },
    });
    return range?.lastSeq ?? 0n;
  }

  async #lastOfRanges(): Promise<bigint> {
    const last = await this.prisma.auditEventRange.findFirst({
      orderBy: { lastSeq: 'desc' },
      select: { lastSeq: true },
    });
    return last?.lastSeq ?? 0n;
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
