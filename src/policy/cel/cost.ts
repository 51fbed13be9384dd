import { charactersOf, type ListShape, type Shape } from './shape.js';

/**
 * What each operation takes in steps, at most, by the sizes of what it works on. A step is about what one operator or
 * variable takes. Measured on the library; the divisors are code units or elements that take as long as a step.
 */
export const cost = {
  node: 1,
  /** Of a macro, and of each turn beside what its expressions take. */
  loop: 4,
  turn: 4,
  call: 2,

  equal(a: Shape, b: Shape): number {
    if (a.kind === 'string' && b.kind === 'string') return 1 + Math.min(a.length, b.length) / 512;
    if (a.kind === 'list' && b.kind === 'list' && a.element && b.element)
      return 2 + Math.min(a.size, b.size) * cost.equal(a.element, b.element);
    // Instants are compared as objects, by an operator that is looked up.
    return 3;
  },
  membership(value: Shape, list: ListShape): number {
    const strings = value.kind === 'string' && list.element?.kind === 'string';
    const each = strings ? 0.25 + value.length / 1024 : list.element ? cost.equal(value, list.element) : 0;
    return 2 + list.size * each;
  },
  concatenate: (length: number) => 1 + length / 512,
  append: (size: number) => 2 + size / 8,
  prefix: (length: number) => 2 + length / 512,
  /** In the worst case every position is compared with most of what is looked for. */
  contains: (length: number, sought: number) => 2 + (length * Math.max(sought, 1)) / 64,
  /** Characters are counted one by one. */
  countCharacters: (length: number) => 2 + length / 8,
  split: (length: number) => 4 + length / 4,
  join: (list: ListShape, separator: number) => 4 + list.size / 2 + (charactersOf(list) + list.size * separator) / 128,
  /** Looks for the compiled pattern, and goes through the text. */
  matches: (looks: number) => 20 + looks / 32,
  print: 10,
  /** A literal that is read anew each time. */
  readTime: 10,
  /** An error is made with the place in the text written out, also where another operand then decides. */
  failure: (textLength: number) => 400 + textLength / 8,
  mapEntry: 4,
} as const;
