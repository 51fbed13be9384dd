/** The part of a list to read. */
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

/** Narrows a list to the records that one principal takes part in. */
export interface Visibility {
  /** Only records whose request this principal asked for or collects; absent: all records. */
  readonly visibleTo?: string;
}
