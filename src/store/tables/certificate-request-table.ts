import type {
  Approval,
  CertificateRequest,
  IssuanceAttempt,
  RequestFilter,
  RequestState,
} from '../../model/certificate-request.js';
import type { RecordedDecision } from '../../model/decision.js';
import type { KeyAlgorithm } from '../../x509/strict/key-algorithm.js';
import type { Page, PageQuery, Visibility } from '../../model/page.js';
import type { Role } from '../../model/principal.js';
import type { Prisma, PrismaClient } from '../generated/sqlite/client.js';
import {
  insertUnique,
  quoted,
  storedJson,
  type Columns,
  type ColumnValue,
  type SqlDialect,
  type Statement,
} from '../statement.js';
import type { MoveRequest } from '../step.js';
import type { RequestReader } from '../store.js';
import { inBatches, invalidCursor, readPage, readVisible, scanPage } from './read-page.js';

const requestColumns = {
  id: true,
  state: true,
  cluster: true,
  username: true,
  groups: true,
  keyAlgorithm: true,
  certificationRequest: true,
  publicKeyAlgorithm: true,
  spkiSha256: true,
  expirationSeconds: true,
  namespace: true,
  reason: true,
  requesterName: true,
  requesterGroups: true,
  requesterRoles: true,
  collector: true,
  createdAt: true,
  expiresAt: true,
  decision: true,
  approvals: true,
  attemptNumber: true,
  attemptOwner: true,
  attemptLeaseUntil: true,
  attemptStartedAt: true,
  attemptSpkiSha256: true,
  attemptIntent: true,
  fingerprintSha256: true,
  failureReason: true,
  failureMessage: true,
} as const satisfies Prisma.CertificateRequestSelect;

type RequestRow = Prisma.CertificateRequestGetPayload<{ select: typeof requestColumns }>;
type AttemptColumns = Columns<Pick<RequestRow, Extract<keyof RequestRow, `attempt${string}`>>>;
type PublicKeyColumns = Columns<Pick<RequestRow, 'publicKeyAlgorithm' | 'spkiSha256'>>;
type FailureColumns = Columns<Pick<RequestRow, 'failureReason' | 'failureMessage'>>;

/** A value inside a JSON column: instants are RFC 3339 text there. */
type InJson<T> = { [Key in keyof T]: T[Key] extends Date ? string : T[Key] };

export function certificateRequestRow(request: CertificateRequest): Columns<RequestRow> {
  return {
    id: request.id,
    state: request.state,
    cluster: request.cluster,
    username: request.username,
    groups: request.groups,
    keyAlgorithm: request.keyAlgorithm,
    certificationRequest: request.certificationRequest,
    ...publicKeyColumns(request.publicKey),
    expirationSeconds: request.expirationSeconds,
    namespace: request.namespace,
    reason: request.reason,
    requesterName: request.requester.name,
    requesterGroups: request.requester.groups,
    requesterRoles: request.requester.roles,
    collector: request.collector,
    createdAt: request.createdAt,
    expiresAt: request.expiresAt,
    decision: request.decision,
    approvals: request.approvals,
    ...attemptColumns(request.attempt),
    fingerprintSha256: request.fingerprintSha256,
    ...failureColumns(request.failure),
  };
}

function attemptColumns(attempt: IssuanceAttempt | null): AttemptColumns {
  return {
    attemptNumber: attempt?.number ?? null,
    attemptOwner: attempt?.owner ?? null,
    attemptLeaseUntil: attempt?.leaseUntil ?? null,
    attemptStartedAt: attempt?.startedAt ?? null,
    attemptSpkiSha256: attempt?.spkiSha256 ?? null,
    attemptIntent: attempt?.intent ?? null,
  };
}

function publicKeyColumns(publicKey: CertificateRequest['publicKey']): PublicKeyColumns {
  return { publicKeyAlgorithm: publicKey?.algorithm ?? null, spkiSha256: publicKey?.spkiSha256 ?? null };
}

function failureColumns(failure: CertificateRequest['failure']): FailureColumns {
  return { failureReason: failure?.reason ?? null, failureMessage: failure?.message ?? null };
}

export const insertRequest = (request: CertificateRequest): Statement =>
  insertUnique('CertificateRequest', certificateRequestRow(request), { kind: 'request', id: request.id });

/** Compare-and-set: changes the request only while `from` holds. */
export function updateRequest({ id, from, to }: MoveRequest, dialect: SqlDialect): Statement {
  const changed: Record<string, ColumnValue> = {
    state: to.state,
    ...(to.expiresAt !== undefined && { expiresAt: to.expiresAt }),
    ...(to.approvals !== undefined && { approvals: to.approvals }),
    ...(to.attempt !== undefined && attemptColumns(to.attempt)),
    ...(to.publicKey !== undefined && publicKeyColumns(to.publicKey)),
    ...(to.fingerprintSha256 !== undefined && { fingerprintSha256: to.fingerprintSha256 }),
    ...(to.failure !== undefined && failureColumns(to.failure)),
  };
  const conditions: readonly (readonly [string, ColumnValue])[] = [
    ['"id" = ?', id],
    ['"state" = ?', from.state],
    ...(from.owner !== undefined ? [['"attemptOwner" = ?', from.owner] as const] : []),
    ...(typeof from.attempt === 'number' ? [['"attemptNumber" = ?', from.attempt] as const] : []),
    ...(from.leaseEndedBefore !== undefined ? [['"attemptLeaseUntil" < ?', from.leaseEndedBefore] as const] : []),
    ...(from.approvals !== undefined
      ? [[`${dialect.jsonArrayLength('"approvals"')} = ?`, from.approvals] as const]
      : []),
  ];
  const noAttempt = from.attempt === null ? ' AND "attemptNumber" IS NULL' : '';
  const assignments = Object.keys(changed).map((column) => `${quoted(column)} = ?`);
  return {
    sql: `UPDATE "CertificateRequest" SET ${assignments.join(', ')} WHERE ${conditions.map(([c]) => c).join(' AND ')}${noAttempt}`,
    parameters: [...Object.values(changed), ...conditions.map(([, value]) => value)],
    unlessChanged: { kind: 'request', id },
  };
}

