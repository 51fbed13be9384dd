import type { Statements, SqlValue } from './sqlite-statements.js';

/**
 * The keys of small tables, in the memory of the connection that writes them. It reads them again after each change: by its own
 * statements, by a rollback, and by another connection.
 */
export class KeptKeys {
  readonly #byQuery = new Map<string, ReadonlySet<SqlValue>>();
  #version: unknown;

  constructor(private readonly statements: Statements) {}

  /** Whether one of the first `count` values is among the keys that the query selects. */
  hasAny(query: string, values: readonly SqlValue[], count: number): boolean {
    let keys = this.#byQuery.get(query);
    if (keys === undefined) this.#byQuery.set(query, (keys = this.#read(query)));
    if (keys.size === 0) return false;
    for (let i = 0; i < count; i++) if (keys.has(values[i] ?? null)) return true;
    return false;
  }

  forget(): void {
    this.#byQuery.clear();
  }

  /** Called in a transaction: nobody else can write until its end. */
  forgetIfOthersWrote(): void {
    // It changes with each commit of another connection, and of no other.
    const version = this.statements.of('PRAGMA data_version').pluck().get();
    if (version !== this.#version) this.forget();
    this.#version = version;
  }

  #read(query: string): ReadonlySet<SqlValue> {
    return new Set(this.statements.of(query).pluck().all() as SqlValue[]);
  }
}
