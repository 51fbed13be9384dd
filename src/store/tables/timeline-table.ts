import { foldedName } from '@kubepass/inspect/formats';
import { type IdentityFilter, inForce } from '../../model/identity.js';
import type { PageQuery } from '../../model/outcome.js';
import { highest, type KeyReads, type ListOrder } from '../lists/list.js';
import { behindPrefix } from '../lists/list-filter.js';
import { cursorOf, keyIn } from '../lists/read-page.js';
import { jsonRead } from '../steps/statement.js';
import type { IdentityBlockTable } from './identity-block-table.js';
import { identitiesByUsername, selects } from './identity-table.js';

/** As `ReadRows` answers it. `cluster` null: a blocked name that has no certificate. */
interface Row extends Record<'groups' | 'isSuperseded' | 'isRevoked', unknown> {
  readonly username: string;
  readonly cluster: string | null;
  readonly notBefore: number | Date;
  readonly notAfter: number | Date;
  readonly fingerprintSha256: string;
}

const byUsername: ListOrder = { ...identitiesByUsername, name: 'timeline/username' };
/** Fewer live certificates than this are sorted by username. The index of usernames has the expired ones as well. */
const few = 20_000;
/** So many certificates are looked at for one page at least. */
const fewestLooked = 2_000;

/** Reads who has access until when: thousands of certificates with one statement. */
export class TimelineTable {
  constructor(
    private readonly reads: KeyReads,
    private readonly blocks: IdentityBlockTable,
  ) {}

  /**
   * By username: at most `limit` certificates, unless the first identity has more. `works`: whether revoked ones work
   * on a cluster; the others are left out.
   */
  async list(filter: IdentityFilter, now: Date, query: PageQuery, works: (cluster: string) => boolean) {
    let after = (keyIn(query.cursor, byUsername)?.[0] ?? null) as string | null;
    const take = Math.max(query.limit, fewestLooked) + 1;
    const rows = await this.#rows(filter, now, after, take);
    const byName = Map.groupBy(rows, ({ username }) => username);
    const last = rows.at(-1)?.username ?? '';
    // The last username may go on behind the rows.
    if (rows.length === take && byName.size > 1) byName.delete(last);
    else if (rows.length === take) byName.set(last, await this.#rows({ ...filter, username: last }, now, null, null));
    // Its block has another spelling, perhaps, and it may have no certificate.
    if (filter.blocked === true && filter.username !== undefined && !byName.has(filter.username) && after === null)
      byName.set(filter.username, []);
    const blocks = await this.blocks.find([...new Set(byName.keys().map(foldedName))]);
    const blockOf = new Map(blocks.map((block) => [foldedName(block.username), inForce(block, now)]));
    const items = [];
    let shown = 0;
    let isEnd = rows.length < take;
    for (const [username, own] of byName) {
      const bars = own.flatMap(barsOf).filter(({ isRevoked, cluster }) => !isRevoked || works(cluster));
      const block = blockOf.get(foldedName(username)) ?? null;
      if (selects(filter, { username, live: bars, block })) {
        shown += bars.length;
        isEnd &&= items.length === 0 || shown <= query.limit;
        if (items.length > 0 && shown > query.limit) break;
        items.push({ username, blocked: block !== null, bars });
      }
      after = username;
    }
    return { items, nextCursor: isEnd ? null : cursorOf(byUsername, [after ?? '']) };
  }

  /** By username, and of one username those first that end first. `take` null: all. */
  async #rows(filter: IdentityFilter, now: Date, after: string | null, take: number | null) {
    const { dialect, readRows } = this.reads;
    const { username, usernamePrefix } = filter;
    const isBroad = username === undefined;
    const areBlocked = isBroad && filter.blocked === true;
    const probe = `SELECT 1 FROM "CertificateRecord" WHERE "notAfter" > ? LIMIT 1 OFFSET ${few}`;
    const areFew = isBroad && !areBlocked && (await readRows({ sql: probe, parameters: [now] })).length === 0;
    const live = areFew
      ? dialect.indexRange(null, ['"notAfter"', '"n"'], '>', [now, highest])
      : dialect.indexRange(null, ['"notAfter"'], '>', [now]);
    const name = areBlocked ? '"b"."username"' : '"c"."username"';
    const bounds = {
      [`${name} > ?`]: after,
      [`${name} = ?`]: username,
      [`${name} >= ?`]: usernamePrefix,
      [`${name} < ?`]: usernamePrefix && behindPrefix(usernamePrefix),
    };
    const given = Object.entries(bounds).filter(([, value]) => typeof value === 'string');
    const is = (table: string) => `EXISTS (SELECT 1 FROM "${table}" AS "t" WHERE "t"."certificateN" = "c"."n")`;
    return (await readRows({
      sql: `WITH "c" AS ${areFew ? '' : 'NOT '}MATERIALIZED (SELECT "n", "username", "cluster", "groups", "notBefore", "notAfter",
          "fingerprintSha256" FROM "CertificateRecord"${areFew ? '' : dialect.indexedBy('CertificateRecord_username_notAfter_n_idx')}
          WHERE ${live.sql})
        SELECT ${name} AS "username", "c"."cluster", "c"."groups", "c"."notBefore", "c"."notAfter", ${is('Revocation')} AS "isRevoked",
          ${is('Supersession')} AS "isSuperseded", ${dialect.hexText('"c"."fingerprintSha256"')} AS "fingerprintSha256"
        FROM ${areBlocked ? `"IdentityBlock" AS "b" LEFT JOIN "c" ON "c"."username" = ${name}` : '"c"'}
        ${given.map(([condition], i) => `${i === 0 ? 'WHERE' : 'AND'} ${condition}`).join(' ')}
        ORDER BY ${name}, "c"."notAfter", "c"."n" LIMIT ?`,
      parameters: [...live.parameters, ...given.map(([, value]) => value ?? null), take ?? Number.MAX_SAFE_INTEGER],
    })) as Row[];
  }
}

/** A certificate that has not expired. */
const barsOf = ({ cluster, ...row }: Row) =>
  cluster === null
    ? []
    : {
        cluster,
        groups: jsonRead(row.groups) as readonly string[],
        notBefore: new Date(row.notBefore),
        notAfter: new Date(row.notAfter),
        isSuperseded: Boolean(row.isSuperseded),
        isRevoked: Boolean(row.isRevoked),
        fingerprintSha256: row.fingerprintSha256,
      };
