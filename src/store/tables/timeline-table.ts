import { foldedName } from '@kubepass/inspect/formats';
import { type IdentityFilter, inForce } from '../../model/identity.js';
import type { PageQuery } from '../../model/outcome.js';
import { highest, type KeyReads, type ListOrder } from '../lists/list.js';
import { behindPrefix } from '../lists/list-filter.js';
import { cursorOf, isOf, keyIn } from '../lists/read-page.js';
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
  readonly n: number | string;
}

const byUsername: ListOrder = { ...identitiesByUsername, name: 'timeline/username' };
/** The certificates of one username. */
const ofUsername: ListOrder = {
  ...byUsername,
  name: 'timeline/certificates',
  columns: [...byUsername.columns, { name: 'notAfter', holds: 'instants' }, { name: 'n', holds: 'numbers' }],
};
/** How many certificates of an identity are on a page at most: the certificates that end first. */
export const mostOfIdentity = 1_000;
/** How many of the certificates that are left out are counted at most. */
export const mostOmitted = 10_000;
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
   * A page by username. It has at most `limit` certificates, unless the first identity has more, and at most 1,000
   * certificates of each identity. `omitted` counts the further certificates of an identity, and `cursor` of the
   * identity reads them. `works`: whether revoked certificates work on a cluster; if they do not, they are left out. A
   * filter is judged by the certificates that a page looks at.
   */
  async list(filter: IdentityFilter, now: Date, query: PageQuery, works: (cluster: string) => boolean) {
    const isWithin = isOf(query.cursor, ofUsername);
    return isWithin ? this.#goOn(query.cursor, now, works) : this.#page(filter, now, query, works);
  }

  /** The next certificates of one identity. */
  async #goOn(cursor: string | null, now: Date, works: (cluster: string) => boolean) {
    const [username, notAfter, n] = keyIn(cursor, ofUsername) as [string, Date, bigint];
    const rows = await this.#rows({ username }, now, null, mostOfIdentity + 1, notAfter > now ? [notAfter, n] : null);
    const [block] = await this.blocks.find([foldedName(username)]);
    const blocked = block !== undefined && inForce(block, now) !== null;
    return { items: [{ username, blocked, ...(await this.#barsOn(rows, works)) }], nextCursor: null };
  }

  async #page(filter: IdentityFilter, now: Date, query: PageQuery, works: (cluster: string) => boolean) {
    let after = (keyIn(query.cursor, byUsername)?.[0] ?? null) as string | null;
    const take = Math.max(query.limit, fewestLooked) + 1;
    const rows = await this.#rows(filter, now, after, take);
    const byName = Map.groupBy(rows, ({ username }) => username);
    const last = rows.at(-1)?.username ?? '';
    // The last username may have further rows, so it goes to the next page. A single username has more rows than a page
    // shows, so it stays.
    if (rows.length === take && byName.size > 1) byName.delete(last);
    // Its block has another spelling, perhaps, and it may have no certificate.
    if (filter.blocked === true && filter.username !== undefined && !byName.has(filter.username) && after === null)
      byName.set(filter.username, []);
    const blocks = await this.blocks.find([...new Set(byName.keys().map(foldedName))]);
    const blockOf = new Map(blocks.map((block) => [foldedName(block.username), inForce(block, now)]));
    const items = [];
    let shown = 0;
    let isEnd = rows.length < take;
    for (const [username, own] of byName) {
      const live = own.flatMap(barsOf).filter(({ isRevoked, cluster }) => !isRevoked || works(cluster));
      const block = blockOf.get(foldedName(username)) ?? null;
      if (selects(filter, { username, live, block })) {
        shown += Math.min(live.length, mostOfIdentity);
        isEnd &&= items.length === 0 || shown <= query.limit;
        if (items.length > 0 && shown > query.limit) break;
        items.push({ username, blocked: block !== null, ...(await this.#barsOn(own, works)) });
      }
      after = username;
    }
    return { items, nextCursor: isEnd ? null : cursorOf(byUsername, [after ?? '']) };
  }

  /** The certificates of one username that a page shows, and what is left out behind them. */
  async #barsOn(rows: readonly Row[], works: (cluster: string) => boolean) {
    const shown = rows.slice(0, mostOfIdentity);
    const bars = shown.flatMap(barsOf).filter(({ isRevoked, cluster }) => !isRevoked || works(cluster));
    const last = shown.at(-1);
    if (last === undefined || rows.length === shown.length) return { bars, omitted: 0, cursor: null };
    const { dialect, readRows } = this.reads;
    const key = [new Date(last.notAfter), BigInt(last.n)] as const;
    const behind = dialect.indexRange(null, ['"notAfter"', '"n"'], '>', key);
    const [found] = (await readRows({
      sql: `SELECT COUNT(*) AS "count" FROM (SELECT 1 FROM "CertificateRecord"${dialect.indexedBy('CertificateRecord_username_notAfter_n_idx')}
        WHERE "username" = ? AND ${behind.sql} LIMIT ${mostOmitted}) AS "behind"`,
      parameters: [last.username, ...behind.parameters],
    })) as { readonly count: number | string }[];
    return { bars, omitted: Number(found?.count ?? 0), cursor: cursorOf(ofUsername, [last.username, ...key]) };
  }

  /**
   * By username; for one username the certificates that end first come first. `behind`: the last certificate before
   * these.
   */
  async #rows(
    filter: IdentityFilter,
    now: Date,
    after: string | null,
    take: number,
    behind: readonly [Date, bigint] | null = null,
  ) {
    const { dialect, readRows } = this.reads;
    const { username, usernamePrefix } = filter;
    const isBroad = username === undefined;
    const areBlocked = isBroad && filter.blocked === true;
    const probe = `SELECT 1 FROM "CertificateRecord" WHERE "notAfter" > ? LIMIT 1 OFFSET ${few}`;
    const areFew = isBroad && !areBlocked && (await readRows({ sql: probe, parameters: [now] })).length === 0;
    const live = areFew
      ? dialect.indexRange(null, ['"notAfter"', '"n"'], '>', [now, highest])
      : behind !== null
        ? dialect.indexRange(null, ['"notAfter"', '"n"'], '>', behind)
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
        SELECT ${name} AS "username", "c"."n", "c"."cluster", "c"."groups", "c"."notBefore", "c"."notAfter", ${is('Revocation')} AS "isRevoked",
          ${is('Supersession')} AS "isSuperseded", ${dialect.hexText('"c"."fingerprintSha256"')} AS "fingerprintSha256"
        FROM ${areBlocked ? `"IdentityBlock" AS "b" LEFT JOIN "c" ON "c"."username" = ${name}` : '"c"'}
        ${given.map(([condition], i) => `${i === 0 ? 'WHERE' : 'AND'} ${condition}`).join(' ')}
        ORDER BY ${name}, "c"."notAfter", "c"."n" LIMIT ?`,
      parameters: [...live.parameters, ...given.map(([, value]) => value ?? null), take],
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
