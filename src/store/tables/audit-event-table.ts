import { type ChainHead, genesis } from '../../audit/chain.js';
import type { AuditEvent, AuditEventFilter, AuditEventType } from '../../model/audit-event.js';
import type { Page, PageQuery } from '../../model/page.js';
import type { Prisma, PrismaClient } from '../generated/sqlite/client.js';
import { insertInto, type Columns, type Statement } from '../statement.js';
import type { AuditEventReader } from '../store.js';
import { invalidCursor, readPage } from './read-page.js';

const auditEventColumns = {
  seq: true,
  at: true,
  type: true,
  principal: true,
  cluster: true,
  requestId: true,
  fingerprintSha256: true,
  canonical: true,
  previousHash: true,
  hash: true,
} as const satisfies Prisma.AuditEventSelect;

type AuditEventRow = Prisma.AuditEventGetPayload<{ select: typeof auditEventColumns }>;

export function auditEventRow(event: AuditEvent): Columns<AuditEventRow> {
  return {
    seq: event.seq,
    at: event.at,
    type: event.type,
    principal: event.principal,
    cluster: event.cluster,
    requestId: event.requestId,
    fingerprintSha256: event.fingerprintSha256,
    canonical: event.canonical,
    previousHash: event.previousHash,
    hash: event.hash,
  };
}

/** Appends an event to the audit log. */
export const insertAuditEvent = (event: AuditEvent): Statement => insertInto('AuditEvent', auditEventRow(event));

/** Finds the end of the audit chain; no row where the log is empty. */
export const selectChainHead: Statement = {
  sql: 'SELECT "seq", "hash" FROM "AuditEvent" ORDER BY "seq" DESC LIMIT 1',
  parameters: [],
};

/** Reads the audit log. */
export class AuditEventTable implements AuditEventReader {
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
   * The numbers between which the events of a period lie, according to the ranges. A list by number then starts and ends
   * where the period does.
   */
  async #boundsOf({ after, before }: AuditEventFilter): Promise<readonly Prisma.AuditEventWhereInput[]> {
    return [
      ...(after === undefined ? [] : [{ seq: { gte: await this.#firstAfter(after) } }]),
      ...(before === undefined ? [] : [{ seq: { lte: await this.#lastBefore(before) } }]),
    ];
  }

  /** The number below which no event is later than the instant. */
  async #firstAfter(instant: Date): Promise<bigint> {
    // This is read first, because a range that is recorded meanwhile may hold the events in question.
    const lastOfRanges = await this.#lastOfRanges();
    const range = await this.prisma.auditEventRange.findFirst({
      where: { latest: { gt: instant } },
      orderBy: { lastSeq: 'asc' },
      select: { firstSeq: true },
    });
    return range?.firstSeq ?? lastOfRanges + 1n;
  }

  /** The number above which no event is earlier than the instant. */
  async #lastBefore(instant: Date): Promise<bigint> {
    // Fewer events than one range has follow the last range.
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

function auditEventOf(row: AuditEventRow): AuditEvent {
  return {
    seq: Number(row.seq),
    at: row.at,
    type: row.type as AuditEventType,
    principal: row.principal,
    cluster: row.cluster,
    requestId: row.requestId,
    fingerprintSha256: row.fingerprintSha256,
    details: detailsIn(row.canonical),
    canonical: row.canonical,
    previousHash: row.previousHash,
    hash: row.hash,
  };
}

/**
 * Reads the details from the canonical text, which alone holds them. The details of a damaged text are empty, so the rest
 * of the log stays readable, and verification finds the damage.
 */
function detailsIn(canonical: string): AuditEvent['details'] {
  try {
    const event: unknown = JSON.parse(canonical);
    if (typeof event !== 'object' || event === null || !('details' in event)) return {};
    const { details } = event;
    return typeof details === 'object' && details !== null && !Array.isArray(details)
      ? (details as AuditEvent['details'])
      : {};
  } catch {
    return {};
  }
}
