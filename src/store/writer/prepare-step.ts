import { packEvents, type UnchainedRecord } from '../../audit/audit-record.js';
import type { SqlDialect, Statement } from '../steps/statement.js';
import { statementsOf } from '../tables/statements-of.js';
import { sharedColumns, type SharedColumns } from '../tables/audit-event-table.js';
import type { Step } from '../steps/step.js';

/** A step as its database executes it, or the error where a value of it has no form there. */
export type PreparedStep = ExecutableStep | { readonly error: Error };

export interface ExecutableStep {
  readonly statements: readonly Statement[];
  readonly records: readonly PreparedRecord[];
}

/** Events on their way into the log, with the columns that do not depend on their places in the chain. */
export interface PreparedRecord extends Pick<UnchainedRecord, 'text' | 'lines'> {
  readonly columns: SharedColumns;
}

/** How many rows are remembered as committed; then the memory starts again, and the rows are inserted once more. */
const rememberedAtMost = 10_000;

/** Turns steps into statements, and leaves out those of `Statement.once` that it knows to be committed. */
export class StepPreparation {
  readonly #committed = new Set<string>();

  constructor(private readonly dialect: SqlDialect) {}

  prepare({ operations, events, packed }: Step): PreparedStep {
    try {
      const statements = operations.flatMap((operation) => statementsOf(operation, this.dialect));
      return {
        statements: statements.filter(({ once }) => once === undefined || !this.#committed.has(once)),
        records: (packed ?? packEvents(events)).map(({ members, types, text, lines }) => ({
          columns: sharedColumns(members, types),
          text,
          lines,
        })),
      };
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      return { error };
    }
  }

  /** The database may have lost rows, so all of them are inserted once more. */
  forget(): void {
    this.#committed.clear();
  }

  /** The step is committed. */
  remember({ statements }: ExecutableStep): void {
    for (const { once } of statements) if (once !== undefined) this.#committed.add(once);
    if (this.#committed.size > rememberedAtMost) this.#committed.clear();
  }
}
