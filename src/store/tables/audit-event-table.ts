import {
  canonicalTextsOf,
  headAfter,
  eventsAtMost,
  eventsOf,
  linksOf,
  type ChainLink,
  maskContains,
  typesMask,
  type AuditRecord,
} from '../../audit/audit-record.js';
import { genesis, type ChainHead } from '../../audit/hash-chain.js';
import type { AuditEvent, AuditEventFilter, AuditEventPage, AuditEventType } from '../../model/audit-event.js';
import type { Page, PageQuery } from '../../model/outcome.js';
import type { Prisma } from '../generated/sqlite/client.js';
import {
  hexText,
  octetsIn,
  uuidOctetsIn,
  uuidOf,
  uuidOfHex,
  type ReadStatement,
  type SqlDialect,
} from '../steps/statement.js';
import { equals, type ListFilter } from '../lists/list-filter.js';
import { selectKeys, type KeysInOrder } from '../lists/select-keys.js';
import { highest, type Reads, type ListKey, type ListOrder } from '../lists/list.js';
import { readPage, type Keyed } from '../lists/read-page.js';

/** Finds the end of the audit chain; no row where the log is empty. */
export const selectLastRecord: ReadStatement = {
  sql: 'SELECT "lastSeq", "hashes" FROM "AuditRecord" ORDER BY "lastSeq" DESC LIMIT 1',
  parameters: [],
};

/**
 * Finds the records of the next events, with the columns that make their texts. Prisma would take ten times as long.
 */
export const selectTexts = (afterSeq: number, limit: number, dialect: SqlDialect): ReadStatement => ({
  sql: `SELECT "firstSeq", "lastSeq", "at", "types", "principal", "cluster", ${dialect.hexText('"requestId"')} AS "requestId",
      ${dialect.hexText('"fingerprintSha256"')} AS "fingerprintSha256", "events"
    FROM "AuditRecord" WHERE "lastSeq" > ? AND "lastSeq" < ? AND "firstSeq" <= ? ORDER BY "lastSeq"`,
  parameters: [afterSeq, afterSeq + limit + eventsAtMost, afterSeq + limit],
});

/** The RFC 8785 texts in the rows of `selectTexts`, up to the first event that lacks. */
export function textsIn(rows: readonly unknown[], afterSeq: number, limit: number): readonly string[] {
  const texts: string[] = [];
  for (const row of rows as readonly TextRow[]) {
    const { requestId, ...same } = row;
    const record = {
      ...same,
      firstSeq: Number(row.firstSeq),
      lastSeq: Number(row.lastSeq),
      at: new Date(row.at),
      types: Number(row.types),
      requestId: requestId === null ? null : uuidOfHex(requestId),
    };
    // The first record may begin before the first event that is asked for.
    const known = afterSeq + 1 + texts.length - record.firstSeq;
    if (known < 0 || (known > 0 && texts.length > 0)) break;
    texts.push(...canonicalTextsOf(record).slice(known));
  }
  return texts.slice(0, limit);
}

/** Whole numbers are texts on PostgreSQL; an instant is in milliseconds on SQLite. */
interface TextRow extends Pick<AuditRecord, 'principal' | 'cluster' | 'requestId' | 'fingerprintSha256' | 'events'> {
  readonly firstSeq: number | string;
  readonly lastSeq: number | string;
  readonly at: number | Date;
  readonly types: number | string;
}

/** Finds the last event that an archive has. Every list asks, and Prisma would take longer than the rest of it. */
const selectLastArchive: ReadStatement = {
  sql: 'SELECT "lastSeq", "lastHash" FROM "AuditArchive" ORDER BY "lastSeq" DESC LIMIT 1',
  parameters: [],
};

const oldestFirst: ListOrder = {
  name: 'audit-events/oldest',
  columns: [{ name: 'lastSeq', holds: 'numbers' }],
  direction: 'ascending',
};

const earliest = (...seqs: readonly bigint[]): bigint => seqs.reduce((a, b) => (a < b ? a : b));
const latest = (...seqs: readonly bigint[]): bigint => seqs.reduce((a, b) => (a > b ? a : b));

