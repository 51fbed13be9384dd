import type pg from 'pg';
import type { Query } from './query.js';

/** The reply to a query; values are texts. */
export interface Reply {
  /** How many rows it changed or found. */
  readonly count: number;
  readonly rows: readonly (readonly (string | null)[])[];
}

interface Replies {
  /** The replies to the queries that succeeded, in order. */
  readonly done: readonly Reply[];
  /**
   * The error of the query behind them, or of the connection. PostgreSQL skips everything behind a query that fails.
   */
  readonly error: Error | null;
}

/** How long PostgreSQL may take to answer everything that was sent at once; then the connection is given up. */
const answerMilliseconds = 30_000;

/**
 * Sends all queries before the first is answered: one round trip (PostgreSQL's protocol, "Pipelining"). One Sync ends
 * them all, so that a query is executed only if all before it succeeded, BEGIN among them.
 */
export function pipeline(client: pg.Client, queries: readonly Query[]): Promise<Replies> {
  let names = preparedOn.get(client);
  if (!names) preparedOn.set(client, (names = new Set()));
  const prepared = names;
  return new Promise((resolve) => {
    const late = setTimeout(() => {
      client.connection.stream.destroy();
    }, answerMilliseconds);
    client.query(
      new PipelinedQueries(queries, prepared, (replies) => {
        clearTimeout(late);
        resolve(replies);
      }),
    );
  });
}

/** The names of the statements that each connection has prepared. */
const preparedOn = new WeakMap<pg.Client, Set<string>>();

/** Several queries in place of one of `pg`'s, which would send a Sync behind each. */
class PipelinedQueries implements pg.Submittable {
  readonly #done: Reply[] = [];
  #rows: (string | null)[][] = [];

  constructor(
    private readonly queries: readonly Query[],
    private readonly prepared: Set<string>,
    private readonly answer: (replies: Replies) => void,
  ) {}

  submit(connection: pg.Connection): void {
    const parsed = new Set(this.prepared);
    connection.stream.cork();
    for (const { name, text, values } of this.queries) {
      if (!parsed.has(name)) {
        // A statement that failed when it was executed may have been prepared. Closing an unknown name is no error.
        if (name !== '') connection.close({ type: 'S', name }, true);
        connection.parse({ name, text, types: [] }, true);
        if (name !== '') parsed.add(name);
      }
      connection.bind({ portal: '', statement: name, values }, true);
      connection.execute(null, true);
    }
    connection.sync();
    connection.stream.uncork();
  }

  handleDataRow({ fields }: { readonly fields: (string | null)[] }): void {
    this.#rows.push(fields);
  }

  /** The text is `INSERT 0 5`, `UPDATE 5`, `SELECT 5` or a command's name. */
  handleCommandComplete({ text }: { readonly text: string }): void {
    const name = this.queries[this.#done.length]?.name;
    if (name) this.prepared.add(name);
    this.#done.push({ count: Number(/\d+$/.exec(text)?.[0] ?? 0), rows: this.#rows });
    this.#rows = [];
  }

  handleReadyForQuery(): void {
    this.answer({ done: this.#done, error: null });
  }

  handleError(error: Error): void {
    this.answer({ done: this.#done, error });
  }
}

/** The replies, where all queries succeeded. Throws the error of the one that failed. */
export function allDone({ done, error }: Replies): readonly Reply[] {
  if (error) throw error;
  return done;
}
