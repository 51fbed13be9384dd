/**
 * What an expression may ask for. All of it is known when a policy is loaded, so that nothing has to be interrupted
 * when a request is decided: the implementation itself has no limit on the time that an evaluation takes.
 */
export const limits = {
  /** UTF-16 code units of the expression's text. */
  text: 4_096,
  /** Nodes of its syntax tree. */
  nodes: 500,
  /** How deep it nests, in brackets, calls and accesses. */
  depth: 32,
  /** Elements that one list or map literal writes out. */
  literalSize: 128,
  /** How deep `all`, `exists`, `map` and the like stand inside each other. */
  loopDepth: 3,
  /** Elements of any list that comes up on the way. */
  listSize: 4_096,
  /** UTF-16 code units of any string that comes up on the way, and of the result. */
  stringLength: 8_192,
  /**
   * Steps that the whole may take, in the worst case of the largest variables. A step is about what one operator or
   * variable takes, 5 to 50 ns; `cost.ts` says what takes more. It keeps the slowest expression under 5 ms.
   */
  steps: 100_000,
  pattern: {
    /** UTF-16 code units. */
    text: 256,
    /** The largest count in braces. */
    count: 100,
    /** Characters and classes when every count is written out. */
    size: 1_000,
    /** How deep its groups nest. */
    depth: 8,
  },
  /** Ten years, the longest duration that can be written. */
  durationMilliseconds: 10 * 365 * 86_400_000,
} as const;
