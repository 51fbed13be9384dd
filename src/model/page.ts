/** How much of a list to read, and from where. */
export interface PageQuery {
  /** 1 … 500. */
  readonly limit: number;
  /** Opaque; from the previous page's `nextCursor`. */
  readonly cursor: string | null;
}

export interface Page<T> {
  readonly items: readonly T[];
  /** Null where nothing follows. */
  readonly nextCursor: string | null;
}
