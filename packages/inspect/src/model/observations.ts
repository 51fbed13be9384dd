import type { Observation } from './decoded.js';
import type { FindingCode } from './catalogue.js';

/** Reports one observation. */
export type Report = (code: FindingCode, message: string) => void;

/** Further observations of a code say nothing new, and an upload could cause any number of them. */
const MAX_OF_A_CODE = 10;

/** Collects the observations about one object, up to a limit. */
export class Observations {
  readonly #list: Observation[] = [];
  readonly #counts = new Map<FindingCode, number>();

  readonly report: Report = (code, message) => {
    const count = (this.#counts.get(code) ?? 0) + 1;
    this.#counts.set(code, count);
    if (count <= MAX_OF_A_CODE) this.#list.push({ code, message });
  };

  addAll(observations: readonly Observation[], prefix = ''): void {
    for (const { code, message } of observations) this.report(code, prefix + message);
  }

  /** All of them. Past the limit, the last one of a code says how many more there were. */
  toArray(): readonly Observation[] {
    const last = new Map(this.#list.map(({ code }, i) => [code, i]));
    return this.#list.map((observation, i) => {
      const { code, message } = observation;
      const left = (this.#counts.get(code) ?? 0) - MAX_OF_A_CODE;
      return left > 0 && last.get(code) === i ? { code, message: `${message}; and ${left} more like it` } : observation;
    });
  }
}
