import type { Observation } from '../decoded.js';

const kinds = {
  indefiniteLength: { code: 'NonDerEncoding', what: 'a length is indefinite' },
  longLength: { code: 'NonMinimalEncoding', what: 'a length is not in its shortest form' },
  longInteger: { code: 'NonMinimalEncoding', what: 'a number is not in its shortest form' },
  longIdentifier: { code: 'NonMinimalEncoding', what: 'an object identifier is not in its shortest form' },
  piecewiseString: { code: 'NonDerEncoding', what: 'a string is written in pieces' },
  oddTruth: { code: 'NonDerEncoding', what: 'a BOOLEAN is neither 00 nor ff' },
  unusedBits: { code: 'NonDerEncoding', what: 'unused bits of a BIT STRING are not zero' },
  unsortedSet: { code: 'NonDerEncoding', what: 'the elements of a SET are not in order' },
} as const;

export type DeviationKind = keyof typeof kinds;

/** In what an encoding is not DER: each kind once, with where it is first met and how often. */
export class Deviations {
  readonly #seen = new Map<DeviationKind, { readonly first: number; count: number }>();

  note(kind: DeviationKind, offset: number): void {
    const seen = this.#seen.get(kind);
    if (seen) seen.count++;
    else this.#seen.set(kind, { first: offset, count: 1 });
  }

  observations(): Observation[] {
    return [...this.#seen].map(([kind, { first, count }]) => {
      const more = count === 1 ? '' : ` and at ${count - 1} more place${count === 2 ? '' : 's'}`;
      return { code: kinds[kind].code, message: `${kinds[kind].what} (at byte ${first}${more})` };
    });
  }
}
