import { foldedName } from '@kubepass/inspect/formats';
import { type IdentityBlock, type IdentityFilter, countedCertificates, plainBlock } from '../../model/identity.js';
import type { Page, PageQuery } from '../../model/outcome.js';
import type { ColumnValue, Condition } from '../steps/statement.js';
import type { IdentityBlockTable } from './identity-block-table.js';
import { unexpiredOf, type UnexpiredCertificate } from './unexpired-certificates.js';
import { behindPrefix, both } from '../lists/list-filter.js';
import { compareParts, type KeyReads, type ListKey, type ListOrder } from '../lists/list.js';
import { scanPage, type Keyed } from '../lists/read-page.js';

/** A username with its live certificates, at most `countedCertificates` of them, those first that end last. */
export interface LiveIdentity {
  readonly username: string;
  readonly live: readonly Pick<UnexpiredCertificate, 'cluster' | 'groups' | 'notAfter'>[];
  /** Null where no block holds on any cluster. */
  readonly block: IdentityBlock | null;
}

export const identitiesByUsername: ListOrder = {
  name: 'identities/username',
  columns: [{ name: 'username', holds: 'texts' }],
  direction: 'ascending',
};
const byFoldedName: ListOrder = { ...identitiesByUsername, name: 'identities/blocked' };

/** How many usernames are looked at for one page. */
const scan = { atOnce: 250, atMost: 1000 };
/** A page of those who are exposed is to have all of them where it can. */
const widerScan = { atOnce: 250, atMost: 5000 };
/** Later than the end of any certificate. */
const noEnd = new Date('9999-12-31T23:59:59.999Z');
/** Where fewer live certificates than this match a filter, their usernames are gathered from them. */
const fewCertificates = 2000;

/** Reads identities from the tables of certificates and of blocks. */
export class IdentityTable {
  constructor(
    private readonly reads: KeyReads,
    private readonly blocks: IdentityBlockTable,
  ) {}

  /** Whether there is or was a certificate for this username. */
  async isKnown(username: string): Promise<boolean> {
    const rows = await this.reads.readRows({
      sql: 'SELECT 1 FROM "CertificateRecord" WHERE "username" = ? LIMIT 1',
      parameters: [username],
    });
    return rows.length > 0;
  }

  /**
   * The other spellings of these names in requests. `folded`: the forms in which names are compared, which are not
   * among them.
   */
  async spellings(folded: readonly string[]): Promise<readonly string[]> {
    const rows = await this.reads.readRows({
      sql: `SELECT "s"."name" FROM ${this.reads.dialect.jsonTexts()} AS "given" CROSS JOIN "NameSpelling" AS "s"
        WHERE "s"."folded" = "given"."value"`,
      // Rows with an empty form are from before this table, and few.
      parameters: [['', ...folded]],
    });
    const wanted = new Set(folded);
    const names = rows.map((row) => (row as { readonly name: string }).name);
    return names.filter((name) => wanted.has(foldedName(name))).sort();
  }

  /** The unexpired certificates of these usernames, at most `limit` revoked ones of each and as many others. */
  unexpiredOf(usernames: readonly string[], now: Date, limit: number) {
    return unexpiredOf(this.reads, usernames, { now, limit, revokedToo: true });
  }

