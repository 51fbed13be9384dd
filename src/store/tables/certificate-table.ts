import type { Certificate, CertificateFilter, ListedCertificate } from '../../model/certificate.js';
import { besideIt, listed, listedOf } from './certificate-row.js';
import type { Page, PageQuery, Visibility } from '../../model/outcome.js';
import { octetsIn, octetsOf, quoted, serialOctetsIn, type Condition } from '../steps/statement.js';
import { selectKeysOfIssuer } from './certificates-of-issuer.js';
import { conditionsOfStatus, withinBoth } from './certificate-status.js';
import { type EndOfCertificate, readEnding, soonestFirst } from './ending-certificates.js';
import { equals, isParty, matches, onUsername, type ListFilter } from '../lists/list-filter.js';
import { selectKeys } from '../lists/select-keys.js';
import {
  byUsername,
  highest,
  usernamesWith,
  type Reads,
  type ListKey,
  type ListOrder,
  type ListPart,
} from '../lists/list.js';
import { inBatches, inOrderOf, keysOf, numbersIn, readPage, type Keyed } from '../lists/read-page.js';

export interface UnexpiredCertificates {
  /** Revoked ones, or else all others. */
  readonly revoked: boolean;
  /** Null: of all clusters. */
  readonly clusters: readonly string[] | null;
  readonly now: Date;
  /** Where given: only those that end at this instant or earlier. */
  readonly endsAtMost?: Date | undefined;
  readonly limit: number;
}

interface ForOthers {
  /** Whether revoked ones are wanted too. */
  readonly revokedToo: boolean;
  readonly now: Date;
  readonly limit: number;
}

interface ExpiringCertificates {
  readonly untold: readonly ListedCertificate[];
  /** The last certificate that was looked at; null where no certificate follows it. */
  readonly last: EndOfCertificate | null;
}

/** A table whose rows have a certificate's end, and the column with the certificate's number. */
interface EndingTable {
  readonly table: string;
  readonly n: string;
}
const certificates: EndingTable = { table: 'CertificateRecord', n: 'n' };
/**
 * Where few certificates of many are revoked, their own table leads to them. It has some that the database does not
 * know.
 */
const revocations: EndingTable = { table: 'Revocation', n: 'certificateN' };

const isRevoked = 'EXISTS (SELECT 1 FROM "Revocation" AS "v" WHERE "v"."certificateN" = "c"."n")';
const activeAtMost = 100;
const endingAtOnce = 500;

const newestFirst: ListOrder = {
  name: 'certificates/newest',
  columns: [{ name: 'n', holds: 'numbers' }],
  direction: 'descending',
};
const inOrderOfUsernames = byUsername('certificates');

/** Reads the tables of certificates and of their groups. */
export class CertificateTable {
  constructor(private readonly reads: Reads) {}

  async findByFingerprint(fingerprintSha256: string): Promise<Certificate | null> {
    const [certificate] = await this.findByFingerprints([fingerprintSha256]);
    return certificate ?? null;
  }

  /** The certificates with these fingerprints that exist, in no particular order. */
  async findByFingerprints(fingerprintsSha256: readonly string[]): Promise<readonly Certificate[]> {
    const rows = await inBatches(fingerprintsSha256, (batch) =>
      this.reads.prisma.certificateRecord.findMany({
        where: {
          fingerprintSha256: { in: batch.flatMap((text) => octetsIn(text) ?? []) },
        },
        include: besideIt,
      }),
    );
    return rows.map((row) => ({ ...listedOf(row), der: row.der }));
  }

  /** Whether a certificate of the lineage has this key, or a request whose certificate is still to come. */
  async hasKeyInLineage(lineage: string, spkiSha256: string): Promise<boolean> {
    const [first, key] = [octetsOf(lineage), octetsOf(spkiSha256)];
    // As in quotas: no index serves a column in COALESCE, and few requests are on their way.
    const found = await this.reads.readRows({
      sql: `SELECT 1 AS "one" FROM "CertificateRecord" WHERE "fingerprintSha256" = ? AND COALESCE("spkiSha256", "spkiSha256") = ?
        UNION ALL SELECT 1 FROM "LineageMember" AS "l" JOIN "CertificateRecord" AS "c" ON "c"."n" = "l"."certificateN"
          WHERE "l"."lineage" = ? AND COALESCE("c"."spkiSha256", "c"."spkiSha256") = ?
        UNION ALL SELECT 1 FROM "RequestRecord" AS "r"${this.reads.dialect.indexedBy('RequestRecord_state_n_idx')}
          WHERE "r"."state" IN ('pending', 'approved', 'issuing') AND COALESCE("r"."lineage", "r"."lineage") = ?
          AND COALESCE("r"."spkiSha256", "r"."spkiSha256") = ? LIMIT 1`,
      parameters: [first, key, first, key, first, key],
    });
    return found.length > 0;
  }

