import type { ExecutableStep, PreparedRecord } from '../writer/prepare-step.js';
import { hexText } from '../steps/statement.js';
import type { Reply } from './pipeline.js';
import { bindText, jsonText, queryWith, type Query } from './query.js';

/** A step with its values in the forms in which they are sent. */
export interface EncodedStep extends ExecutableStep {
  /** For each statement its row as JSON, or else its parameters. */
  readonly inputs: readonly (string | Query['values'])[];
  /** For each record its elements in the arrays of `AuditRecord_append`. */
  readonly appended: readonly AppendedRecord[];
}

/** Throws where a value has no such form. */
export const encode = (step: ExecutableStep): EncodedStep => ({
  ...step,
  inputs: step.statements.map(({ many, parameters }) => (many ? jsonText(many.row) : parameters.map(bindText))),
  appended: step.records.map(appendedRecord),
});

/**
 * The statements of all steps of a batch, those alike as one, and the insertion of their events. One of the queries
 * fails where a step may meet a conflict.
 *
 * The order of the steps is not kept: they are all under way at once, so every order is right in which none conflicts.
 * Limits are checked last, so what the whole batch leaves behind keeps to them.
 */
export function groupedQueries(steps: readonly EncodedStep[]): readonly Query[] {
  const once = new Map<string, Query>();
  const groups = new Map<string, string[]>();
  const changes: { readonly sql: string; readonly query: () => Query }[] = [];
  const limits: (() => Query)[] = [];
  for (const { statements, inputs } of steps)
    for (const [i, statement] of statements.entries()) {
      const input = inputs[i] ?? [];
      const sql = statement.many?.sql ?? statement.sql;
      if (typeof input === 'string') {
        const rows = groups.get(sql) ?? [];
        if (rows.push(input) > 1) continue;
        groups.set(sql, rows);
        const all = () => [`[${rows.join(',')}]`];
        const { ifReached } = statement;
        if (ifReached) limits.push(() => belowLimit(sql, ifReached.limit, all()));
        else changes.push({ sql, query: () => guarded(sql, all(), rows.length) });
      } else if (statement.once !== undefined) once.set(statement.once, queryWith(sql, input));
      else if (statement.ifReached) {
        const { limit } = statement.ifReached;
        limits.push(() => belowLimit(sql, limit, input));
      } else if (statement.unlessChanged) changes.push({ sql, query: () => guarded(sql, input, 1) });
      else changes.push({ sql, query: () => queryWith(sql, input) });
    }
  changes.sort((a, b) => rank(a.sql) - rank(b.sql));
  return [
    ...once.values(),
    ...changes.map(({ query }) => query()),
    ...limits.map((query) => query()),
    ...appendRecords(steps.flatMap(({ appended }) => appended)),
  ];
}

/** Rows come before the rows that refer to them, and before the statements that change them. */
const inOrder = [
  'INSERT INTO "RequestRecord"',
  'UPDATE "RequestRecord"',
  'INSERT INTO "CertificateRecord"',
  'INSERT INTO "GroupMembership"',
  'INSERT INTO "RequestLabel"',
];

function rank(sql: string): number {
  const at = inOrder.findIndex((begin) => sql.startsWith(begin));
  return at < 0 ? inOrder.length : at;
}

/** The statement, which fails unless it changes exactly so many rows. */
const guarded = (sql: string, values: Query['values'], rows: number): Query =>
  queryWith(`WITH "changed" AS (${sql} RETURNING 1) SELECT 1 / (COUNT(*) = ?)::int FROM "changed"`, [
    ...values,
    String(rows),
  ]);

/** The statement, which fails where it finds as much as its limit. */
const belowLimit = (sql: string, limit: number, values: Query['values']): Query =>
  queryWith(`SELECT 1 / ("found" < ?)::int FROM (${sql}) AS "counted"`, [String(limit), ...values]);

interface AppendedRecord {
  readonly record: readonly (string | null)[];
  readonly lines: readonly (readonly string[])[];
}

function appendedRecord({ columns, text, lines }: PreparedRecord): AppendedRecord {
  const { at, types, principal, cluster, requestId, fingerprintSha256 } = columns;
  return {
    record: [
      ...[at, types, principal, cluster].map(textOrNull),
      ...[requestId, fingerprintSha256].map((octets) => octets && `\\x${hexText(octets)}`),
      ...[text.beforeDetails, text.beforePrincipal, text.beforeSeq, String(lines.length)],
    ],
    lines: lines.map(({ details, principal: own, type }) => [details, own, type]),
  };
}

const textOrNull = (value: Date | number | string | null): string | null => bindText(value) as string | null;

/**
 * Gives the events of records their places in the chain and inserts them. The function, which answers the number of the
 * first event, is in the migrations.
 */
export function appendRecords(appended: readonly AppendedRecord[]): readonly Query[] {
  if (appended.length === 0) return [];
  const arrays = [appended.map(({ record }) => record), appended.flatMap(({ lines }) => lines)];
  return [queryWith('SELECT "AuditRecord_append"(?, ?)', arrays.map(textArray))];
}

/** Records in the log, which follow each other; `firstSeq` is the number of their first event. */
export interface PlacedRecords {
  readonly firstSeq: number;
  readonly records: readonly PreparedRecord[];
}

/** The records of steps by the reply to `appendRecords`, if they have any. */
export function placedBy(reply: Reply | undefined, steps: readonly ExecutableStep[]): readonly PlacedRecords[] {
  const records = steps.flatMap((step) => step.records);
  return records.length === 0 ? [] : [{ firstSeq: Number(reply?.rows[0]?.[0]), records }];
}

/** OID of the type `text`. */
const textType = 25;

/** Rows of the same length as a `text[]` of two dimensions in PostgreSQL's binary format, which needs no escapes. */
function textArray(rows: readonly (readonly (string | null)[])[]): Buffer {
  const texts = rows.flat();
  const size = texts.reduce((sum, text) => sum + 4 + Buffer.byteLength(text ?? ''), 28);
  const array = Buffer.allocUnsafe(size);
  let at = 0;
  // Dimensions, whether elements may be null, their type; then the length and the first index of each dimension.
  for (const number of [2, 1, textType, rows.length, 1, rows[0]?.length ?? 0, 1]) at = array.writeInt32BE(number, at);
  for (const text of texts) {
    const length = text === null ? -1 : array.write(text, at + 4);
    at = array.writeInt32BE(length, at) + Math.max(0, length);
  }
  return array;
}
