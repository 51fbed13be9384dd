import type pg from 'pg';
import { appendToChain, type ChainHead, genesis } from '../../audit/chain.js';
import type { AuditEvent } from '../../model/audit-event.js';
import type { Settled } from '../group-commit.js';
import { conflictIn, type Statement } from '../statement.js';
import { statementsOf } from '../statements-of.js';
import type { CommitResult, Step } from '../step.js';
import { insertAuditEvent, selectChainHead } from '../tables/audit-event-table.js';
import { chainLock } from './connect.js';
import { concernsOneStep, isUniqueViolation } from './errors.js';
import { pipeline, postgresqlDialect, queryOf, resultOf, type Query, type Reply } from './query.js';

/** The state of a transaction that is still open. */
export interface AppliedSteps {
  /** The result of each step, in order. */
  readonly settled: readonly Settled<CommitResult>[];
  /** The queries to send before COMMIT: the events of the steps that succeeded, which continue the chain. */
  readonly remaining: readonly Query[];
  /** The last of these events: if it is in the log, the transaction was committed. */
  readonly lastEvent: AuditEvent | undefined;
}

/** How many steps are sent at once after a step that conflicted, because others may conflict too. */
const carefulPortion = 8;

/**
 * Begins a transaction and executes the operations of the steps in it, each step behind a savepoint: a step that conflicts
 * leaves nothing behind and does not affect its neighbours. That is one round trip, and one more for each conflict.
 *
 * One transaction of all processes at a time continues the audit chain: it holds an advisory lock until its end. READ
 * COMMITTED gives each statement behind the lock a snapshot of its own, so the statement sees everything that was committed
 * before, including the head of the chain. Nobody else commits meanwhile, so a quota that was counted still holds.
 */
export async function applySteps(client: pg.Client, steps: readonly Step[], touch: boolean): Promise<AppliedSteps> {
  const settled: Settled<CommitResult>[] = [];
  const events: AuditEvent[] = [];
  const opened = pipeline(client, openingQueries(touch));
  let undo: readonly Query[] = [];
  let portion = steps.length;
  while (settled.length < steps.length) {
    const sent = steps.slice(settled.length, settled.length + portion).map((step, i) => ({
      step,
      savepoint: `"step ${String(settled.length + i)}"`,
      prepared: prepare(step),
    }));
    const [undone, ...replies] = await Promise.all([
      pipeline(client, undo),
      ...sent.map(({ savepoint, prepared }) =>
        pipeline(client, [`SAVEPOINT ${savepoint}`, ...('error' in prepared ? [] : prepared.queries)]),
      ),
    ]);
    const head = chainHeadIn(await opened);
    undone.forEach(resultOf);
    undo = [];
    portion = steps.length;
    for (const [i, { step, savepoint, prepared }] of sent.entries()) {
      const outcome = whyNot(prepared, replies[i] ?? []) ?? eventsOf(step, events.at(-1) ?? head);
      if ('events' in outcome) {
        settled.push({ result: { committed: true } });
        events.push(...outcome.events);
        continue;
      }
      settled.push(outcome);
      // The steps behind it were executed on top of it, so they are undone too and sent again.
      undo = [`ROLLBACK TO ${savepoint}`];
      portion = carefulPortion;
      break;
    }
  }
  return {
    settled,
    remaining: [...undo, ...events.map((event) => queryOf(insertAuditEvent(event)))],
    lastEvent: events.at(-1),
  };
}

/** The queries that open the transaction; the last one reads the head of the chain. */
const openingQueries = (touch: boolean): readonly Query[] => [
  'BEGIN ISOLATION LEVEL READ COMMITTED',
  // The lock has a statement of its own, because a statement's snapshot is older than the lock that it waits for.
  queryOf({ sql: 'SELECT pg_advisory_xact_lock(?)', parameters: [chainLock] }),
  // A transaction that writes nothing would commit on a full disk too.
  ...(touch ? [`SELECT pg_logical_emit_message(true, 'kubepass', '')`] : []),
  queryOf(selectChainHead),
];

function chainHeadIn(opened: readonly Reply[]): ChainHead {
  const rows: readonly unknown[] = opened.map(resultOf).at(-1)?.rows ?? [];
  if (rows.length === 0) return genesis;
  const { seq, hash } = rows[0] as { readonly seq: string; readonly hash: string };
  return { seq: Number(seq), hash };
}

type Prepared =
  | { readonly statements: readonly Statement[]; readonly queries: readonly Query[] }
  /** A value of the step has no form in SQL. */
  | { readonly error: Error };

function prepare({ operations }: Step): Prepared {
  try {
    const statements = operations.flatMap((operation) => statementsOf(operation, postgresqlDialect));
    return { statements, queries: statements.map(queryOf) };
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    return { error };
  }
}

/** The conflict or the error of a step, or null. Throws errors that concern its neighbours too. */
function whyNot(prepared: Prepared, replies: readonly Reply[]): Settled<CommitResult> | null {
  const [savepoint, ...ofStatements] = replies;
  resultOf(savepoint);
  if ('error' in prepared) return prepared;
  const { statements } = prepared;
  for (const [i, statement] of statements.entries()) {
    const reply = ofStatements[i];
    if (reply?.status === 'rejected') return whyRefused(statement, reply.reason);
    const { rowCount, rows } = resultOf(reply);
    const conflict = conflictIn(statement, { changes: rowCount ?? 0, row: rows[0] });
    if (conflict) return { result: { committed: false, conflict } };
  }
  return null;
}

function whyRefused({ ifTaken }: Statement, error: unknown): Settled<CommitResult> {
  if (ifTaken && isUniqueViolation(error))
    return { result: { committed: false, conflict: ifTaken(error.constraint ?? '') } };
  if (concernsOneStep(error)) return { error };
  throw error;
}

/** The events of a step with their places in the chain, or the error where they cannot have one. */
function eventsOf(step: Step, head: ChainHead): { readonly events: readonly AuditEvent[] } | { readonly error: Error } {
  const events: AuditEvent[] = [];
  try {
    for (const draft of step.events) events.push(appendToChain(events.at(-1) ?? head, draft));
    return { events };
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    return { error };
  }
}
