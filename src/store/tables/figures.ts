import {
  endingWithinDays,
  mostCounted,
  openRequestStates,
  type CertificateCount,
  type CertificateFigures,
  type RecordFigures,
} from '../../model/record-figures.js';
import { sessionLimits } from '../../model/session.js';
import { webhookDeliveryStates } from '../../model/webhook-delivery.js';
import type { ColumnValue, Condition } from '../steps/statement.js';
import { type EndOfCertificate, soonestFirst } from './ending-certificates.js';
import { highest, keyOfRow, type KeyReads } from '../lists/list.js';

/** Few enough for a millisecond of SQLite's, which nobody else gets. */
const countedAtOnce = 1000;
const dayMilliseconds = 86_400_000;

const noFigures: CertificateFigures = { live: 0, endingWithin: endingWithinDays.map(() => 0), inLastTenth: 0 };

const sum = (a: CertificateFigures, b: CertificateFigures): CertificateFigures => ({
  live: a.live + b.live,
  endingWithin: a.endingWithin.map((count, i) => count + (b.endingWithin[i] ?? 0)),
  inLastTenth: a.inLastTenth + b.inLastTenth,
});

/** Counts for the figures that are measured. */
export class FigureCounts {
  constructor(private readonly reads: KeyReads) {}

  /**
   * Counts the live certificates, along the index of their ends and a thousand at a time; `pause` is awaited in
   * between, and so lets others have the event loop. Null where `pause` answers that this shall end.
   */
  async certificates(now: Date, pause: () => Promise<'go on' | 'end'>): Promise<CertificateCount | null> {
    let counted: CertificateCount = { notRenewed: noFigures, renewed: noFigures };
    // One that ends at this instant has expired.
    let after: EndOfCertificate | null = { notAfter: now, n: highest };
    while (after !== null) {
      const last = await this.#lastOfNext(after);
      const next = await this.#countBetween(after, last, now);
      counted = {
        notRenewed: sum(counted.notRenewed, next.notRenewed),
        renewed: sum(counted.renewed, next.renewed),
      };
      after = last;
      if (after !== null && (await pause()) === 'end') return null;
    }
    return counted;
  }

  /** Counts by indexes, each up to 100,000. */
  async records(now: Date): Promise<Omit<RecordFigures, 'auditEvents' | 'checkpoint'>> {
    const requests = await this.#countStates(openRequestStates, 'RequestRecord', 'RequestRecord_state_n_idx');
    const deliveries = await this.#countStates(
      webhookDeliveryStates,
      'WebhookDelivery',
      'WebhookDelivery_state_id_idx',
    );
    const [oldest] = (await this.reads.readRows({
      sql: `SELECT "createdAt" FROM "WebhookDelivery" WHERE "state" = 'waiting' ORDER BY "state", "id" LIMIT 1`,
      parameters: [],
    })) as readonly { readonly createdAt: number | Date }[];
    // As `isSessionLive`.
    const sessions = await this.#count('"Session"', {
      sql: '"expiresAt" > ? AND "usedAt" > ? AND "endedAt" IS NULL',
      parameters: [now, new Date(now.getTime() - sessionLimits.idleSeconds * 1000)],
    });
    return { requests, deliveries, oldestWaiting: oldest ? new Date(oldest.createdAt) : null, sessions };
  }

  /** The last of the next certificates by their ends; null where they are the last of all. It reads the index alone. */
  async #lastOfNext(after: EndOfCertificate): Promise<EndOfCertificate | null> {
    const behind = this.#range('>', after);
    const [row] = await this.reads.readRows({
      sql: `SELECT "notAfter", "n" FROM "CertificateRecord" WHERE ${behind.sql}
        ORDER BY "notAfter" ASC, "n" ASC LIMIT 1 OFFSET ${String(countedAtOnce - 1)}`,
      parameters: behind.parameters,
    });
    if (row === undefined) return null;
    const [notAfter, n] = keyOfRow(soonestFirst, row as Readonly<Record<string, unknown>>) as [Date, bigint];
    return { notAfter, n };
  }

  async #countBetween(after: EndOfCertificate, last: EndOfCertificate | null, now: Date): Promise<CertificateCount> {
    const behind = this.#range('>', after);
    const upTo = last === null ? { sql: '', parameters: [] } : this.#range('<=', last);
    const ends = endingWithinDays.map((days) => new Date(now.getTime() + days * dayMilliseconds));
    const columns = [0, 1].map((renewed) => {
      const count = (name: string, condition: string) =>
        `COUNT(CASE WHEN "renewed" = ${String(renewed)}${condition} THEN 1 END) AS "${name}${String(renewed)}"`;
      return [
        count('live', ''),
        ...ends.map((_, i) => count(`within${String(i)}/`, ' AND "notAfter" <= ?')),
        count('lastTenth', ' AND "notAfter" - ("notAfter" - "notBefore") / 10 <= ?'),
      ].join(', ');
    });
    const [row = {}] = (await this.reads.readRows({
      sql: `SELECT ${columns.join(', ')}
        FROM (SELECT "notAfter", "notBefore",
            COALESCE((SELECT 1 FROM "Supersession" AS "s" WHERE "s"."certificateN" = "CertificateRecord"."n"), 0) AS "renewed"
          FROM "CertificateRecord" WHERE ${behind.sql}${last === null ? '' : ` AND ${upTo.sql}`}
            AND COALESCE((SELECT 1 FROM "Revocation" AS "v" WHERE "v"."certificateN" = "CertificateRecord"."n"), 0) = 0) AS "next"`,
      parameters: [...ends, now, ...ends, now, ...behind.parameters, ...upTo.parameters],
    })) as readonly Readonly<Record<string, unknown>>[];
    const figuresOf = (renewed: number): CertificateFigures => ({
      live: Number(row[`live${String(renewed)}`] ?? 0),
      endingWithin: ends.map((_, i) => Number(row[`within${String(i)}/${String(renewed)}`] ?? 0)),
      inLastTenth: Number(row[`lastTenth${String(renewed)}`] ?? 0),
    });
    return { notRenewed: figuresOf(0), renewed: figuresOf(1) };
  }

  #range(sign: '>' | '<=', { notAfter, n }: EndOfCertificate): Condition {
    return this.reads.dialect.indexRange(null, ['"notAfter"', '"n"'], sign, [notAfter, n]);
  }

  async #countStates<State extends string>(
    states: readonly State[],
    table: string,
    index: string,
  ): Promise<Readonly<Record<State, number>>> {
    const counts: Partial<Record<State, number>> = {};
    for (const state of states) {
      const from = `"${table}"${this.reads.dialect.indexedBy(index)}`;
      counts[state] = await this.#count(from, { sql: '"state" = ?', parameters: [state] });
    }
    return counts as Record<State, number>;
  }

  async #count(from: string, where: { readonly sql: string; readonly parameters: readonly ColumnValue[] }) {
    const [row] = (await this.reads.readRows({
      sql: `SELECT COUNT(*) AS "found" FROM (SELECT 1 AS "one" FROM ${from} WHERE ${where.sql}
        LIMIT ${String(mostCounted)}) AS "counted"`,
      parameters: where.parameters,
    })) as readonly { readonly found: unknown }[];
    return Number(row?.found ?? 0);
  }
}
