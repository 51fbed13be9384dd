import type { Log } from '../context.js';
import type { Checkpoints } from './checkpoint-service.js';

/** How long a service that stops may take to sign once more. */
const lastMilliseconds = 5_000;

/** Signs a checkpoint at once, then at this interval where events are new, and once more when it is stopped. */
export function signCheckpoints(
  checkpoints: Pick<Checkpoints, 'sign' | 'release'>,
  intervalSeconds: number,
  log: Log,
): { stop(): Promise<void> } {
  let stopped = false;
  let round: Promise<void> | null = null;
  const run = async (isStopped: () => boolean) => {
    try {
      await checkpoints.sign(isStopped);
    } catch (error) {
      log.error({ err: error }, 'the audit log could not be signed, it is tried again');
    }
  };
  const begin = () => {
    round ??= run(() => stopped).finally(() => {
      round = null;
    });
  };
  begin();
  const rounds = setInterval(begin, intervalSeconds * 1000);
  return {
    async stop() {
      stopped = true;
      clearInterval(rounds);
      await round;
      const end = performance.now() + lastMilliseconds;
      await run(() => performance.now() > end);
      // Without this another process signs when the lease ends.
      await checkpoints.release().catch(() => undefined);
    },
  };
}
