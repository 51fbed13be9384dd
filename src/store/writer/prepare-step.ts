import { packEvents, type UnchainedRecord } from '../../audit/audit-record.js';
import { octetsOf, uuidOctets, type SqlDialect, type Statement } from '../steps/statement.js';
import type { Step } from '../steps/step.js';
import type { Settled } from './ordered-writer.js';

/** A step as its database executes it. */
export interface ExecutableStep {
  readonly statements: readonly Statement[];
  readonly records: readonly PreparedRecord[];
}

/** Events on their way into the log, with the columns that do not depend on their places in the chain. */
export interface PreparedRecord extends Pick<UnchainedRecord, 'text' | 'lines'> {
  readonly columns: {
    readonly at: Date;
    readonly types: number;
    readonly principal: string | null;
    readonly cluster: string | null;
    readonly requestId: Uint8Array | null;
    readonly fingerprintSha256: Uint8Array | null;
  };
}

/** The columns of `members` in the forms in which databases keep them. */
export function preparedRecord({ members, types, text, lines }: UnchainedRecord): PreparedRecord {
  const { at, principal, cluster, requestId, fingerprintSha256 } = members;
  return {
    columns: {
      ...{ at, types, principal, cluster },
      requestId: requestId === null ? null : uuidOctets(requestId),
      fingerprintSha256: fingerprintSha256 === null ? null : octetsOf(fingerprintSha256),
    },
    text,
    lines,
  };
}

/** How many rows are remembered as committed; then the memory starts again, and the rows are inserted once more. */
const rememberedAtMost = 10_000;

/** Turns steps into statements, and leaves out those of `Statement.once` that it knows to be committed. */
export class StepPreparation<Form extends ExecutableStep> {
  readonly #committed = new Set<string>();

  /** `formOf`: the form in which a database takes a step. It throws where a value has none. */
  constructor(
    private readonly dialect: SqlDialect,
    private readonly formOf: (step: ExecutableStep) => Form,
  ) {}

  /** Has `commit` execute the steps, and answers the result of each, in order. A step that has no form fails alone. */
  async commit(
    steps: readonly Step[],
    commit: (steps: readonly Form[]) => Promise<readonly Settled[]>,
  ): Promise<readonly Settled[]> {
    const prepared = steps.map((step) => this.prepare(step));
    const settled = await commit(prepared.filter(hasForm));
    let next = 0;
    return prepared.map((step) => {
      if (step instanceof Error) return { error: step };
      const end = settled[next++] ?? noOutcome;
      if ('result' in end && end.result.committed) this.#remember(step);
      return end;
    });
  }

  /** The error where a value of the step has no form. */
  prepare({ operations, events, packed }: Step): Form | Error {
    try {
      const statements = operations.flatMap((operation) => operation.statements(this.dialect));
      return this.formOf({
        statements: statements.filter(({ once }) => once === undefined || !this.#committed.has(once)),
        records: (packed ?? packEvents(events)).map(preparedRecord),
      });
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      return error;
    }
  }

  /** The database may have lost rows, so all of them are inserted once more. */
  forget(): void {
    this.#committed.clear();
  }

  #remember({ statements }: ExecutableStep): void {
    for (const { once } of statements) if (once !== undefined) this.#committed.add(once);
    if (this.#committed.size > rememberedAtMost) this.#committed.clear();
  }
}

const hasForm = <Form>(step: Form | Error): step is Form => !(step instanceof Error);

const noOutcome: Settled = { error: new Error('the commit has no outcome for the step') };
