import {
  type Approval,
  type CertificateRequest,
  type IssuanceAttempt,
  type Label,
  type Labels,
  type RequestFilter,
  type RequestState,
  labelText,
} from '../../model/certificate-request.js';
import type { RecordedDecision } from '../../model/decision.js';
import type { KeyAlgorithm } from '@kubepass/x509';
import type { Page, PageQuery, Visibility } from '../../model/outcome.js';
import type { Requester, Role } from '../../model/principal.js';
import type { Prisma } from '../generated/sqlite/client.js';
import { hexText, octetsOf, storedJson, uuidOctetsIn, uuidOf } from '../steps/statement.js';
import { type ListFilter, equals, isParty, matches, onUsername } from '../lists/list-filter.js';
import { selectKeys } from '../lists/select-keys.js';
import { type Reads, type ListKey, type ListOrder, type ListPart, byUsername, usernamesWith } from '../lists/list.js';
import {
  type FoundRecords,
  type Keyed,
  inBatches,
  inOrderOf,
  keysOf,
  numbersIn,
  readPage,
  scanPage,
} from '../lists/read-page.js';

const withDecision = { decision: { select: { text: true } } } as const;

type RequestRow = Prisma.RequestRecordGetPayload<object>;
type RequestWithDecision = Prisma.RequestRecordGetPayload<{ include: typeof withDecision }>;

/** A value inside a JSON column: instants are RFC 3339 text there. */
type InJson<T> = { [Key in keyof T]: T[Key] extends Date ? string : T[Key] };

const lapsedAtOnce = 500;
/** No row has a larger number. */
const largestNumber = 2n ** 63n - 1n;
/** How many requests of a username are looked at, to find out whether one is waiting. */
const newestLookedAt = 200;
/** Fewer waiting requests than this are looked through whole. */
const fewWaiting = 1000;
const waitingStates = ['pending', 'approved'] as const;

const pendingScan = { atOnce: 250, atMost: 1000 };

/** Numbers grow as requests are recorded, so the newest has the highest. */
const newestFirst: ListOrder = {
  name: 'requests/newest',
  columns: [{ name: 'n', holds: 'numbers' }],
  direction: 'descending',
};
const inOrderOfUsernames = byUsername('requests');
/** By the decisions of a person. */
const latestDecisionFirst: ListOrder = {
  name: 'requests/decided',
  columns: [
    { name: 'at', holds: 'instants' },
    { name: 'n', holds: 'numbers' },
  ],
  direction: 'descending',
};

/** Reads the table of requests. */
export class RequestTable {
  constructor(private readonly reads: Reads) {}

  async find(id: string): Promise<CertificateRequest | null> {
    const octets = uuidOctetsIn(id);
    if (octets === null) return null;
    const row = await this.reads.prisma.requestRecord.findUnique({ where: { id: octets }, include: withDecision });
    return row && requestOf(row);
  }

  /** The requesters of these requests, as they were then, by the ids. A request that does not exist is left out. */
  async requestersOf(ids: readonly string[]): Promise<ReadonlyMap<string, Requester>> {
    const rows = await inBatches([...new Set(ids)], (batch) =>
      this.reads.prisma.requestRecord.findMany({
        where: { id: { in: batch.flatMap((id) => uuidOctetsIn(id) ?? []) } },
        select: { id: true, requesterName: true, requesterGroups: true, requesterRoles: true },
      }),
    );
    return new Map(rows.map((row) => [uuidOf(row.id), requesterOf(row)]));
  }

  /** The usernames and lifetimes of these requests by the ids. A request that does not exist is left out. */
  async askedFor(
    ids: readonly string[],
  ): Promise<ReadonlyMap<string, Pick<CertificateRequest, 'username' | 'expirationSeconds'>>> {
    const rows = await inBatches([...new Set(ids)], (batch) =>
      this.reads.prisma.requestRecord.findMany({
        where: { id: { in: batch.flatMap((id) => uuidOctetsIn(id) ?? []) } },
        select: { id: true, username: true, expirationSeconds: true },
      }),
    );
    return new Map(rows.map(({ id, ...asked }) => [uuidOf(id), asked]));
  }

