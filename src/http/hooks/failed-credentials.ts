import type { FastifyRequest } from 'fastify';
import { problem, type Problem } from '../problems/problem.js';
import { LineLimit, totalOf } from './every-request.js';
import { BoundedMap } from '../../model/bounded-map.js';
import { addressKey } from '../server/connections.js';

/** So many failures with the same reason are logged one by one in a minute: enough to see what is going on. */
const most = 20;
/** Reasons come from code, but what they say may come from callers. */
const mostKeys = 50;

/** Counts what failed by the address, and decides which failures get a line in the log, by their reason. */
export class Failures extends LineLimit {
  readonly #limit: FailureLimit;

  /** `perMinute`: so many of one address are within its limit. */
  constructor(log: { warn(fields: object, message: string): void }, perMinute = 60) {
    const report = (unlogged: ReadonlyMap<string, number>) => {
      log.warn(
        { failures: totalOf(unlogged), reasons: Object.fromEntries(unlogged) },
        'more authentications failed than were logged one by one',
      );
    };
    super({ most, mostKeys, report });
    this.#limit = new FailureLimit(perMinute, 60_000);
  }

  /** A request whose failure gets no line in the log gets no line about its answer either. */
  tell(request: FastifyRequest, reason: string, fields: object, message: string): void {
    if (this.admits(reason)) request.log.warn({ remoteAddress: request.remoteAddress, ...fields }, message);
    else request.unlogged = true;
  }

  /** Whether the address is over its limit. */
  areTooMany({ remoteAddress }: FastifyRequest): boolean {
    return this.#limit.secondsLeft(remoteAddress) !== null;
  }

  /** Counts a failure of an address. Answers null where the address is within its limit. */
  excess(request: FastifyRequest, failed: 'authentications' | 'sign-ins'): Problem | null {
    const isOneTooMany = this.#limit.count(request.remoteAddress);
    const seconds = this.#limit.secondsLeft(request.remoteAddress);
    if (seconds === null) return null;
    const tooMany = `too many failed ${failed}: more of them are not logged`;
    if (isOneTooMany) this.tell(request, 'TooManyOfAddress', { seconds }, tooMany);
    else request.unlogged = true;
    const headers = { 'retry-after': String(seconds) };
    return problem('too-many-requests', `too many failed ${failed}; wait`, { headers });
  }
}

/** The most addresses that are remembered. A further address displaces the address that failed first. */
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

  /** Counts one more failure. Answers true for the failure with which the address goes over its limit. */
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
