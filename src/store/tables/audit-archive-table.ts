import { eventsOf } from '../../audit/audit-record.js';
import type { AuditEvent } from '../../model/audit-event.js';
import type { TimelineEntry } from '../../model/certificate-request.js';
import type { Prisma, PrismaClient } from '../generated/sqlite/client.js';
import { hexText, uuidOctets, uuidOctetsIn, type Statement } from '../steps/statement.js';
import type { Write } from '../steps/step.js';
import { inBatches } from '../lists/read-page.js';
import { auditRecordOf } from './audit-event-table.js';

/** A record of the log with its events. */
export interface StoredAuditRecord {
  readonly lastSeq: number;
  readonly requestId: string | null;
  readonly at: Date;
  readonly events: readonly AuditEvent[];
}

/** A file that has some events of the log. */
export interface AuditArchive {
  readonly firstSeq: number;
  readonly lastSeq: number;
  /** Its name, without the directory. */
  readonly file: string;
  /** The file's; lower-case hex. */
  readonly sha256: string;
  /** The hash of its last event in the chain. */
  readonly lastHash: string;
  readonly archivedAt: Date;
}

/**
 * Conflicts where an archive has events behind this one. The condition stands in the step that tells of the next
 * archive. A trigger adds the archive's row with its event, so one of two archives that are made at once conflicts.
 */
export const requireArchivedThrough = (seq: number): Write => ({
  statements: () => ({
    sql: 'SELECT COUNT(*) AS "found" FROM "AuditArchive" WHERE "lastSeq" > ?',
    parameters: [seq],
    ifReached: { limit: 1, conflict: () => ({ kind: 'auditArchive', seq }) },
  }),
});

/** The part of a request's timeline that shows a record of the log. */
export interface KeptTimeline {
  readonly requestId: string;
  /** The number of the record's last event. */
  readonly lastSeq: number;
  readonly at: Date;
  readonly entries: readonly Omit<TimelineEntry, 'at'>[];
}

interface PrunedRecords {
  readonly timelines: readonly KeptTimeline[];
  /** The number of the last event of a record. */
  readonly after: number;
  /** The same, of the last one. */
  readonly through: number;
}

/**
 * Keeps the timelines of these records, and deletes all records behind `after` up to `through`. Records that are gone
 * already are passed over. Triggers refuse to delete a record that no archive has, and one whose timeline is not kept.
 */
export const pruneAuditRecords = ({ timelines, after, through }: PrunedRecords): Write => ({
  statements: (dialect) => [
    ...timelines.map(keepTimeline),
    { sql: dialect.deleteAuditRecords, parameters: [after, through] },
  ],
});

/** Keeps nothing where another process has pruned the record already. */
function keepTimeline({ requestId, lastSeq, at, entries }: KeptTimeline): Statement {
  const id = uuidOctets(requestId);
  return {
    sql: `INSERT INTO "TimelineRecord" ("requestId", "lastSeq", "at", "entries") SELECT ?, ?, ?, ?
      WHERE EXISTS (SELECT 1 FROM "AuditRecord" WHERE "lastSeq" = ? AND "requestId" = ?) ON CONFLICT DO NOTHING`,
    parameters: [id, lastSeq, at, entriesText(entries), lastSeq, id],
  };
}

/**
 * JSON: `[type]`, `[type, principal]` or `[type, principal, message]` for each event. There may be millions of them.
 */
const entriesText = (entries: KeptTimeline['entries']): string =>
  JSON.stringify(
    entries.map(({ type, principal, message }) =>
      message !== null ? [type, principal, message] : principal !== null ? [type, principal] : [type],
    ),
  );

const entriesIn = (text: string): KeptTimeline['entries'] =>
  (JSON.parse(text) as [string, (string | null)?, string?][]).map(([type, principal = null, message = null]) => ({
    type,
    principal,
    message,
  }));

/** Reads which events are archived. */
export class AuditArchiveTable {
  constructor(private readonly prisma: PrismaClient) {}

  /** Null where there is none. */
  async last(): Promise<AuditArchive | null> {
    const row = await this.prisma.auditArchive.findFirst({ orderBy: { lastSeq: 'desc' } });
    return row && archiveOf(row);
  }

  /** The archives with these files, in no particular order. */
  async named(files: readonly string[]): Promise<readonly AuditArchive[]> {
    const rows = await inBatches(files, (batch) =>
      this.prisma.auditArchive.findMany({ where: { file: { in: batch } } }),
    );
    return rows.map(archiveOf);
  }

  /** Archives with records that are still in the database, oldest first. */
  async unpruned(): Promise<readonly AuditArchive[]> {
    const first = await this.prisma.auditRecord.findFirst({ orderBy: { lastSeq: 'asc' }, select: { lastSeq: true } });
    if (first === null) return [];
    const rows = await this.prisma.auditArchive.findMany({
      where: { lastSeq: { gte: first.lastSeq } },
      orderBy: { lastSeq: 'asc' },
    });
    return rows.map(archiveOf);
  }

  /** The oldest records, at most `limit`, whose last event is behind `after` and not behind `through`. */
  async records(after: number, through: number, limit: number): Promise<readonly StoredAuditRecord[]> {
    const rows = await this.prisma.auditRecord.findMany({
      where: { lastSeq: { gt: after, lte: through } },
      orderBy: { lastSeq: 'asc' },
      take: limit,
    });
    return rows.map(auditRecordOf).map((record) => ({ ...record, events: eventsOf(record) }));
  }

  /**
   * The timeline of the request's events that left the database, oldest first. `through`: the last of them; 0: none.
   */
  async timelineOf(
    requestId: string,
  ): Promise<{ readonly entries: readonly TimelineEntry[]; readonly through: number }> {
    const octets = uuidOctetsIn(requestId);
    if (octets === null) return { entries: [], through: 0 };
    const rows = await this.prisma.timelineRecord.findMany({
      where: { requestId: octets },
      orderBy: { lastSeq: 'asc' },
      select: { lastSeq: true, at: true, entries: true },
    });
    const entries = rows.flatMap(({ at, entries: text }) => entriesIn(text).map((entry) => ({ at, ...entry })));
    return { entries, through: Number(rows.at(-1)?.lastSeq ?? 0) };
  }
}

const archiveOf = (row: Prisma.AuditArchiveGetPayload<object>): AuditArchive => ({
  ...row,
  firstSeq: Number(row.firstSeq),
  lastSeq: Number(row.lastSeq),
  sha256: hexText(row.sha256),
  lastHash: hexText(row.lastHash),
});