  /** Newest first; with `decidedBy`, newest decision first; else with a prefix of usernames, by username. */
  list(filter: RequestFilter & Visibility, page: PageQuery): Promise<Page<CertificateRequest>> {
    const { usernamePrefix: prefix, ...others } = filter;
    if (filter.decidedBy !== undefined) return this.#listDecided(filter.decidedBy, filter, page);
    if (prefix === undefined || filter.username !== undefined)
      return readPage(page, newestFirst, (after, take) =>
        this.#read({ order: newestFirst, filters: filtersOf(filter), after }, take),
      );
    return readPage(page, inOrderOfUsernames, (after, take) =>
      this.#read({ order: inOrderOfUsernames, filters: filtersOf(others), ...usernamesWith(prefix, after) }, take),
    );
  }

  /** Along the decisions of the person; every other filter is compared row by row. */
  #listDecided(value: string, filter: RequestFilter, page: PageQuery): Promise<Page<CertificateRequest>> {
    const others = filtersOf(filter);
    const and = { sql: '"t"."at" >= ?', parameters: [filter.decidedSince ?? new Date(0)] };
    const filters = [[{ column: 'principal', value, through: throughDecisions, and }], ...others.filter(isEmpty)];
    const conditions = others.map(matches);
    return readPage(page, latestDecisionFirst, (after, take) =>
      this.#read({ order: latestDecisionFirst, filters, conditions, after }, take),
    );
  }

  /**
   * Lists the pending requests that are wanted, newest first. It examines at most 1000 requests for a page, so a page
   * may be short or empty although others follow.
   */
  listPending(
    filter: RequestFilter,
    isWanted: (request: CertificateRequest) => boolean | Promise<boolean>,
    page: PageQuery,
  ): Promise<Page<CertificateRequest>> {
    return scanPage(
      page,
      newestFirst,
      pendingScan,
      (after, take) =>
        this.#read({ order: newestFirst, filters: filtersOf({ ...filter, state: 'pending' }), after }, take),
      isWanted,
    );
  }

  /** Requests that recovery must finish: those in `issuing`, and `approved` ones that came with a CSR. Oldest first. */
  async unfinished(): Promise<readonly CertificateRequest[]> {
    const rows = await this.reads.prisma.requestRecord.findMany({
      where: { OR: [{ state: 'issuing' }, { state: 'approved', certificationRequest: { not: null } }] },
      orderBy: { n: 'asc' },
      include: withDecision,
    });
    return rows.map(requestOf);
  }

  /** Pending and approved requests whose `waitsUntil` has passed, oldest first, at most 500. */
  async lapsed(now: Date): Promise<readonly CertificateRequest[]> {
    const rows = await this.reads.readRows({
      // The condition on the state is that of the index.
      sql: `SELECT "n" FROM "RequestRecord"${this.reads.dialect.indexedBy('RequestRecord_expiresAt_n_idx')} WHERE "state" IN ('pending', 'approved') AND "expiresAt" <= ?
        ORDER BY "expiresAt", "n" LIMIT ${String(lapsedAtOnce)}`,
      parameters: [now],
    });
    const found = await this.#byKeys(keysOf(rows));
    return found
      .map(({ item }) => item)
      .sort((a, b) => (a.waitsUntil?.getTime() ?? 0) - (b.waitsUntil?.getTime() ?? 0));
  }

  /** The usernames, among these, with a pending or approved request, or with more requests than it looks at. */
  async waitingAmong(usernames: readonly string[]): Promise<ReadonlySet<string>> {
    // As a row, so that PostgreSQL goes along the index of usernames: it would look for the newest rows of one through
    // all rows.
    const own = `"RequestRecord" AS "r" WHERE ("r"."username", "r"."n") <= ("given"."value", ${String(largestNumber)})
      AND "r"."username" >= "given"."value" ORDER BY "r"."username" DESC, "r"."n" DESC`;
    const found = await this.reads.readRows({
      sql: `SELECT "given"."value" FROM ${this.reads.dialect.jsonTexts()} AS "given"
        WHERE EXISTS (SELECT 1 FROM (SELECT "r"."state" FROM ${own} LIMIT ${String(newestLookedAt)}) AS "newest"
          WHERE "newest"."state" IN ('pending', 'approved'))
        OR EXISTS (SELECT 1 FROM ${own} LIMIT 1 OFFSET ${String(newestLookedAt)})`,
      parameters: [usernames],
    });
    return new Set(found.map((row) => (row as { readonly value: string }).value));
  }

  /**
   * At most `limit` of the pending and approved requests that one of these names is requested in, asked for, or
   * collects. `clusters` null: on each.
   */
  async waitingOf(
    names: readonly string[],
    clusters: readonly string[] | null,
    limit: number,
  ): Promise<readonly CertificateRequest[]> {
    const { readRows, dialect } = this.reads;
    const parts = waitingStates.map((state) => {
      const range = dialect.indexRange({ column: '"r"."state"', parameter: state }, ['"r"."n"'], '<', [largestNumber]);
      return {
        sql: `SELECT * FROM (SELECT "r"."n", "r"."cluster", "r"."username", "r"."requesterName", "r"."collector"
          FROM "RequestRecord" AS "r" WHERE ${range.sql} ORDER BY "r"."state" DESC, "r"."n" DESC LIMIT ?) AS "${state}"`,
        parameters: [...range.parameters, fewWaiting],
      };
    });
    const among = (column: string) =>
      `"w"."${column}" IN (SELECT "given"."value" FROM ${dialect.jsonTexts()} AS "given")`;
    const rows = await readRows({
      sql: `WITH "waiting" AS (${parts.map(({ sql }) => sql).join(' UNION ALL ')})
        SELECT "w"."n" FROM "waiting" AS "w" WHERE (${['username', 'requesterName', 'collector'].map(among).join(' OR ')})
        ${clusters === null ? '' : `AND ${among('cluster')}`}
        UNION ALL SELECT NULL WHERE (SELECT COUNT(*) FROM "waiting") >= ?`,
      parameters: [
        ...parts.flatMap(({ parameters }) => parameters),
        ...[names, names, names, ...(clusters === null ? [] : [clusters])],
        fewWaiting,
      ],
    });
    const found = rows.map((row) => (row as { readonly n: number | string | null }).n);
    if (found.includes(null)) return this.#waitingOfMany(names, clusters, limit);
    const keys = found.map((n) => [BigInt(n ?? 0)]).slice(0, limit);
    return (await this.#byKeys(keys)).map(({ item }) => item);
  }

  /** Where many requests wait, each list leads to those of a name. */
  async #waitingOfMany(names: readonly string[], clusters: readonly string[] | null, limit: number) {
    const requests = new Map<string, CertificateRequest>();
    for (const name of names)
      for (const cluster of clusters ?? [undefined])
        for (const state of waitingStates)
          for (const party of [{ username: name }, { visibleTo: name }]) {
            let cursor: string | null = null;
            do {
              const filter = { state, ...party, ...(cluster !== undefined && { cluster }) };
              const page: Page<CertificateRequest> = await this.list(filter, { limit, cursor });
              for (const request of page.items) requests.set(request.id, request);
              cursor = page.nextCursor;
            } while (cursor !== null && requests.size < limit);
          }
    return [...requests.values()].slice(0, limit);
  }

  /** The usernames, among these, for which a certificate is being signed. */
  async issuingAmong(usernames: readonly string[]): Promise<ReadonlySet<string>> {
    // There are few requests in this state, and a username may have many.
    const found = await this.reads.readRows({
      sql: `SELECT DISTINCT "r"."username" FROM "RequestRecord" AS "r"${this.reads.dialect.indexedBy('RequestRecord_state_n_idx')}
        WHERE "r"."state" = 'issuing' AND COALESCE("r"."username", "r"."username")
        IN (SELECT "given"."value" FROM ${this.reads.dialect.jsonTexts()} AS "given")`,
      parameters: [usernames],
    });
    return new Set(found.map((row) => (row as { readonly username: string }).username));
  }

  /** Requests of the cluster whose latest attempt was for one of these keys, in no particular order. */
  async attemptedFor(cluster: string, spkiSha256s: readonly string[]): Promise<readonly CertificateRequest[]> {
    const rows = await inBatches(spkiSha256s, (batch) =>
      this.reads.prisma.requestRecord.findMany({
        where: {
          cluster,
          attemptSpkiSha256: { in: batch.map(octetsOf) },
          attemptObjectName: { not: null },
        },
        include: withDecision,
      }),
    );
    return rows.map(requestOf);
  }

  async #read(part: Omit<ListPart, 'table'>, take: number): Promise<FoundRecords<CertificateRequest>> {
    const { keys, goesOnBehind } = await selectKeys(this.reads, { table: 'RequestRecord', ...part }, take);
    return { records: await this.#byKeys(keys), goesOnBehind };
  }

  /** The requests with these keys, in their order. */
  async #byKeys(keys: readonly ListKey[]): Promise<readonly Keyed<CertificateRequest>[]> {
    if (keys.length === 0) return [];
    const rows = await this.reads.prisma.requestRecord.findMany({
      where: { n: { in: numbersIn(keys) } },
      include: withDecision,
    });
    return inOrderOf(keys, rows, requestOf);
  }
}

