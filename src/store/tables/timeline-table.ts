import { foldedName } from '@kubepass/inspect/formats';
import { type IdentityFilter, inForce, type TimelineBar, type TimelineIdentity } from '../../model/identity.js';
import type { Page, PageQuery } from '../../model/outcome.js';
import { highest, type KeyReads, type ListOrder } from '../lists/list.js';
import { behindPrefix } from '../lists/list-filter.js';
import { cursorOf, keyIn } from '../lists/read-page.js';
import { jsonRead } from '../steps/statement.js';
import type { IdentityBlockTable } from './identity-block-table.js';
import { selects } from './identity-table.js';

/** As `ReadRows` answers it; a blocked name may have no certificate. */
type Row = { readonly username: string } & ({ readonly cluster: null } | RowOfBar);

interface RowOfBar extends Pick<TimelineBar, 'cluster' | 'fingerprintSha256'> {
  readonly groups: unknown;
  readonly notBefore: number | Date;
  readonly notAfter: number | Date;
  readonly isSuperseded: unknown;
  readonly isRevoked: unknown;
}

const byUsername: ListOrder = {
  name: 'timeline/username',
  columns: [{ name: 'username', holds: 'texts' }],
  direction: 'ascending',
};
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
    const page = (isEnd: boolean): Page<TimelineIdentity> => ({
      items,
      nextCursor: isEnd ? null : cursorOf(byUsername, [after ?? '']),
    });
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
    const items: TimelineIdentity[] = [];
    let shown = 0;
    for (const [username, own] of byName) {
      const bars = own.flatMap((row) => (row.cluster === null ? [] : [barOf(row)]));
      const working = bars.filter(({ isRevoked, cluster }) => !isRevoked || works(cluster));
      const block = blockOf.get(foldedName(username)) ?? null;
      const { cluster, group } = filter;
      const matching = working.filter(
        (bar) => (cluster ?? bar.cluster) === bar.cluster && (group === undefined || bar.groups.includes(group)),
      );
      if (selects(filter, { username, matching, block })) {
        shown += working.length;
        if (items.length > 0 && shown > query.limit) return page(false);
        items.push({ username, blocked: block !== null, bars: working });
      }
      after = username;
    }
    return page(rows.length < take);
  }

  /** By username, and of one username those first that end first. `take` null: all. */
  async #rows(filter: IdentityFilter, now: Date, after: string | null, take: number | null) {
    const { dialect, readRows } = this.reads;
    const { username, usernamePrefix } = filter;
    const isBroad = filter.blocked !== true && username === undefined;
    const areBlocked = filter.blocked === true && username === undefined;
    const probe = `SELECT 1 FROM "CertificateRecord" WHERE "notAfter" > ? LIMIT 1 OFFSET ${few}`;
    const areFew = isBroad && (await readRows({ sql: probe, parameters: [now] })).length === 0;
    const live = dialect.indexRange(
      null,
      areFew ? ['"notAfter"', '"n"'] : ['"notAfter"'],
      '>',
      areFew ? [now, highest] : [now],
    );
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

const barOf = (row: RowOfBar): TimelineBar => ({
  ...row,
  groups: jsonRead(row.groups) as readonly string[],
  notBefore: new Date(row.notBefore),
  notAfter: new Date(row.notAfter),
  isSuperseded: Boolean(row.isSuperseded),
  isRevoked: Boolean(row.isRevoked),
});
