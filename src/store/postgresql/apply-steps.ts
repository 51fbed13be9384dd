import type pg from 'pg';
import type { Statement } from '../steps/statement.js';
import type { Settled } from '../writer/ordered-writer.js';
import { concernsOneStep, isUniqueViolation } from './errors.js';
import { appendRecords, placedBy, type EncodedStep, type PlacedRecords } from './grouped-queries.js';
import { pipeline, type Reply } from './pipeline.js';
import { commandQuery, queryOf, type Query } from './query.js';

/** The state of a transaction that is still open. */
interface AppliedSteps {
  /** The result of each step, in order. */
  readonly settled: readonly Settled[];
  /** The events of the steps that met no conflict, in order. */
  readonly placed: readonly PlacedRecords[];
  /** The queries to send before COMMIT. */
  readonly remaining: readonly Query[];
}

/** How many steps are sent at once after a step that conflicted, because others may conflict too. */
const portionAfterConflict = 8;

/**
 * Sends the queries that open a transaction, and executes the steps in it one after the other, each behind a savepoint:
 * a step that conflicts leaves nothing behind and does not affect its neighbours. That is one round trip, and one more
 * for each conflict.
 */
export async function applySteps(
  client: pg.Client,
  opening: readonly Query[],
  steps: readonly EncodedStep[],
): Promise<AppliedSteps> {
  const settled: Settled[] = [];
  const placed: PlacedRecords[] = [];
  let first = opening;
  let portion = steps.length;
  while (settled.length < steps.length) {
    const sent = steps.slice(settled.length, settled.length + portion).map((step, i) => {
      const savepoint = `"step ${String(settled.length + i)}"`;
      const queries = [
        commandQuery(`SAVEPOINT ${savepoint}`),
        ...step.statements.map(queryOf),
        ...appendRecords(step.appended),
      ];
      return { step, savepoint, queries };
    });
    const { done, error } = await pipeline(client, [...first, ...sent.flatMap(({ queries }) => queries)]);
    if (error && done.length < first.length) throw error;
    let at = first.length;
    first = [];
    portion = steps.length;
    for (const { step, savepoint, queries } of sent) {
      const replies = done.slice(at, (at += queries.length));
      const why = whyNot(step, replies, replies.length < queries.length ? error : null);
      settled.push(why ?? { result: { committed: true } });
      if (why === null) {
        placed.push(...placedBy(replies.at(-1), [step]));
        continue;
      }
      // The steps behind it were executed on top of it, or skipped, so they are sent again.
      first = [commandQuery(`ROLLBACK TO ${savepoint}`)];
      portion = portionAfterConflict;
      break;
    }
  }
  return { settled, placed, remaining: first };
}

/** The conflict or the error of a step, or null. Throws errors that concern its neighbours too. */
function whyNot(
  { statements }: EncodedStep,
  [savepoint, ...replies]: readonly Reply[],
  error: Error | null,
): Settled | null {
  if (savepoint === undefined && error) throw error;
  for (const [i, statement] of statements.entries()) {
    const reply = replies[i];
    if (reply === undefined) break;
    const conflict = conflictIn(statement, reply);
    if (conflict) return { result: { committed: false, conflict } };
  }
  if (error === null) return null;
  const { ifTaken } = statements[replies.length] ?? {};
  if (ifTaken && isUniqueViolation(error))
    return { result: { committed: false, conflict: ifTaken(error.constraint ?? '') } };
  if (concernsOneStep(error)) return { error };
  throw error;
}

function conflictIn({ unlessChanged, ifReached }: Statement, { count, rows }: Reply) {
  if (ifReached) {
    const found = Number(rows[0]?.[0]);
    return found >= ifReached.limit ? ifReached.conflict(found) : null;
  }
  return count === 0 ? (unlessChanged ?? null) : null;
}
