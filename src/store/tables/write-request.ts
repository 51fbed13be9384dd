import { hash } from 'node:crypto';
import { foldedName } from '@kubepass/inspect/formats';
import {
  type Approval,
  type CertificateRequest,
  type IssuanceAttempt,
  type PublicKeyReference,
  type RequestFailure,
  type RequestState,
  labelText,
} from '../../model/certificate-request.js';
import type { RecordedDecision } from '../../model/decision.js';
import type { Prisma } from '../generated/sqlite/client.js';
import {
  type ColumnValue,
  type Columns,
  type Statement,
  hexText,
  insertOnce,
  insertUnique,
  jsonOctets,
  octetsOf,
  quoted,
  textsByColumns,
  uuidOctets,
} from '../steps/statement.js';
import type { Write } from '../steps/step.js';

type RequestRow = Prisma.RequestRecordGetPayload<object>;
type AttemptColumns = Columns<Pick<RequestRow, Extract<keyof RequestRow, `attempt${string}`>>>;
type PublicKeyColumns = Columns<Pick<RequestRow, 'publicKeyAlgorithm' | 'spkiSha256'>>;
type FailureColumns = Columns<Pick<RequestRow, 'failureReason' | 'failureMessage'>>;

/** The row without the number that the database gives it. */
export function requestRow(request: CertificateRequest, decision: DecisionText): Columns<Omit<RequestRow, 'n'>> {
  return {
    id: uuidOctets(request.id),
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
    expiresAt: request.waitsUntil,
    decisionSha256: decision.sha256,
    decidedAt: request.decision.decidedAt,
    approvals: request.approvals,
    ...attemptColumns(request.attempt),
    fingerprintSha256: octetsOrNull(request.fingerprintSha256),
    ...failureColumns(request.failure),
    // Null where there are none, so that they take no place in the row.
    labels: Object.keys(request.labels).length === 0 ? null : JSON.stringify(request.labels),
    renewalOf: octetsOrNull(request.renewal?.of),
    lineage: octetsOrNull(request.renewal?.lineage),
    generation: request.renewal?.generation ?? null,
  };
}

/** A decision without its instant: one text for all requests that were decided alike. */
interface DecisionText {
  readonly sha256: Buffer;
  readonly text: string;
}

// Node makes the text of a hash in a quarter of the time of its Buffer.
export function decisionText({ decidedAt: _, ...decision }: RecordedDecision): DecisionText {
  const text = JSON.stringify(decision);
  return { sha256: octetsOf(hash('sha256', text, 'hex')), text };
}

function attemptColumns(attempt: IssuanceAttempt | null): AttemptColumns {
  return {
    attemptNumber: attempt?.number ?? null,
    attemptOwner: attempt?.owner ?? null,
    attemptLeaseUntil: attempt?.leaseUntil ?? null,
    attemptStartedAt: attempt?.startedAt ?? null,
    attemptSpkiSha256: octetsOrNull(attempt?.spkiSha256),
    attemptIntent: attempt?.intent ?? null,
    attemptObjectName: attempt?.intent.objectName ?? null,
  };
}

function publicKeyColumns(publicKey: CertificateRequest['publicKey']): PublicKeyColumns {
  return { publicKeyAlgorithm: publicKey?.algorithm ?? null, spkiSha256: octetsOrNull(publicKey?.spkiSha256) };
}

function failureColumns(failure: CertificateRequest['failure']): FailureColumns {
  return { failureReason: failure?.reason ?? null, failureMessage: failure?.message ?? null };
}

const octetsOrNull = (hex: string | null | undefined): Buffer | null =>
  hex === null || hex === undefined ? null : octetsOf(hex);

export const insertRequest = (request: CertificateRequest): Write => ({
  statements() {
    const decision = decisionText(request.decision);
    return [
      insertOnce('Decision', hexText(decision.sha256), { sha256: decision.sha256, text: decision.text }),
      insertUnique('RequestRecord', requestRow(request, decision), { kind: 'request', id: request.id }),
      ...Object.entries(request.labels).map(([key, value]) => insertLabel(labelText({ key, value }), request.id)),
      ...insertSpellings(request),
    ];
  },
  octets() {
    const { certificationRequest, reason, labels, groups } = request;
    // Labels are found by an index, and the decision tells of groups.
    return (certificationRequest?.length ?? 0) + jsonOctets(reason) + 2 * jsonOctets(labels) + 3 * jsonOctets(groups);
  },
});

export interface RequestMove {
  readonly id: string;
  readonly from: {
    readonly state: RequestState;
    /** Where given: this owner holds the attempt. */
    readonly owner?: string;
    /** Where given: the number of the last attempt; null: there was no attempt. */
    readonly attempt?: number | null;
    /** Where given: the attempt's lease ended before this instant. That is a takeover. */
    readonly leaseEndedBefore?: Date;
    /** Where given: so many approvals are recorded. So no approval is overwritten. */
    readonly approvals?: number;
  };
  readonly to: {
    readonly state: RequestState;
    readonly waitsUntil?: Date | null;
    readonly approvals?: readonly Approval[];
    readonly attempt?: IssuanceAttempt;
    readonly publicKey?: PublicKeyReference | null;
    readonly fingerprintSha256?: string;
    readonly failure?: RequestFailure | null;
  };
}

