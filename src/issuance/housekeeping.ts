import { expireRequests } from './expire-requests.js';
import { idempotencyKeySeconds } from './idempotency.js';
import { recoverRequests } from './recover-requests.js';
import { secondsAfter, type IssuanceContext } from './context.js';

const roundMilliseconds = 5_000;
const headMilliseconds = 60_000;

export interface Housekeeping {
  /** Ends after the round that is under way. */
  stop(): Promise<void>;
}

/**
 * What goes on beside the requests: every few seconds attempts that were left are closed or finished, lapsed requests
 * expire, and old idempotency keys go; every minute the head of the audit chain is logged, so that whoever keeps the
 * log can tell if the chain was ever rewritten.
 */
export function startHousekeeping(context: IssuanceContext): Housekeeping {
  let stopped = false;
  let round = Promise.resolve();
  const rounds = setInterval(() => {
    round = round.then(async () => {
      if (!stopped) await oneRound(context);
    });
  }, roundMilliseconds);
  const heads = setInterval(() => void logHead(context), headMilliseconds);
  return {
    async stop() {
      stopped = true;
      clearInterval(rounds);
      clearInterval(heads);
      await round;
    },
  };
}

/** One round; what fails is logged and comes again with the next. */
export async function oneRound(context: IssuanceContext): Promise<void> {
  const tasks = {
    'recovering requests': () => recoverRequests(context),
    'expiring requests': () => expireRequests(context),
    'forgetting idempotency keys': () => forgetIdempotencyKeys(context),
  };
  for (const [task, run] of Object.entries(tasks)) {
    try {
      await run();
    } catch (error) {
      context.log.error({ err: error }, `${task} did not work, it is tried again`);
    }
  }
}

async function forgetIdempotencyKeys({ store, clock }: IssuanceContext): Promise<void> {
  const createdBefore = secondsAfter(clock(), -idempotencyKeySeconds);
  await store.writer.commit({ operations: [{ op: 'forgetIdempotencyKeys', createdBefore }], events: [] });
}

async function logHead({ store, log }: IssuanceContext): Promise<void> {
  try {
    log.info(await store.auditEvents.head(), 'head of the audit chain');
  } catch (error) {
    log.error({ err: error }, 'the head of the audit chain could not be read');
  }
}