  /**
   * Lists by username whatever `look` answers of these usernames; with `andHolders`, of everybody who has a certificate
   * that has not expired, too. A page ends early where it looked at very many.
   */
  listAmong<T>(
    usernames: readonly string[],
    andHolders: boolean,
    now: Date,
    page: PageQuery,
    look: (usernames: readonly string[]) => Promise<ReadonlyMap<string, T>>,
  ): Promise<Page<T>> {
    const given = fromList([...new Set(usernames)].sort(compareParts));
    const namesBehind = andHolders ? merged(given, this.#walk({ notAfterBefore: noEnd }, now)) : given;
    return scanPage<T | undefined>(
      page,
      identitiesByUsername,
      widerScan,
      async (after, take) => {
        const names = await namesBehind(after, take);
        const found = await look(names.flatMap(({ name, mayMatch }) => (mayMatch ? [name] : [])));
        return { records: names.map(({ name }) => ({ key: [name], item: found.get(name) })) };
      },
      (item) => item !== undefined,
    ) as Promise<Page<T>>;
  }

  /** Identities with live certificates by username; with `blocked: true`, blocked ones by folded username. */
  async list(filter: IdentityFilter, now: Date, page: PageQuery): Promise<Page<LiveIdentity>> {
    const isWanted = (found: LiveIdentity) => selects(filter, found);
    const { username } = filter;
    if (filter.blocked === true && username === undefined)
      return scanPage(
        page,
        byFoldedName,
        scan,
        async (after, take) => {
          const blocks = await this.blocks.chunk((after?.[0] as string | undefined) ?? '', take);
          const names = blocks.map((block) => ({ key: [block.folded], name: block.username }));
          return { records: await this.#lookAt(names, now) };
        },
        isWanted,
      );
    const few = username === undefined ? await this.#fewUsernames(filter, now) : [username];
    const namesBehind = few === null ? this.#walk(filter, now) : fromList(few);
    return scanPage(
      page,
      identitiesByUsername,
      scan,
      async (after, take) => {
        const names = (await namesBehind(after, take)).map((found) => ({ ...found, key: [found.name] }));
        return { records: await this.#lookAt(names, now) };
      },
      isWanted,
    );
  }

  /**
   * The next usernames of certificates, each found by a step along the index. It is as fast for a username with a
   * million certificates as for one with a single one. A username without a certificate that ends in time needs no
   * other look.
   */
  #walk({ usernamePrefix = '', notAfterBefore }: IdentityFilter, now: Date): NamesBehind {
    const end = behindPrefix(usernamePrefix);
    const mayMatch = `EXISTS (SELECT 1 FROM "CertificateRecord" AS "c" WHERE "c"."username" = "names"."name"
      AND "c"."notAfter" > ? AND "c"."notAfter" < ?)`;
    return async (after, take) => {
      const behind = after === null || compareParts(after[0], usernamePrefix) < 0 ? null : (after[0] as string);
      const first = behind === null ? '"username" >= ?' : '"username" > ?';
      const next = (condition: string) =>
        `SELECT "username" FROM "CertificateRecord" WHERE ${condition} ORDER BY "username" LIMIT 1`;
      const rows = await this.reads.readRows({
        sql: `WITH RECURSIVE "names" ("name", "place") AS (
            SELECT (${next(first)}), 1
            UNION ALL
            SELECT (${next('"username" > "names"."name"')}), "place" + 1 FROM "names"
              WHERE "name" IS NOT NULL AND "place" < ?
          ) SELECT "name"${notAfterBefore === undefined ? '' : `, ${mayMatch} AS "mayMatch"`} FROM "names"
            WHERE "name" IS NOT NULL${end === undefined ? '' : ' AND "name" < ?'}`,
        parameters: [
          behind ?? usernamePrefix,
          take,
          ...(notAfterBefore === undefined ? [] : [now, notAfterBefore]),
          ...(end === undefined ? [] : [end]),
        ],
      });
      return rows.map((row) => {
        const { name, mayMatch = true } = row as { readonly name: string; readonly mayMatch?: boolean | number };
        return { name, mayMatch: Boolean(mayMatch) };
      });
    };
  }

  /**
   * The usernames of the live certificates that match a filter with few certificates; null where each filter has many.
   */
  async #fewUsernames(filter: IdentityFilter, now: Date): Promise<readonly string[] | null> {
    const { cluster, group, notAfterBefore, usernamePrefix = '' } = filter;
    const { dialect } = this.reads;
    const along = (from: string, value: { column: string; parameter: ColumnValue } | null): Selected => ({
      from,
      where: dialect.indexRange(value, ['"r"."notAfter"'], '>', [now]),
    });
    const all = along(ownTable, null);
    const ways: Selected[] = [
      ...(group === undefined ? [] : [along(groupTable, { column: '"r"."name"', parameter: group })]),
      ...(cluster === undefined ? [] : [along(ownTable, { column: '"r"."cluster"', parameter: cluster })]),
      all,
      ...(notAfterBefore === undefined ? [] : [{ from: ownTable, where: both(all.where, before(notAfterBefore)) }]),
    ];
    for (const { from, where } of ways) {
      const many = await this.reads.readRows({
        sql: `SELECT 1 FROM ${from} WHERE ${where.sql} LIMIT 1 OFFSET ?`,
        parameters: [...where.parameters, fewCertificates - 1],
      });
      if (many.length > 0) continue;
      const username = from === ownTable ? '"r"."username"' : '"c"."username"';
      const rows = await this.reads.readRows({
        sql: `SELECT ${username} AS "name" FROM ${from} WHERE ${where.sql}`,
        parameters: where.parameters,
      });
      const names = new Set(rows.map((row) => (row as { readonly name: string }).name));
      return [...names].filter((name) => name.startsWith(usernamePrefix)).sort(compareParts);
    }
    return null;
  }

  /** Looks at the live certificates and the blocks of these usernames, if they may match. */
  async #lookAt(names: readonly Named[], now: Date): Promise<readonly Keyed<LiveIdentity>[]> {
    const usernames = names.flatMap(({ name, mayMatch = true }) => (mayMatch ? [name] : []));
    const [live, blocks] = await Promise.all([
      unexpiredOf(this.reads, usernames, { now, limit: countedCertificates, revokedToo: false }),
      this.blocks.find([...new Set(usernames.map(foldedName))]),
    ]);
    const inForce = blocks.filter(({ until }) => until === null || until > now);
    const byFolded = new Map(inForce.map((block) => [foldedName(block.username), plainBlock(block)]));
    return names.map(({ key, name: username }) => {
      const block = byFolded.get(foldedName(username)) ?? null;
      return { key, item: { username, live: live.get(username) ?? [], block } };
    });
  }
}