const lapsedAtOnce = 500;

/** Ids are UUIDv7, so they sort by creation. */
const newestFirst = { order: 'requests/newest', keyOf: (row: RequestRow) => [row.id] };

const pendingScan = { atOnce: 250, atMost: 1000 };

/** Reads the table of requests. */
export class CertificateRequestTable implements RequestReader {
  constructor(private readonly prisma: PrismaClient) {}

  async find(id: string): Promise<CertificateRequest | null> {
    const row = await this.prisma.certificateRequest.findUnique({ where: { id }, select: requestColumns });
    return row && certificateRequestOf(row);
  }

  list(filter: RequestFilter & Visibility, page: PageQuery): Promise<Page<CertificateRequest>> {
    return readPage(
      page,
      newestFirst,
      (after, take) =>
        readVisible(filter.visibleTo, newestFirst.keyOf, take, 'descending', (party) =>
          this.prisma.certificateRequest.findMany({
            where: { AND: [where(filter), party, ...(after ? [olderThan(after)] : [])] },
            orderBy: { id: 'desc' },
            take,
            select: requestColumns,
          }),
        ),
      certificateRequestOf,
    );
  }

  listPending(
    filter: RequestFilter,
    isWanted: (request: CertificateRequest) => boolean,
    page: PageQuery,
  ): Promise<Page<CertificateRequest>> {
    return scanPage(
      page,
      newestFirst,
      pendingScan,
      (after, take) =>
        this.prisma.certificateRequest.findMany({
          where: { AND: [{ state: 'pending' }, where(filter), ...(after ? [olderThan(after)] : [])] },
          orderBy: { id: 'desc' },
          take,
          select: requestColumns,
        }),
      (row) => {
        const request = certificateRequestOf(row);
        return isWanted(request) ? request : null;
      },
    );
  }

  async unfinished(): Promise<readonly CertificateRequest[]> {
    const rows = await this.prisma.certificateRequest.findMany({
      where: { OR: [{ state: 'issuing' }, { state: 'approved', certificationRequest: { not: null } }] },
      orderBy: { id: 'asc' },
      select: requestColumns,
    });
    return rows.map(certificateRequestOf);
  }

  async lapsed(now: Date): Promise<readonly CertificateRequest[]> {
    const rows = await this.prisma.certificateRequest.findMany({
      where: { state: { in: ['pending', 'approved'] }, expiresAt: { lte: now } },
      orderBy: [{ expiresAt: 'asc' }, { id: 'asc' }],
      take: lapsedAtOnce,
      select: requestColumns,
    });
    return rows.map(certificateRequestOf);
  }

  async attemptedFor(cluster: string, spkiSha256s: readonly string[]): Promise<readonly CertificateRequest[]> {
    const rows = await inBatches(spkiSha256s, (batch) =>
      this.prisma.certificateRequest.findMany({
        where: { cluster, attemptSpkiSha256: { in: batch } },
        select: requestColumns,
      }),
    );
    return rows.map(certificateRequestOf);
  }
}

function where(filter: RequestFilter): Prisma.CertificateRequestWhereInput {
  return {
    ...(filter.state !== undefined && { state: filter.state }),
    ...(filter.cluster !== undefined && { cluster: filter.cluster }),
    ...(filter.username !== undefined && { username: filter.username }),
    ...(filter.requester !== undefined && { requesterName: filter.requester }),
  };
}

function olderThan([id]: readonly string[]): Prisma.CertificateRequestWhereInput {
  if (id === undefined) throw invalidCursor();
  return { id: { lt: id } };
}

function certificateRequestOf(row: RequestRow): CertificateRequest {
  return {
    id: row.id,
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
    requester: {
      name: row.requesterName,
      groups: storedJson<string[]>(row.requesterGroups),
      roles: storedJson<Role[]>(row.requesterRoles),
    },
    collector: row.collector,
    createdAt: row.createdAt,
    expiresAt: row.expiresAt,
    decision: decisionOf(row.decision),
    approvals: storedJson<InJson<Approval>[]>(row.approvals).map((a) => ({ ...a, at: new Date(a.at) })),
    attempt: attemptOf(row),
    fingerprintSha256: row.fingerprintSha256,
    failure: row.failureReason === null ? null : { reason: row.failureReason, message: row.failureMessage ?? '' },
  };
}

function publicKeyOf(row: RequestRow): CertificateRequest['publicKey'] {
  if (row.publicKeyAlgorithm === null || row.spkiSha256 === null) return null;
  return { algorithm: row.publicKeyAlgorithm as KeyAlgorithm, spkiSha256: row.spkiSha256 };
}

export function decisionOf(value: Prisma.JsonValue): RecordedDecision {
  const stored = storedJson<InJson<RecordedDecision>>(value);
  return { ...stored, decidedAt: new Date(stored.decidedAt) };
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
    spkiSha256: attemptSpkiSha256,
    intent: storedJson<IssuanceAttempt['intent']>(attemptIntent),
  };
}