const newestFirst: ListOrder = { ...oldestFirst, name: 'audit-events/newest', direction: 'descending' };

/** The types of a record about nothing but the issuance of a certificate, as the condition of an index has them. */
const issuance = String(typesMask(['CertificateIssued']));

/** Reads the audit log. */
export class AuditEventTable {
  constructor(private readonly reads: Reads) {}

  /**
   * Oldest first, so that a follower can keep its cursor and continue later, unless the filter orders otherwise. Events
   * that an archive has are left out.
   */
  async list(filter: AuditEventFilter, page: PageQuery): Promise<AuditEventPage> {
    const { seq: archived } = await this.start();
    const found = await this.#listBehind(archived, filter, page);
    const { seq: now } = await this.start();
    // Events that were archived meanwhile may have left the database before they were read.
    const items = now === archived ? found.items : found.items.filter(({ seq }) => seq > now);
    return { items, nextCursor: found.nextCursor, firstSeq: now + 1 };
  }

  async #listBehind(archived: number, filter: AuditEventFilter, page: PageQuery): Promise<Page<AuditEvent>> {
    const filters = await this.#filtersOf(filter);
    const first = filter.after === undefined ? 1n : await this.#firstAfter(filter.after);
    const last = filter.before === undefined ? undefined : await this.#lastBefore(filter.before);
    const isNewest = filter.order === 'newest';
    const order = isNewest ? newestFirst : oldestFirst;
    const lowest = latest(first - 1n, BigInt(filter.afterSeq ?? 0), BigInt(archived));
    return readPage(page, order, async (after, take) => {
      const records: Keyed<AuditEvent>[] = [];
      if (filters === null) return { records };
      // The cursor is the number of an event: the rest of its record comes next.
      const asked = after?.[0] as bigint | undefined;
      const above = isNewest ? lowest : latest(lowest, asked ?? 0n);
      const below = earliest(last === undefined ? highest : last + 1n, isNewest ? (asked ?? highest) : highest);
      // An event lies less than a record's length before the end of its record.
      const end = earliest(below + BigInt(eventsAtMost), highest);
      const part = { table: 'AuditRecord', order, filters, until: isNewest || last === undefined ? undefined : end };
      let behind = isNewest ? end : above;
      let found: KeysInOrder;
      do {
        found = await selectKeys(this.reads, { ...part, after: [behind] }, take);
        const events = (await this.#byKeys(found.keys)).flatMap(eventsOf);
        for (const event of isNewest ? events.reverse() : events) {
          const seq = BigInt(event.seq);
          if (seq > above && seq < below && matches(event, filter)) records.push({ key: [seq], item: event });
        }
        behind = (found.keys.at(-1)?.[0] as bigint | undefined) ?? behind;
      } while (records.length < take && found.keys.length === take && behind > above);
      const shown = { records: records.slice(0, take) };
      if (found.goesOnBehind === null) return shown;
      const [goesOn] = found.goesOnBehind as readonly [bigint];
      // Earlier events of the record where the list goes on may be among these.
      const seq = isNewest ? earliest(goesOn, (records.at(-1)?.key[0] as bigint | undefined) ?? goesOn) : goesOn;
      return { ...shown, goesOnBehind: seq > above ? [seq] : null };
    });
  }

