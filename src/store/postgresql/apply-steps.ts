import type pg from 'pg';
import { appendToChain, type ChainHead, genesis } from '../../audit/chain.js';
import type { AuditEvent } from '../../model/audit-event.js';
import type { Settled } from '../group-commit.js';
import { conflictIn, type Statement } from '../statement.js';
import { insertAuditEvent, selectChainHead, statementsOf } from '../statements-of.js';
import type { CommitResult, Step } from '../step.js';
import { postgresqlDialect } from './dialect.js';
import { concernsOneStep, isUniqueViolation } from './errors.js';
import { chainLock } from './locks.js';
import { pipeline, resultOf, type Query, type Reply } from './pipeline.js';
import { queryOf } from './query.js';

/** What a transaction has come to that is still open. */
export interface AppliedSteps {
  /** Of each step, in order. */
  readonly settled: readonly Settled<CommitResult>[];
  /** What goes before COMMIT: the events of the steps that stand, which continue the chain. */
  readonly remaining: readonly Query[];
  /** The last of these events: where it is in the log, the transaction was committed. */
  readonly lastEvent: AuditEvent | undefined;
}

/** Behind one that conflicted, steps are sent in portions of this size: others may conflict too. */
const carefulPortion = 8;

/**
 * Begins a transaction and does the operations of the steps in it, each step behind a savepoint: one that conflicts
 * leaves nothing behind and its neighbours untouched. All of it is one round trip, and one more for each conflict.
 *
 * One transaction at a time, of all processes on the database, continues the audit chain: it holds an advisory lock to
 * its end. READ COMMITTED gives each statement behind the lock a snapshot of its own, so it sees all that was committed
 * before, the head of the chain among it; and since nobody commits meanwhile, a quota that was counted holds.
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
      // What was sent behind it was done on top of it: it is undone too, and sent again.
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

/** The last of them finds the head of the chain. */
const openingQueries = (touch: boolean): readonly Query[] => [
  'BEGIN ISOLATION LEVEL READ COMMITTED',
  // On its own: a statement's snapshot is older than the lock that it waits for.
  queryOf({ sql: 'SELECT pg_advisory_xact_lock(?)', parameters: [chainLock] }),
  // A transaction that writes nothing commits on a full disk too. This one writes, so that it tells whether one can.
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
  /** Why there are none: a value that has no form in SQL. */
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

/** What stands against a step: a conflict, or why it cannot be stored. Throws what concerns its neighbours too. */
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

/** The events of a step in the chain, or why they have no place in it. */
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
