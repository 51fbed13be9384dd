/** Settings and policies that together switch a safety off. */
export interface UnsafeSetting {
  /** Null: it holds wherever the policies do. */
  readonly cluster: string | null;
  /** What may happen, and what prevents it. */
  readonly message: string;
}

/** By the name of the cluster. */
export type UnsafeSettings = ReadonlyMap<string | null, readonly UnsafeSetting[]>;