const filtersOf = (filter: RequestFilter & Visibility): readonly ListFilter[] => [
  ...equals('state', filter.state),
  ...equals('cluster', filter.cluster),
  ...onUsername(filter),
  ...equals('requesterName', filter.requester),
  ...onLabels(filter.labels ?? []),
  ...isParty(filter.visibleTo),
];

/** The filters on labels. Two values of one key contradict each other. */
const onLabels = (labels: readonly Label[]): readonly ListFilter[] =>
  labels.some(({ key, value }) => labels.some((other) => other.key === key && other.value !== value))
    ? [[]]
    : labels.map((label) => [{ column: 'label', value: labelText(label), through: throughLabels }]);

const throughDecisions = { table: 'RequestDecision', columns: { n: 'requestN' } };
/** Nothing matches such a filter. */
const isEmpty = (filter: ListFilter): boolean => filter.length === 0;

const throughLabels = { table: 'RequestLabel', columns: { n: 'requestN' } };

export const labelsInColumn = (column: string | null): Labels =>
  column === null ? {} : (JSON.parse(column) as Labels);

function requestOf(row: RequestWithDecision): CertificateRequest {
  return {
    id: uuidOf(row.id),
    state: row.state as RequestState,
    cluster: row.cluster,
    username: row.username,
    groups: storedJson<string[]>(row.groups),
    keyAlgorithm: row.keyAlgorithm as KeyAlgorithm,
    certificationRequest: row.certificationRequest,
    publicKey: publicKeyOf(row),
    expirationSeconds: row.expirationSeconds,
    namespace: row.namespace,
    reason: row.reason,
    labels: labelsInColumn(row.labels),
    requester: requesterOf(row),
    collector: row.collector,
    createdAt: row.createdAt,
    waitsUntil: row.expiresAt,
    decision: decisionOf(row.decision.text, row.decidedAt),
    approvals: storedJson<InJson<Approval>[]>(row.approvals).map((a) => ({ ...a, at: new Date(a.at) })),
    attempt: attemptOf(row),
    fingerprintSha256: row.fingerprintSha256 && hexText(row.fingerprintSha256),
    failure: row.failureReason === null ? null : { reason: row.failureReason, message: row.failureMessage ?? '' },
    renewal: renewalOf(row),
  };
}