  /** The valid certificates of a username on a cluster without orphans and revoked ones, newest first, at most 100. */
  async activeOf(cluster: string, username: string, now: Date): Promise<readonly ListedCertificate[]> {
    const byExpiry = this.reads.dialect.indexRange({ column: '"username"', parameter: username }, ['"notAfter"'], '>', [
      now,
    ]);
    const rows = await this.reads.readRows({
      sql: `SELECT "n" FROM (SELECT "n" FROM "CertificateRecord" WHERE ${byExpiry.sql} AND ("cluster" || '') = ?
        AND "notBefore" <= ? AND "orphan" = FALSE
        AND NOT EXISTS (SELECT 1 FROM "Revocation" AS "v" WHERE "v"."certificateN" = "CertificateRecord"."n") ORDER BY "username", "notAfter") AS "active"
        ORDER BY "n" DESC LIMIT ${String(activeAtMost)}`,
      parameters: [...byExpiry.parameters, cluster, now],
    });
    return (await this.#byKeys(keysOf(rows))).map(({ item }) => item);
  }

  /** The unexpired certificates of a username, those first that end last: orphans too, and superseded ones. */
  unexpiredOf(username: string, { revoked, clusters, now, endsAtMost, limit }: UnexpiredCertificates) {
    const onClusters =
      clusters === null ? '' : ` AND COALESCE("c"."cluster", "c"."cluster") IN (${clusters.map(() => '?').join(', ')})`;
    const [table, condition] = revoked
      ? ([revocations, ' AND "c"."certificateN" IS NOT NULL'] as const)
      : ([certificates, ` AND NOT ${isRevoked}`] as const);
    const end = endsAtMost === undefined ? '' : ' AND "c"."notAfter" <= ?';
    const others = {
      sql: `${end}${condition}${onClusters}`,
      parameters: [...(endsAtMost === undefined ? [] : [endsAtMost]), ...(clusters ?? [])],
    };
    return this.#unexpired(table, { column: '"c"."username"', parameter: username }, now, others, limit);
  }

  /** The usernames, among these, with a certificate that has not expired, revoked or not. */
  async holdersAmong(usernames: readonly string[], now: Date): Promise<ReadonlySet<string>> {
    const found = await this.reads.readRows({
      sql: `SELECT "given"."value" FROM ${this.reads.dialect.jsonTexts()} AS "given" WHERE EXISTS
        (SELECT 1 FROM "CertificateRecord" AS "c" WHERE "c"."username" = "given"."value" AND "c"."notAfter" > ?)`,
      parameters: [usernames, now],
    });
    return new Set(found.map((row) => (row as { readonly value: string }).value));
  }

  /**
   * The unexpired certificates of other usernames that one of these principals asked for or collects, those first that
   * end last.
   */
  async requestedForOthers(principals: readonly string[], { revokedToo, now, limit }: ForOthers) {
    const some = `"c"."username" NOT IN (${principals.map(() => '?').join(', ')})${revokedToo ? '' : ` AND NOT ${isRevoked}`}`;
    const ways = [
      { column: '"c"."requesterName"', sql: ` AND ${some}` },
      // The condition of a partial index.
      { column: '"c"."collector"', sql: ` AND "c"."collector" <> "c"."requesterName" AND ${some}` },
    ];
    const found = await Promise.all(
      principals.flatMap((parameter) =>
        ways.map(({ column, sql }) =>
          this.#unexpired(certificates, { column, parameter }, now, { sql, parameters: principals }, limit),
        ),
      ),
    );
    // One principal may have asked, and another spelling of it collect.
    return [...new Map(found.flat().map((one) => [one.fingerprintSha256, one])).values()]
      .sort((a, b) => b.notAfter.getTime() - a.notAfter.getTime())
      .slice(0, limit);
  }

  /** Along the index of a column on ends. */
  async #unexpired(
    { table, n }: EndingTable,
    value: { readonly column: string; readonly parameter: string },
    now: Date,
    others: Condition,
    limit: number,
  ): Promise<readonly ListedCertificate[]> {
    const range = this.reads.dialect.indexRange(value, ['"c"."notAfter"'], '>', [now]);
    const rows = await this.reads.readRows({
      sql: `SELECT "c".${quoted(n)} AS "n" FROM ${quoted(table)} AS "c" WHERE ${range.sql}${others.sql}
        ORDER BY ${value.column} DESC, "c"."notAfter" DESC, "c".${quoted(n)} DESC LIMIT ?`,
      parameters: [...range.parameters, ...others.parameters, limit],
    });
    return (await this.#byKeys(keysOf(rows))).map(({ item }) => item);
  }

  /**
   * Newest first; with a filter on expiry, on an issuer, or on a status other than `revoked`, soonest expiring first;
   * else with a prefix of usernames, by username. `now` goes with a status.
   */
  list(
    { now = new Date(NaN), ...filter }: CertificateFilter & Visibility & { readonly now?: Date },
    page: PageQuery,
  ): Promise<Page<ListedCertificate>> {
    const status = filter.status === undefined ? null : conditionsOfStatus(filter.status, now);
    const { order, filters, rangeBehind } = planOf({ ...filter, ...(status && withinBoth(filter, status)) });
    // No index has the certificates that their requester collects, so these are among those of a party.
    const collected = equals('collector', filter.collector).map(matches);
    return readPage(page, order, async (after, take) => {
      if (filters === null) return { records: [] };
      const part = {
        table: 'CertificateRecord',
        order,
        filters: [...filters, ...(status?.filters ?? [])],
        conditions: [...(status?.conditions ?? []), ...collected],
        ...rangeBehind(after),
      };
      const { issuer: fingerprintsSha256, cluster } = filter;
      const { keys, goesOnBehind } = fingerprintsSha256
        ? await selectKeysOfIssuer(this.reads, part, { fingerprintsSha256, cluster, status: filter.status }, take)
        : await selectKeys(this.reads, part, take);
      return { records: await this.#byKeys(keys), goesOnBehind };
    });
  }

  /**
   * The next certificates that end behind `after` and not later than `until`, of at most 500 those whose end is still
   * to be told at this distance. Orphans, revoked and superseded ones are left out, and those that live less than twice
   * as long.
   */
  async expiring(seconds: number, after: EndOfCertificate, until: Date): Promise<ExpiringCertificates> {
    const ending = await readEnding(this.reads, seconds, after, until, endingAtOnce);
    const wanted = ending.filter(
      ({ notBefore, notAfter, isTold }) => !isTold && notAfter.getTime() - notBefore.getTime() >= 2000 * seconds,
    );
    const found = await this.#byKeys(wanted.map(({ notAfter, n }) => [notAfter, n]));
    return {
      untold: found
        .map(({ item }) => item)
        .filter(({ orphan, revocation, supersededBy }) => !orphan && revocation === null && supersededBy === null),
      last: ending.length < endingAtOnce ? null : (ending.at(-1) ?? null),
    };
  }

  /** The certificates with these keys, in their order. */
  async #byKeys(keys: readonly ListKey[]): Promise<readonly Keyed<ListedCertificate>[]> {
    if (keys.length === 0) return [];
    const rows = await this.reads.prisma.certificateRecord.findMany({
      where: { n: { in: numbersIn(keys) } },
      ...listed,
    });
    return inOrderOf(keys, rows, listedOf);
  }
}

/** The order of the list with a filter, its other filters (null: nothing can match), and the range behind a key. */
interface ListPlan {
  readonly order: ListOrder;
  readonly filters: readonly ListFilter[] | null;
  readonly rangeBehind: (after: ListKey | null) => Pick<ListPart, 'after' | 'until'>;
}

function planOf(filter: CertificateFilter & Visibility): ListPlan {
  const { notAfterAfter, notAfterBefore, usernamePrefix: prefix, ...others } = filter;
  if (notAfterAfter !== undefined || notAfterBefore !== undefined || filter.issuer !== undefined)
    return {
      order: soonestFirst,
      filters: filtersOf(filter),
      rangeBehind: (after) => ({ after: laterOf(after, notAfterAfter), until: notAfterBefore }),
    };
  if (prefix !== undefined && filter.username === undefined)
    return {
      order: inOrderOfUsernames,
      filters: filtersOf(others),
      rangeBehind: (after) => usernamesWith(prefix, after),
    };
  return { order: newestFirst, filters: filtersOf(filter), rangeBehind: (after) => ({ after }) };
}

/**
 * Null where a filter can match nothing. A serial number comes first, because nearly every other value is more common.
 */
function filtersOf(filter: CertificateFilter & Visibility): readonly ListFilter[] | null {
  const { serialNumber, group } = filter;
  const serial = serialNumber === undefined ? undefined : serialOctetsIn(serialNumber);
  if (serial === null) return null;
  return [
    ...(serial === undefined ? [] : [[{ column: 'serialNumber', value: serial }]]),
    ...(group === undefined ? [] : [[{ column: 'name', value: group, through: throughMembership }]]),
    ...equals('cluster', filter.cluster),
    ...onUsername(filter),
    ...equals('requesterName', filter.requester),
    ...isParty(filter.collector),
    ...isParty(filter.visibleTo),
  ];
}

const throughMembership = { table: 'GroupMembership', columns: { n: 'certificateN' } };

/** The key behind which a list begins: that of the cursor, or the last one that `notAfterAfter` leaves out. */
function laterOf(after: ListKey | null, notAfterAfter: Date | undefined): ListKey | null {
  if (notAfterAfter === undefined || (after && (after[0] as Date) > notAfterAfter)) return after;
  return [notAfterAfter, highest];
}
