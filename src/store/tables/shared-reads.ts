/**
 * Reads the rows of many keys with one query. All who ask while a query is under way share the next one, so many at the
 * same time cost as much as one. Every answer was read after it was asked for.
 */
export class SharedReads<Row> {
  #next: { readonly keys: Set<string>; readonly rows: Promise<readonly Row[]> } | null = null;
  #last: Promise<unknown> = Promise.resolve();

  constructor(private readonly read: (keys: readonly string[]) => Promise<readonly Row[]>) {}

  /** The rows of these keys, and of others. */
  rowsOf(asked: readonly string[]): Promise<readonly Row[]> {
    this.#next ??= this.#begin();
    for (const key of asked) this.#next.keys.add(key);
    return this.#next.rows;
  }

  #begin(): { readonly keys: Set<string>; readonly rows: Promise<readonly Row[]> } {
    const keys = new Set<string>();
    const rows = this.#last.then(() => {
      this.#next = null;
      return this.read([...keys]);
    });
    this.#last = rows.catch(() => undefined);
    return { keys, rows };
  }
}