const requesterOf = (row: Pick<RequestRow, 'requesterName' | 'requesterGroups' | 'requesterRoles'>): Requester => ({
  name: row.requesterName,
  groups: storedJson<string[]>(row.requesterGroups),
  roles: storedJson<Role[]>(row.requesterRoles),
});

function publicKeyOf(row: RequestRow): CertificateRequest['publicKey'] {
  if (row.publicKeyAlgorithm === null || row.spkiSha256 === null) return null;
  return { algorithm: row.publicKeyAlgorithm as KeyAlgorithm, spkiSha256: hexText(row.spkiSha256) };
}

export function decisionOf(text: string, decidedAt: Date): RecordedDecision {
  return { ...(JSON.parse(text) as Omit<RecordedDecision, 'decidedAt'>), decidedAt };
}

/** The columns of a renewal are set together: either all of them or none. */
export function renewalOf({
  renewalOf: of,
  lineage,
  generation,
}: Pick<RequestRow, 'renewalOf' | 'lineage' | 'generation'>): CertificateRequest['renewal'] {
  if (of === null || lineage === null || generation === null) return null;
  return { of: hexText(of), lineage: hexText(lineage), generation };
}

/** The columns of an attempt are set together: either all of them or none. */
function attemptOf(row: RequestRow): IssuanceAttempt | null {
  const { attemptNumber, attemptOwner, attemptLeaseUntil, attemptStartedAt, attemptSpkiSha256, attemptIntent } = row;
  if (
    attemptNumber === null ||
    attemptOwner === null ||
    attemptLeaseUntil === null ||
    attemptStartedAt === null ||
    attemptSpkiSha256 === null
  )
    return null;
  return {
    number: attemptNumber,
    owner: attemptOwner,
    leaseUntil: attemptLeaseUntil,
    startedAt: attemptStartedAt,
    spkiSha256: hexText(attemptSpkiSha256),
    intent: storedJson<IssuanceAttempt['intent']>(attemptIntent),
  };
}
