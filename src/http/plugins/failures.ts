import type { FastifyRequest } from 'fastify';
import { problem, type Problem } from '../problems/problem.js';
import { FailureLimit } from './failure-limit.js';
import { LineLimit, totalOf } from './line-limit.js';

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

  /** A request whose failure gets no line of its own gets none about its answer either. */
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
