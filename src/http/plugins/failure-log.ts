import { LineLimit, totalOf } from './line-limit.js';

/** So many failures with the same reason are logged one by one in a minute: enough to see what is going on. */
const most = 20;
/** Reasons come from code, but what they say may come from callers. */
const mostKeys = 50;

/** Decides which failed authentications get a line in the log, by their reason. */
export class FailureLog extends LineLimit {
  constructor(log: { warn(fields: object, message: string): void }) {
    const report = (unlogged: ReadonlyMap<string, number>) => {
      log.warn(
        { failures: totalOf(unlogged), reasons: Object.fromEntries(unlogged) },
        'more authentications failed than were logged one by one',
      );
    };
    super({ most, mostKeys, report });
  }
}