/** Compare-and-set: changes the request only while `from` holds, whether or not a request makes that move. */
export const updateRequest = ({ id, from, to }: RequestMove): Write => ({
  statements(dialect) {
    const set: Record<string, ColumnValue> = {
      state: to.state,
      ...(to.waitsUntil !== undefined && { expiresAt: to.waitsUntil }),
      ...(to.approvals !== undefined && { approvals: to.approvals }),
      ...(to.attempt !== undefined && attemptColumns(to.attempt)),
      ...(to.publicKey !== undefined && publicKeyColumns(to.publicKey)),
      ...(to.fingerprintSha256 !== undefined && { fingerprintSha256: octetsOf(to.fingerprintSha256) }),
      ...(to.failure !== undefined && failureColumns(to.failure)),
    };
    const equal: Record<string, ColumnValue> = {
      id: uuidOctets(id),
      state: from.state,
      ...(from.owner !== undefined && { attemptOwner: from.owner }),
      ...(typeof from.attempt === 'number' && { attemptNumber: from.attempt }),
    };
    const isNull = from.attempt === null ? ['attemptNumber'] : [];
    const { one, many } = updateTexts('', [...Object.keys(set), '|', ...Object.keys(equal), '|', ...isNull]);
    const others: readonly (readonly [string, ColumnValue])[] = [
      ...(from.leaseEndedBefore === undefined ? [] : [['"attemptLeaseUntil" < ?', from.leaseEndedBefore] as const]),
      ...(from.approvals === undefined
        ? []
        : [[`${dialect.jsonArrayLength('"approvals"')} = ?`, from.approvals] as const]),
    ];
    return {
      sql: others.reduce((sql, [condition]) => `${sql} AND ${condition}`, one),
      parameters: [...Object.values(set), ...Object.values(equal), ...others.map(([, value]) => value)],
      unlessChanged: { kind: 'request', id },
      ...(others.length === 0 && { many: { sql: many, row: { columns: {}, parts: { set, equal } } } }),
    };
  },
  octets: () => jsonOctets(to.approvals ?? null),
  endsAttempt: from.state === 'issuing',
});

interface DecidedByPerson {
  readonly principal: string;
  readonly requestId: string;
  readonly at: Date;
}

/** Remembers that a person approved or denied the request; the last time counts. */
export const recordDecision = ({ principal, requestId, at }: DecidedByPerson): Write => ({
  statements: () => ({
    sql: `INSERT INTO "RequestDecision" ("principal", "requestN", "at") SELECT ?, "n", ? FROM "RequestRecord" WHERE "id" = ?
        ON CONFLICT ("principal", "requestN") DO UPDATE SET "at" = excluded."at"`,
    parameters: [principal, at, uuidOctets(requestId)],
  }),
});

/** The columns are those to set, those that equal a value and those that are null, with a bar between. */
const updateTexts = textsByColumns((columns) => {
  const [set = [], equal = [], isNull = []] = columns
    .join(' ')
    .split('|')
    .map((names) =>
      names
        .split(' ')
        .filter((name) => name !== '')
        .map(quoted),
    );
  const nulls = isNull.map((name) => `${name} IS NULL`);
  return {
    one: `UPDATE "RequestRecord" SET ${set.map((name) => `${name} = ?`).join(', ')}
      WHERE ${[...equal.map((name) => `${name} = ?`), ...nulls].join(' AND ')}`,
    many: `UPDATE "RequestRecord" AS "r" SET ${set.map((name) => `${name} = "s".${name}`).join(', ')}
      FROM json_array_elements(?::json) AS "e", json_populate_record(NULL::"RequestRecord", "e" -> 'set') AS "s",
        json_populate_record(NULL::"RequestRecord", "e" -> 'equal') AS "f"
      WHERE ${[...equal.map((name) => `"r".${name} = "f".${name}`), ...isNull.map((name) => `"r".${name} IS NULL`)].join(' AND ')}`,
  };
});

/** One row for each label, so that requests are found by label on an index. The request's own row comes before. */
function insertLabel(label: string, requestId: string): Statement {
  const id = uuidOctets(requestId);
  return {
    sql: `INSERT INTO "RequestLabel" ("label", "requestN") SELECT ?, "n" FROM "RequestRecord" WHERE "id" = ?`,
    parameters: [label, id],
    many: {
      sql: `INSERT INTO "RequestLabel" ("label", "requestN")
        SELECT "e" ->> 'label', "q"."n" FROM json_array_elements(?::json) AS "e",
          json_populate_record(NULL::"RequestRecord", "e" -> 'request') AS "f"
          JOIN "RequestRecord" AS "q" ON "q"."id" = "f"."id"`,
      row: { columns: { label }, parts: { request: { id } } },
    },
  };
}

/**
 * A row for each name of the request that is not in the form in which names are compared. Most names are, so most
 * requests add none.
 */
function insertSpellings({ state, username, requester, collector }: CertificateRequest): readonly Statement[] {
  // One that was denied gives nothing that could be taken away, and its names can be anything.
  if (state === 'denied' || [username, requester.name, collector].every(isFolded)) return none;
  return [...new Set([username, requester.name, collector])].flatMap((name) => {
    const folded = foldedName(name);
    return folded === name ? [] : [insertOnce('NameSpelling', name, { folded, name })];
  });
}

const none: readonly Statement[] = [];
const withoutCapitals = /^[\0-@[-\x7f]*$/;
/** Tells quickly of most names that they are in the form in which names are compared. */
const isFolded = (name: string): boolean => withoutCapitals.test(name);
