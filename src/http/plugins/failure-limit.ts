import { BoundedMap } from '../../model/bounded-map.js';
import { addressKey } from '../server/address-key.js';

/** When so many addresses are remembered, the one that failed first is forgotten. */
const mostAddresses = 10_000;

/** Counts the failures of each address. Counting is synchronous, so requests that arrive together do not outrun it. */
export class FailureLimit {
  readonly #windows = new BoundedMap<string, { failures: number; readonly endsAt: number }>(mostAddresses);

  /** `max` failures are allowed in `windowMilliseconds`, which begin with the first. */
  constructor(
    private readonly max: number,
    private readonly windowMilliseconds: number,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** Counts one more failure. Answers true for the one with which the address goes over its limit. */
  count(address: string): boolean {
    const key = addressKey(address);
    const window = this.#window(key);
    if (window !== undefined) {
      window.failures += 1;
      return window.failures === this.max + 1;
    }
    this.#windows.set(key, { failures: 1, endsAt: this.now() + this.windowMilliseconds });
    return this.max === 0;
  }

  /** The seconds until an address over its limit may fail again; null for one within it. */
  secondsLeft(address: string): number | null {
    const window = this.#window(addressKey(address));
    if (window === undefined || window.failures <= this.max) return null;
    return Math.ceil((window.endsAt - this.now()) / 1000);
  }

  #window(key: string) {
    const window = this.#windows.get(key);
    if (window === undefined || window.endsAt > this.now()) return window;
    this.#windows.delete(key);
    return undefined;
  }
}
