import { charactersOf, type ListShape, type ValueShape } from './shape.js';

/**
 * Limits on expressions. They are checked when a policy is loaded, because the library cannot bound or interrupt an
 * evaluation.
 */
export const celLimits = {
  /** UTF-16 code units of the text. */
  text: 4_096,
  /** Nodes of the syntax tree. */
  nodes: 500,
  /** Depth of nested brackets, calls and accesses. */
  depth: 32,
  /** Elements of one list or map literal. */
  literalSize: 128,
  /** Depth of nested loops such as `all`, `exists` and `map`. */
  loopDepth: 3,
  /** Elements of any list, intermediate values included. */
  listSize: 4_096,
  /** UTF-16 code units of any string, intermediate values and the result included. */
  stringLength: 8_192,
  /**
   * Steps of the whole evaluation, in the worst case of the largest variables. One operator or variable takes about one
   * step, 5 to 50 ns; `cost` lists what takes more. The limit keeps the slowest expression under 5 ms.
   */
  steps: 100_000,
  pattern: {
    /** UTF-16 code units of the text. */
    text: 256,
    /** The largest count in braces. */
    count: 100,
    /** Characters and classes after every count is written out. */
    size: 1_000,
    /** Depth of nested groups. */
    depth: 8,
  },
  /** The longest duration literal: ten years. */
  durationMilliseconds: 10 * 365 * 86_400_000,
} as const;

/**
 * The most steps that each operation takes, by the sizes of its operands. The figures were measured on the library. A
 * divisor is the number of code units or elements that take as long as one step.
 */
export const cost = {
  node: 1,
  loop: 4,
  /** Each turn of a loop takes this besides its expressions. */
  turn: 4,
  call: 2,

  equal(a: ValueShape, b: ValueShape): number {
    if (a.kind === 'string' && b.kind === 'string') return 1 + Math.min(a.length, b.length) / 512;
    if (a.kind === 'list' && b.kind === 'list' && a.element && b.element)
      return 2 + Math.min(a.size, b.size) * cost.equal(a.element, b.element);
    // Instants are objects, so the library has to look up the operator that compares them.
    return 3;
  },
  membership(value: ValueShape, list: ListShape): number {
    const strings = value.kind === 'string' && list.element?.kind === 'string';
    const each = strings ? 0.25 + value.length / 1024 : list.element ? cost.equal(value, list.element) : 0;
    return 2 + list.size * each;
  },
  concatenate: (length: number) => 1 + length / 512,
  append: (size: number) => 2 + size / 8,
  prefix: (length: number) => 2 + length / 512,
  /** In the worst case most of the sought text is compared at every position. */
  contains: (length: number, sought: number) => 2 + (length * Math.max(sought, 1)) / 64,
  /** The library counts characters one by one. */
  countCharacters: (length: number) => 2 + length / 8,
  split: (length: number) => 4 + length / 4,
  join: (list: ListShape, separator: number) => 4 + list.size / 2 + (charactersOf(list) + list.size * separator) / 128,
  /** The library looks up the compiled pattern, and then runs it. */
  matches: (looks: number) => 20 + looks / 32,
  print: 10,
  /** The library parses the literal at every evaluation. */
  readTime: 10,
  /** The library writes out the place of every error, even if another operand then decides. */
  failure: (textLength: number) => 400 + textLength / 8,
  mapEntry: 4,
} as const;