const ownTable = '"CertificateRecord" AS "r"';
const groupTable = '"GroupMembership" AS "r" JOIN "CertificateRecord" AS "c" ON "c"."n" = "r"."certificateN"';

interface CandidateName {
  readonly name: string;
  /** False: no certificate of the username can match the filter. */
  readonly mayMatch: boolean;
}

type Named = Pick<CandidateName, 'name'> & Partial<CandidateName> & { readonly key: ListKey };

type NamesBehind = (after: ListKey | null, take: number) => Promise<readonly CandidateName[]>;

interface Selected {
  readonly from: string;
  readonly where: Condition;
}

const fromList =
  (names: readonly string[]): NamesBehind =>
  (after, take) => {
    const begin = after === null ? 0 : names.findIndex((name) => compareParts(name, after[0]) > 0);
    const found = begin < 0 ? [] : names.slice(begin, begin + take);
    return Promise.resolve(found.map((name) => ({ name, mayMatch: true })));
  };

/** The usernames of both. */
const merged =
  (one: NamesBehind, other: NamesBehind): NamesBehind =>
  async (after, take) => {
    const found = new Map<string, boolean>();
    for (const { name, mayMatch } of (await Promise.all([other(after, take), one(after, take)])).flat())
      found.set(name, mayMatch || found.get(name) === true);
    const names = [...found.keys()].sort(compareParts).slice(0, take);
    return names.map((name) => ({ name, mayMatch: found.get(name) ?? false }));
  };

const before = (instant: Date): Condition => ({ sql: '"r"."notAfter" < ?', parameters: [instant] });

/** Whether the filter selects an identity. */
export function selects(filter: IdentityFilter, { username, live, block }: LiveIdentity): boolean {
  const { cluster, group, notAfterBefore, blocked, usernamePrefix = '' } = filter;
  if (!username.startsWith(usernamePrefix)) return false;
  if (blocked === false && block !== null) return false;
  const matching = live.filter(
    (one) => (cluster ?? one.cluster) === one.cluster && (group === undefined || one.groups.includes(group)),
  );
  if (notAfterBefore !== undefined && !matching.every(({ notAfter }) => notAfter < notAfterBefore)) return false;
  if (blocked !== true) return matching.length > 0;
  if (block === null) return false;
  if (group !== undefined || notAfterBefore !== undefined) return matching.length > 0;
  return cluster === undefined || block.clusters === null || block.clusters.includes(cluster);
}
