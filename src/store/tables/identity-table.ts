import { foldedName } from '@kubepass/inspect/formats';
import { type IdentityBlock, type IdentityFilter, countedCertificates, plainBlock } from '../../model/identity.js';
import type { Page, PageQuery } from '../../model/outcome.js';
import { type ColumnValue, type Condition, jsonRead } from '../steps/statement.js';
import type { IdentityBlockTable } from './identity-block-table.js';
import { behindPrefix, both } from '../lists/list-filter.js';
import { compareParts, type KeyReads, type ListKey, type ListOrder } from '../lists/list.js';
import { readPage, scanPage, type FoundRecords } from '../lists/read-page.js';

/** A username with its live certificates, at most `countedCertificates` of them, those first that end last. */
export interface LiveIdentity {
  readonly username: string;
  readonly live: readonly { readonly cluster: string; readonly groups: readonly string[]; readonly notAfter: Date }[];
  /** Null where no block holds on any cluster. */
  readonly block: IdentityBlock | null;
}

const byUsername: ListOrder = {
  name: 'identities/username',
  columns: [{ name: 'username', holds: 'texts' }],
  direction: 'ascending',
};
const byFoldedName: ListOrder = { ...byUsername, name: 'identities/blocked' };

/** How many usernames are looked at for one page. */
const scan = { atOnce: 250, atMost: 1000 };
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
   * The other spellings of a name in requests. `folded`: the form in which names are compared, which is not among them.
   */
  async spellings(folded: string): Promise<readonly string[]> {
    const rows = await this.reads.readRows({
      // Rows with an empty form are from before this table, and few.
      sql: 'SELECT "name" FROM "NameSpelling" WHERE "folded" IN (?, \'\') ORDER BY "folded", "name"',
      parameters: [folded],
    });
    return rows.map((row) => (row as { readonly name: string }).name).filter((name) => foldedName(name) === folded);
  }

  /** Identities with live certificates by username; with `blocked: true`, blocked ones by folded username. */
  async list(filter: IdentityFilter, now: Date, page: PageQuery): Promise<Page<LiveIdentity>> {
    const isWanted = (found: Found) => selects(filter, found);
    const { username } = filter;
    if (username !== undefined)
      return readPage(page, byUsername, async () => {
        const prefix = filter.usernamePrefix ?? '';
        const names = username.startsWith(prefix) ? [{ key: [username], username }] : [];
        const { records } = await this.#lookAt(names, filter, now);
        return { records: records.filter(({ item }) => isWanted(item)) };
      });
    if (filter.blocked === true)
      return scanPage(
        page,
        byFoldedName,
        scan,
        async (after, take) => {
          const blocks = await this.blocks.chunk((after?.[0] as string | undefined) ?? '', take);
          const names = blocks.map(({ folded, username }) => ({ key: [folded], username }));
          return this.#lookAt(names, filter, now);
        },
        isWanted,
      );
    const few = await this.#fewUsernames(filter, now);
    const namesBehind = few === null ? this.#walk(filter, now) : fromList(few);
    return scanPage(
      page,
      byUsername,
      scan,
      async (after, take) => {
        const names = await namesBehind(after, take);
        const candidates = names.filter(({ mayMatch }) => mayMatch);
        const { records } = await this.#lookAt(
          candidates.map(({ name }) => ({ key: [name], username: name })),
          filter,
          now,
        );
        const found = new Map(records.map(({ item }) => [item.username, item]));
        return {
          records: names.map(({ name }) => ({ key: [name], item: found.get(name) ?? nothingOf(name) })),
        };
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

  /** The usernames of the live certificates that match a filter with few of them; null where none has few. */
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

  /** Looks at the live certificates and the blocks of these usernames. */
  async #lookAt(names: readonly Named[], { cluster, group }: IdentityFilter, now: Date): Promise<FoundRecords<Found>> {
    if (names.length === 0) return { records: [] };
    const [live, blocks] = await Promise.all([
      this.#liveOf(
        names.map(({ username }) => username),
        now,
      ),
      this.blocks.find([...new Set(names.map(({ username }) => foldedName(username)))]),
    ]);
    const inForce = blocks.filter(({ until }) => until === null || until > now);
    const byFolded = new Map(inForce.map((block) => [foldedName(block.username), plainBlock(block)]));
    return {
      records: names.map(({ key, username }) => {
        const own = live.get(username) ?? [];
        const matching = own.filter(
          (one) =>
            (cluster === undefined || one.cluster === cluster) && (group === undefined || one.groups.includes(group)),
        );
        return { key, item: { username, live: own, matching, block: byFolded.get(foldedName(username)) ?? null } };
      }),
    };
  }

  /** The live certificates of each username, at most `countedCertificates`, those first that end last. */
  async #liveOf(usernames: readonly string[], now: Date): Promise<ReadonlyMap<string, LiveIdentity['live']>> {
    const found = new Map<string, LiveIdentity['live'][number][]>();
    const names = padded([...new Set(usernames)]);
    const numbers = await this.reads.readRows({
      // The aggregate keeps the databases from joining, and so from reading either table as a whole.
      sql: `WITH "names" ("name") AS (VALUES ${names.map(() => '(?)').join(', ')})
        SELECT (SELECT string_agg(CAST("l"."n" AS TEXT), ',') FROM (
          SELECT "c"."n" FROM "CertificateRecord" AS "c" WHERE "c"."username" = "names"."name" AND "c"."notAfter" > ?
            AND NOT EXISTS (SELECT 1 FROM "Revocation" AS "v" WHERE "v"."certificateN" = "c"."n")
            ORDER BY "c"."notAfter" DESC LIMIT ?) AS "l") AS "live" FROM "names"`,
      parameters: [...names, now, countedCertificates],
    });
    const live = numbers.flatMap((row) => (row as { readonly live: string | null }).live?.split(',') ?? []);
    const keys = [...new Set(live)];
    for (let begin = 0; begin < keys.length; begin += certificatesAtOnce) {
      const some = padded(keys.slice(begin, begin + certificatesAtOnce));
      const rows = (await this.reads.readRows({
        sql: `SELECT "username", "cluster", "groups", "notAfter" FROM "CertificateRecord" WHERE "n" IN (${some.map(() => '?').join(', ')})`,
        parameters: some.map(BigInt),
      })) as readonly LiveRow[];
      for (const { username, cluster, groups, notAfter } of rows) {
        const own = found.get(username) ?? [];
        own.push({ cluster, groups: jsonRead(groups) as readonly string[], notAfter: new Date(notAfter) });
        found.set(username, own);
      }
    }
    return found;
  }
}

