import { expireRequests } from './requests/expire-requests.js';
import { idempotencyKeySeconds } from './requests/idempotency-keys.js';
import { recoverRequests } from './attempts/recover-requests.js';
import { secondsAfter, type IssuanceContext } from './context.js';

const headMilliseconds = 60_000;

export interface Housekeeping {
  /** Resolves when what was left by an earlier process is recovered; not where it is stopped before. */
  readonly recovered: Promise<void>;
  /** Ends as soon as what the round under way has begun is done. */
  stop(): Promise<void>;
}

/**
 * What goes on beside the requests: at once and then every few seconds attempts that were left are closed or finished,
 * lapsed requests expire, and old idempotency keys go; every minute the head of the audit chain is logged, so that
 * whoever keeps the log can tell if the chain was ever rewritten. One round at a time: while one runs, none begins.
 */
export function startHousekeeping(context: IssuanceContext, roundMilliseconds = 5_000): Housekeeping {
  let stopped = false;
  let isRecovered = false;
  const { promise: recovered, resolve: tellRecovered } = Promise.withResolvers<undefined>();
  const isStopped = () => stopped;
  const tasks = {
    async 'recovering requests'() {
      await recoverRequests(context, { isStopped, logged: !isRecovered });
      if (stopped) return;
      isRecovered = true;
      tellRecovered(undefined);
    },
    'expiring requests': () => expireRequests(context, isStopped),
    'forgetting idempotency keys': () => forgetIdempotencyKeys(context),
  };
  let round: Promise<void> | null = null;
  const begin = () => {
    round ??= oneRound(context, tasks, isStopped).finally(() => {
      round = null;
    });
  };
  begin();
  const rounds = setInterval(begin, roundMilliseconds);
  const heads = setInterval(() => void logHead(context), headMilliseconds);
  return {
    recovered,
    async stop() {
      stopped = true;
      clearInterval(rounds);
      clearInterval(heads);
      await round;
    },
  };
}

/** One round; what fails is logged and comes again with the next. */
async function oneRound(
  { log }: IssuanceContext,
  tasks: Readonly<Record<string, () => Promise<void>>>,
  isStopped: () => boolean,
): Promise<void> {
  for (const [task, run] of Object.entries(tasks)) {
    if (isStopped()) return;
    try {
      await run();
    } catch (error) {
      log.error({ err: error }, `${task} did not work, it is tried again`);
    }
  }
}

/** Commits in every round, so that a store whose commits failed is known to work again once it does. */
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
