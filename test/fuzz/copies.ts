import type { Random } from './random.js';

/** The most octets that copies may amount to; copies of copies of copies would use up all memory. */
const MAX_COPIED = 512 * 1024;

/** One of these numbers, or as many copies of so many octets as there may be. */
export const copies = (numbers: readonly number[], octets: number, random: Random): number =>
  Math.min(random.pick(numbers), Math.floor(MAX_COPIED / Math.max(1, octets)));
