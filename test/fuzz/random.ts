import { createHash } from 'node:crypto';

/** The most octets that copies may amount to; copies of copies of copies would use up all memory. */
const MAX_COPIED = 512 * 1024;

/** Numbers that are the same for the same seed: xoshiro128** (Blackman and Vigna). */
export class Random {
  readonly #state: Uint32Array;

  constructor(...seed: readonly (string | number)[]) {
    const digest = createHash('sha256').update(seed.join('\0')).digest();
    this.#state = new Uint32Array([0, 4, 8, 12].map((at) => digest.readUInt32LE(at)));
  }

  /** From 0 to below `limit`. */
  below(limit: number): number {
    return this.#next() % limit;
  }

  /** From `low` through `high`. */
  between(low: number, high: number): number {
    return low + this.below(high - low + 1);
  }

  /** True once in `times`. */
  once(times: number): boolean {
    return this.below(times) === 0;
  }

  pick<T>(choices: readonly T[]): T {
    const choice = choices[this.below(choices.length)];
    if (choice === undefined) throw new RangeError('there is nothing to choose from');
    return choice;
  }

  /** One of these numbers of copies, or fewer if the copies of so many octets would be too large. */
  copies(numbers: readonly number[], octets: number): number {
    return Math.min(this.pick(numbers), Math.floor(MAX_COPIED / Math.max(1, octets)));
  }

  octets(length: number): Buffer {
    return Buffer.from(Array.from({ length }, () => this.below(256)));
  }

  #next(): number {
    const s = this.#state as unknown as [number, number, number, number];
    const result = Math.imul(rotate(Math.imul(s[1], 5), 7), 9) >>> 0;
    const t = s[1] << 9;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotate(s[3], 11);
    return result;
  }
}

const rotate = (value: number, by: number): number => (value << by) | (value >>> (32 - by));
