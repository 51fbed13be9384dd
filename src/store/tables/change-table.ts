import { hash } from 'node:crypto';
import { maskContains, typesMask } from '../../audit/audit-record.js';
import { auditEventTypes } from '../../model/audit-event.js';
import { type ChangeKind, changedKinds, changeKinds, type Standing } from '../../model/change.js';
import type { KeyReads } from '../lists/list.js';

type Row = Readonly<Record<'lastSeq' | 'types', number | string>> &
  Readonly<Record<'principal' | 'requester' | 'collector' | 'ended', string | null>>;

const ended = typesMask(['SignedOut']);

/** Reads whether anything changed, and for whom: every change has its audit event, except deliveries of webhooks. */
export class ChangeTable {
  constructor(private readonly reads: KeyReads) {}

  /** Looks at the ends of indexes, and at the deliveries that wait. */
  async standing(): Promise<Standing> {
    const among = (what: string, state: string) => `(SELECT ${what} FROM "WebhookDelivery" WHERE "state" = '${state}')`;
    const [row] = await this.reads.readRows({
      sql: `SELECT (SELECT MAX("lastSeq") FROM "AuditRecord") AS "seq", (SELECT MAX("id") FROM "WebhookDelivery") AS "a",
        ${among('MAX("endedAt")', 'delivered')} AS "b", ${among('MAX("endedAt")', 'dead')} AS "c",
        ${among('COUNT(*)', 'waiting')} AS "d", ${among('MIN("nextAttemptAt")', 'waiting')} AS "e"`,
      parameters: [],
    });
    const { seq, ...outbox } = row as { readonly seq: number | string | null };
    return { seq: Number(seq), webhooks: parseInt(hash('sha256', JSON.stringify(outbox)).slice(0, 8), 16) };
  }

  /**
   * The events behind `after`, up to `through`; some together, under the number of the last one. `kinds`: those that
   * they change. `names`: whose request it is, or whose session began or ended.
   */
  async between(after: number, through: number) {
    const rows = await this.reads.readRows({
      sql: `SELECT "r"."lastSeq", "r"."types", "r"."principal", "q"."requesterName" AS "requester", "q"."collector",
          CASE WHEN ("r"."types" & ${ended}) <> 0 THEN "r"."events" END AS "ended"
        FROM "AuditRecord" AS "r" LEFT JOIN "RequestRecord" AS "q" ON "q"."id" = "r"."requestId"
        WHERE "r"."lastSeq" > ? AND "r"."lastSeq" <= ? ORDER BY "r"."lastSeq"`,
      parameters: [after, through],
    });
    return (rows as readonly Row[]).map((row) => {
      const types = auditEventTypes.filter((type) => maskContains(Number(row.types), type));
      const isChanged = (kind: ChangeKind) => types.some((type) => changeKinds[kind].events?.test(type));
      // Somebody else may have ended a session.
      const signedOut = row.ended?.matchAll(/"details":(\{.*?\}),"principal".*"type":"SignedOut"/g) ?? [];
      const names = [...signedOut].map(([, name]) => (JSON.parse(name ?? '{}') as { readonly name: string }).name);
      for (const name of [row.requester, row.collector, types.includes('SignedIn') ? row.principal : null])
        if (name !== null) names.push(name);
      const kinds = changedKinds.filter((kind) =>
        kind === 'certificate-requests' ? row.requester !== null : isChanged(kind),
      );
      return { seq: Number(row.lastSeq), kinds, names };
    });
  }
}