  #byKeys(keys: readonly ListKey[]): Promise<readonly AuditRecord[]> {
    return this.#records({ lastSeq: { in: keys.map(([lastSeq]) => lastSeq as bigint) } });
  }

  /** Null where a filter can match nothing. A request comes first, because nearly every other value is more common. */
  async #filtersOf(filter: AuditEventFilter): Promise<readonly ListFilter[] | null> {
    const { requestId, fingerprintSha256, type } = filter;
    const request = requestId === undefined ? undefined : uuidOctetsIn(requestId);
    if (request === null) return null;
    const certificate = fingerprintSha256 === undefined ? undefined : octetsIn(fingerprintSha256);
    if (certificate === null) return null;
    return [
      ...(request === undefined ? [] : [[{ column: 'requestId', value: request }]]),
      ...(certificate === undefined ? [] : [await this.#aboutCertificate(certificate)]),
      ...(filter.username === undefined
        ? []
        : [[{ column: 'username', value: filter.username, through: throughSubjects }]]),
      ...equals('principal', filter.principal),
      ...equals('cluster', filter.cluster),
      ...(type === undefined ? [] : [await this.#ofType(type as AuditEventType)]),
    ];
  }

  /** Records about a certificate are found by its request, if it has one. */
  async #aboutCertificate(fingerprint: Buffer<ArrayBuffer>): Promise<ListFilter> {
    const certificate = await this.reads.prisma.certificateRecord.findUnique({
      where: { fingerprintSha256: fingerprint },
      select: { request: { select: { id: true } } },
    });
    // This is the condition of the index; the inventory knows each certificate that was issued, and its request.
    const others = { sql: `"r"."types" <> ${issuance}`, parameters: [] };
    const itsIssuance = {
      sql: `"r"."fingerprintSha256" = ? AND COALESCE("r"."types", 0) = ${issuance}`,
      parameters: [fingerprint],
    };
    return [
      { column: 'fingerprintSha256', value: fingerprint, and: others },
      ...(certificate ? [{ column: 'requestId', value: certificate.request.id, and: itsIssuance }] : []),
    ];
  }

  /** The sets of types that there are with this type among them; a few dozens exist. */
  async #ofType(type: AuditEventType): Promise<ListFilter> {
    const rows = await this.reads.readRows({
      // Steps from one value of the index to the next.
      sql: `WITH RECURSIVE "distinct"("types") AS (
          SELECT MIN("types") FROM "AuditRecord"
          UNION ALL
          SELECT (SELECT MIN("r"."types") FROM "AuditRecord" AS "r" WHERE "r"."types" > "distinct"."types")
          FROM "distinct" WHERE "distinct"."types" IS NOT NULL)
        SELECT "types" FROM "distinct" WHERE "types" IS NOT NULL`,
      parameters: [],
    });
    return rows
      .map((row) => Number((row as { readonly types: number | string }).types))
      .filter((types) => maskContains(types, type))
      .map((types) => ({ column: 'types', value: types }));
  }

  /** The number below which no event is later than the instant. */
  #firstAfter(instant: Date): Promise<bigint> {
    return this.#firstOfRange({ gt: instant });
  }

  /** The number above which no event is earlier than the instant. */
  async #lastBefore(instant: Date): Promise<bigint> {
    // Fewer events than one range has follow the last range.
    const behind = await this.reads.prisma.auditRecord.findFirst({
      where: { lastSeq: { gt: await this.#lastOfRanges() }, at: { lt: instant } },
      orderBy: { lastSeq: 'desc' },
      select: { lastSeq: true },
    });
    if (behind) return behind.lastSeq;
    const range = await this.reads.prisma.auditEventRange.findFirst({
      where: { earliest: { lt: instant } },
      orderBy: { lastSeq: 'desc' },
      select: { lastSeq: true },
    });
    return range?.lastSeq ?? 0n;
  }

  /**
   * The first number in the first range whose latest event is such; without such a range, the number behind all ranges.
   */
  async #firstOfRange(latest: Prisma.DateTimeFilter): Promise<bigint> {
    // This is read first, because a range that is recorded meanwhile may hold the events in question.
    const lastOfRanges = await this.#lastOfRanges();
    const range = await this.reads.prisma.auditEventRange.findFirst({
      where: { latest },
      orderBy: { lastSeq: 'asc' },
      select: { firstSeq: true },
    });
    return range?.firstSeq ?? lastOfRanges + 1n;
  }

  async #lastOfRanges(): Promise<bigint> {
    const last = await this.reads.prisma.auditEventRange.findFirst({
      orderBy: { lastSeq: 'desc' },
      select: { lastSeq: true },
    });
    return last?.lastSeq ?? 0n;
  }

  /** All events of one request that are still in the database, oldest first. */
  async ofRequest(requestId: string): Promise<readonly AuditEvent[]> {
    const octets = uuidOctetsIn(requestId);
    return octets === null ? [] : (await this.#records({ requestId: octets })).flatMap(eventsOf);
  }

  /** Events with `seq` > `afterSeq`, in order, at most `limit`: for verification and export in chunks. */
  async chunk(afterSeq: number, limit: number): Promise<readonly AuditEvent[]> {
    const events = (await this.#recordsBehind(afterSeq, limit)).flatMap(eventsOf);
    return events.filter(({ seq }) => seq > afterSeq).slice(0, limit);
  }

  /** The same events without reading what is in them: for exports. */
  async links(afterSeq: number, limit: number): Promise<readonly ChainLink[]> {
    const links = (await this.#recordsBehind(afterSeq, limit)).flatMap(linksOf);
    return links.filter(({ seq }) => seq > afterSeq).slice(0, limit);
  }

  /** The RFC 8785 texts of these events. It stops at the first missing event. */
  async canonicalTexts(afterSeq: number, limit: number): Promise<readonly string[]> {
    return textsIn(await this.reads.readRows(selectTexts(afterSeq, limit, this.reads.dialect)), afterSeq, limit);
  }

  /** The records of the next events, `limit` at most; if no record is so near, the next record. */
  async #recordsBehind(afterSeq: number, limit: number): Promise<readonly AuditRecord[]> {
    const [gt, lt] = [BigInt(afterSeq), BigInt(afterSeq + limit + eventsAtMost)];
    const near = await this.#records({ lastSeq: { gt, lt } }, { take: limit });
    return near.length > 0 ? near : this.#records({ lastSeq: { gt } }, { take: 1 });
  }

  /** In the order of the log. */
  async #records(where: Prisma.AuditRecordWhereInput, bound: { readonly take?: number } = {}) {
    const rows = await this.reads.prisma.auditRecord.findMany({ where, orderBy: { lastSeq: 'asc' }, ...bound });
    return rows.map(auditRecordOf);
  }

  /** Number and hash of the last committed event. */
  async head(): Promise<ChainHead> {
    const [row] = (await this.reads.readRows(selectLastRecord)) as readonly {
      readonly lastSeq: number | string;
      readonly hashes: Uint8Array;
    }[];
    return row ? headAfter({ lastSeq: Number(row.lastSeq), hashes: row.hashes }) : genesis;
  }

  /** The number up to which every event is earlier than the instant. */
  async endBefore(instant: Date): Promise<number> {
    const first = await this.#firstOfRange({ gte: instant });
    // No more events than one range has are looked through.
    const record = await this.reads.prisma.auditRecord.findFirst({
      where: { lastSeq: { gte: first }, at: { gte: instant } },
      orderBy: { lastSeq: 'asc' },
      select: { firstSeq: true },
    });
    return record === null ? (await this.head()).seq : Number(record.firstSeq) - 1;
  }

  /** Number and hash of the last event that an archive has; `seq` is 0 where there is none. */
  async start(): Promise<ChainHead> {
    const [row] = (await this.reads.readRows(selectLastArchive)) as readonly {
      readonly lastSeq: number | string;
      readonly lastHash: Uint8Array;
    }[];
    return row ? { seq: Number(row.lastSeq), hash: hexText(row.lastHash) } : genesis;
  }
}

/** Whether an event of a record that was found matches, too. */
const matches = (event: AuditEvent, filter: AuditEventFilter): boolean =>
  compared.every((name) => filter[name] === undefined || event[name] === filter[name]) &&
  (filter.username === undefined || isAbout(event, filter.username)) &&
  (filter.after === undefined || event.at > filter.after) &&
  (filter.before === undefined || event.at < filter.before);

/** A record without a request may have events about several usernames. */
const isAbout = ({ requestId, details: { username } }: AuditEvent, name: string): boolean =>
  requestId !== null || typeof username !== 'string' || username === name;

const throughSubjects = { table: 'AuditSubject', columns: {}, key: 'lastSeq' };

const compared = ['type', 'principal', 'cluster', 'requestId', 'fingerprintSha256'] as const;

export const auditRecordOf = (row: Prisma.AuditRecordGetPayload<object>): AuditRecord => ({
  ...row,
  firstSeq: Number(row.firstSeq),
  lastSeq: Number(row.lastSeq),
  types: Number(row.types),
  requestId: row.requestId && uuidOf(row.requestId),
  fingerprintSha256: row.fingerprintSha256 && hexText(row.fingerprintSha256),
});
