import { buildApp } from '../app.js';
import { addCertificateRequests } from '../http/certificate-requests/routes.js';
import { addKubeconfigs } from '../http/kubeconfigs/routes.js';
import type { Log } from '../issuance/context.js';
import { createLogger } from '../observability/logger.js';
import type { Rehearsal } from './rehearsal.js';

export interface WarmUpOptions {
  /** Is asked before each call: once it is true, no more are made. */
  readonly isStopped?: () => boolean;
  /** The longest that the start is delayed; default 300. */
  readonly milliseconds?: number;
}

/**
 * More calls gain little: ten of each kind take most of the gain. The first one takes as long as all others, because it
 * loads and compiles what a call needs.
 */
const mostCalls = 40;

/**
 * Makes calls to a rehearsal, so that the code of an issuance is compiled before the first caller needs it. They go
 * through an HTTP server of their own that does not listen and whose log goes nowhere. A rehearsal that is not possible
 * is logged, and one that hangs is left behind. Answers the statuses of the calls' answers.
 */
export async function warmUp(
  openRehearsal: () => Promise<Rehearsal>,
  log: Log,
  { isStopped = () => false, milliseconds = 300 }: WarmUpOptions = {},
): Promise<readonly number[]> {
  const end = performance.now() + milliseconds;
  const statuses: number[] = [];
  const calling = makeCalls(openRehearsal, statuses, () => isStopped() || performance.now() >= end).catch(
    (error: unknown) => {
      log.warn({ err: error }, 'the warm-up did not work, the first callers wait longer');
    },
  );
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, milliseconds)));
  await Promise.race([calling, late]);
  clearTimeout(timer);
  return statuses;
}

async function makeCalls(
  openRehearsal: () => Promise<Rehearsal>,
  statuses: number[],
  isOver: () => boolean,
): Promise<void> {
  const rehearsal = await openRehearsal();
  try {
    const logger = createLogger({}, { write: () => undefined });
    const app = buildApp(rehearsal.services, {
      logger,
      version: '',
      resources: [addCertificateRequests, addKubeconfigs],
    });
    try {
      for (let made = 0; made < mostCalls; made++) {
        const call = rehearsal.calls[made % rehearsal.calls.length];
        if (call === undefined || isOver()) return;
        statuses.push((await app.inject(call)).statusCode);
      }
    } finally {
      await app.close();
    }
  } finally {
    await rehearsal.close();
  }
}