const certificatesAtOnce = 500;
/** A statement is prepared for each number of values, so there are few such numbers. */
const sizes = [1, 10, 50, 250, 500];

/** The same values, some of them again. */
function padded(values: readonly string[]): readonly string[] {
  const size = sizes.find((one) => one >= values.length) ?? values.length;
  return [...values, ...Array.from({ length: size - values.length }, () => values.at(-1) ?? '')];
}

const ownTable = '"CertificateRecord" AS "r"';
const groupTable = '"GroupMembership" AS "r" JOIN "CertificateRecord" AS "c" ON "c"."n" = "r"."certificateN"';

interface Named {
  readonly key: ListKey;
  readonly username: string;
}

type NamesBehind = (
  after: ListKey | null,
  take: number,
) => Promise<readonly { readonly name: string; readonly mayMatch: boolean }[]>;

interface Selected {
  readonly from: string;
  readonly where: Condition;
}

interface LiveRow {
  readonly username: string;
  readonly cluster: string;
  readonly groups: unknown;
  readonly notAfter: number | Date;
}

/** `matching`: the live certificates that the filter on cluster and group selects. */
type Found = LiveIdentity & { readonly matching: LiveIdentity['live']; readonly block: IdentityBlock | null };

const fromList =
  (names: readonly string[]): NamesBehind =>
  (after, take) => {
    const begin = after === null ? 0 : names.findIndex((name) => compareParts(name, after[0]) > 0);
    const found = begin < 0 ? [] : names.slice(begin, begin + take);
    return Promise.resolve(found.map((name) => ({ name, mayMatch: true })));
  };

/** A username none of whose certificates matches the filter. */
const nothingOf = (username: string): Found => ({ username, live: [], matching: [], block: null });

const before = (instant: Date): Condition => ({ sql: '"r"."notAfter" < ?', parameters: [instant] });
function selects(filter: IdentityFilter, { username, matching, block }: Found): boolean {
  const { cluster, group, notAfterBefore, blocked, usernamePrefix = '' } = filter;
  if (!username.startsWith(usernamePrefix)) return false;
  if (blocked === false && block !== null) return false;
  if (notAfterBefore !== undefined && !matching.every(({ notAfter }) => notAfter < notAfterBefore)) return false;
  if (blocked !== true) return matching.length > 0;
  if (block === null) return false;
  if (group !== undefined || notAfterBefore !== undefined) return matching.length > 0;
  return cluster === undefined || block.clusters === null || block.clusters.includes(cluster);
}
