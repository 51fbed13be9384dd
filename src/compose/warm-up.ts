import { buildApp } from '../app.js';
import { addCertificateRequests } from '../http/certificate-requests/routes.js';
import { addKubeconfigs } from '../http/kubeconfigs/routes.js';
import { createLogger } from '../observability/logger.js';
import type { Rehearsal } from './rehearsal.js';

/** The longest that a start is delayed. */
const longestMilliseconds = 300;
/** After so many rounds another one gains little. */
const mostRounds = 60;

export interface WarmUp {
  /** The statuses of the answers, in order. */
  readonly statuses: readonly number[];
}

/**
 * Makes calls to a rehearsal until their code is compiled, or for 300 ms, so that the first caller does not wait for
 * that. They go through an HTTP server of their own, which does not listen, and whose log goes nowhere. `isStopped` ends
 * it early. Throws where a rehearsal is not possible.
 */
export async function warmUp(
  openRehearsal: () => Promise<Rehearsal>,
  isStopped: () => boolean = () => false,
): Promise<WarmUp> {
  const end = performance.now() + longestMilliseconds;
  const statuses: number[] = [];
  const rounds = makeRounds(openRehearsal, statuses, () => isStopped() || performance.now() >= end);
  // A call that hangs does not hold up the start either.
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, longestMilliseconds)));
  try {
    await Promise.race([rounds, late]);
  } finally {
    clearTimeout(timer);
    rounds.catch(() => undefined);
  }
  return { statuses };
}

async function makeRounds(
  openRehearsal: () => Promise<Rehearsal>,
  statuses: number[],
  isOver: () => boolean,
): Promise<void> {
  const { services, calls, close } = await openRehearsal();
  try {
    const logger = createLogger({}, { write: () => undefined });
    const app = buildApp(services, { logger, version: '', resources: [addCertificateRequests, addKubeconfigs] });
    try {
      for (let round = 0; round < mostRounds; round++)
        for (const call of calls) {
          if (isOver()) return;
          statuses.push((await app.inject(call)).statusCode);
        }
    } finally {
      await app.close();
    }
  } finally {
    await close();
  }
}
