import type { ExecutableStep, PreparedRecord } from '../prepare-step.js';
import type { Statement } from '../statement.js';
import { bind, jsonText, queryWith, type Query } from './query.js';

/** A step with its values in the forms in which they are sent. */
export interface EncodedStep extends ExecutableStep {
  /** For each statement its row as JSON, or else its parameters. */
  readonly inputs: readonly (string | Query['values'])[];
  /** For each record its JSON. */
  readonly rows: readonly string[];
}

/** Throws where a value has no such form. */
export const encode = (step: ExecutableStep): EncodedStep => ({
  ...step,
  inputs: step.statements.map(({ many, parameters }) => (many ? jsonText(many.row) : parameters.map(bind))),
  rows: step.records.map(recordText),
});

/**
 * The statements of all steps of a batch, those alike as one, and the insertion of their events. One of the queries fails
 * where a step may meet a conflict.
 *
 * The order of the steps is not kept: they are all under way at once, so every order is right in which none conflicts.
 * Limits are counted after all steps, and that finds at least as much as counting between them.
 */
export function groupedQueries(steps: readonly EncodedStep[]): readonly Query[] {
  const once = new Map<string, Query>();
  const groups = new Map<string, string[]>();
  const changes: { readonly sql: string; readonly query: () => Query }[] = [];
  const limits: Query[] = [];
  for (const { statements, inputs } of steps)
    for (const [i, statement] of statements.entries()) {
      const input = inputs[i] ?? [];
      const sql = statement.many?.sql ?? statement.sql;
      if (typeof input === 'string') {
        const rows = groups.get(sql) ?? [];
        if (rows.push(input) > 1) continue;
        groups.set(sql, rows);
        changes.push({ sql, query: () => guarded(sql, [`[${rows.join(',')}]`], rows.length) });
      } else if (statement.once !== undefined) once.set(statement.once, queryWith(sql, input));
      else if (statement.ifReached) limits.push(belowLimit(statement, input));
      else if (statement.unlessChanged) changes.push({ sql, query: () => guarded(sql, input, 1) });
      else changes.push({ sql, query: () => queryWith(sql, input) });
    }
  changes.sort((a, b) => rank(a.sql) - rank(b.sql));
  return [
    ...once.values(),
    ...changes.map(({ query }) => query()),
    ...limits,
    ...appendRecords(steps.flatMap(({ rows }) => rows)),
  ];
}

/** Rows come before the rows that refer to them, and before the statements that change them. */
const inOrder = [
  'INSERT INTO "RequestRecord"',
  'UPDATE "RequestRecord"',
  'INSERT INTO "CertificateRecord"',
  'INSERT INTO "GroupMembership"',
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
const belowLimit = ({ sql, ifReached }: Statement, values: Query['values']): Query =>
  queryWith(`SELECT 1 / ("found" < ?)::int FROM (${sql}) AS "counted"`, [String(ifReached?.limit ?? 0), ...values]);

const recordText = ({ columns, text, lines }: PreparedRecord): string =>
  jsonText({
    columns: {
      ...columns,
      text: [text.beforeDetails, text.beforePrincipal, text.beforeSeq],
      lines: lines.flatMap(({ details, principal, type }) => [details, principal, type]),
    },
  });

/** Gives the events of records their places in the chain and inserts them; the function is in the migrations. */
export const appendRecords = (rows: readonly string[]): readonly Query[] =>
  rows.length === 0 ? [] : [queryWith('SELECT "AuditRecord_append"(?::json)', [`[${rows.join(',')}]`])];
