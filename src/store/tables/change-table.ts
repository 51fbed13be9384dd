import { hash } from 'node:crypto';
import { maskContains, typesMask } from '../../audit/audit-record.js';
import { auditEventTypes } from '../../model/audit-event.js';
import { type ChangeKind, changedKinds, changeKinds, type Standing } from '../../model/change.js';
import type { KeyReads } from '../lists/list.js';

type Row = Readonly<Record<'lastSeq' | 'types', number | string>> &
  Readonly<Record<'principal' | 'requester' | 'collector' | 'ended', string | null>>;

/** Somebody else may have ended a session, and those of an API token end with it. */
const ending = typesMask(['SignedOut', 'ApiTokenRevoked']);
const endings = /"details":(\{.*?\}),"principal".*"type":"(?:SignedOut|ApiTokenRevoked)"/g;
interface Ending {
  /** Absent where a session was ended for itself. */
  readonly sessionId?: string;
  readonly tokenId: string | null;
  readonly name: string;
}

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
   * they change. `names`: whose request it is, or whose session began or ended. The end of an API token that has
   * sessions ends them, too.
   */
  async between(after: number, through: number) {
    const rows = await this.reads.readRows({
      sql: `SELECT "r"."lastSeq", "r"."types", "r"."principal", "q"."requesterName" AS "requester", "q"."collector",
          CASE WHEN ("r"."types" & ${ending}) <> 0 THEN "r"."events" END AS "ended"
        FROM "AuditRecord" AS "r" LEFT JOIN "RequestRecord" AS "q" ON "q"."id" = "r"."requestId"
        WHERE "r"."lastSeq" > ? AND "r"."lastSeq" <= ? ORDER BY "r"."lastSeq"`,
      parameters: [after, through],
    });
    const found = (rows as readonly Row[]).map((row) => {
      const texts = [...(row.ended?.matchAll(endings) ?? [])].map(([, details = '{}']) => details);
      return { row, ends: texts.map((text) => JSON.parse(text) as Ending) };
    });
    const revoked = found.flatMap(({ ends }) => ends.flatMap((end) => (end.sessionId ? [] : (end.tokenId ?? []))));
    const withSessions = await this.#withSessions(revoked);
    return found.map(({ row, ends }) => {
      const types = auditEventTypes.filter((type) => maskContains(Number(row.types), type));
      const isChanged = (kind: ChangeKind) => types.some((type) => changeKinds[kind].events?.test(type));
      const ended = ends.filter(({ sessionId, tokenId }) => sessionId !== undefined || withSessions.has(tokenId));
      const names = ended.map(({ name }) => name);
      for (const name of [row.requester, row.collector, types.includes('SignedIn') ? row.principal : null])
        if (name !== null) names.push(name);
      const kinds = changedKinds.filter((kind) =>
        kind === 'certificate-requests'
          ? row.requester !== null
          : isChanged(kind) || (kind === 'sessions' && ended.length > 0),
      );
      return { seq: Number(row.lastSeq), kinds, names };
    });
  }

  /** The API tokens among these that took sessions with them. */
  async #withSessions(tokenIds: readonly string[]): Promise<ReadonlySet<string | null>> {
    if (tokenIds.length === 0) return new Set();
    const rows = await this.reads.readRows({
      sql: `SELECT "s"."tokenId" FROM ${this.reads.dialect.jsonTexts()} AS "given" CROSS JOIN "Session" AS "s"
        CROSS JOIN "ApiToken" AS "t" WHERE "s"."tokenId" = "given"."value" AND "t"."id" = "s"."tokenId"
          AND "s"."endedAt" = "t"."revokedAt"`,
      parameters: [tokenIds],
    });
    return new Set(rows.map((row) => (row as { readonly tokenId: string }).tokenId));
  }
}
