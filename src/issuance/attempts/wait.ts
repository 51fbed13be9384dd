import type { IssuanceContext } from '../context.js';

/** What the promise comes to, or null where it takes longer than `seconds` or fails (its owner reports the fault). */
export async function within<T>(seconds: number, promise: Promise<T>): Promise<T | null> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<null>((resolve) => {
    timer = setTimeout(resolve, seconds * 1000, null);
  });
  try {
    return await Promise.race([promise.catch(() => null), timeout]);
  } finally {
    clearTimeout(timer);
  }
}

/** Waits at most `seconds` for the end of the attempt that this process is working on for the request, if it is. */
export async function waitForEnd(context: IssuanceContext, requestId: string, seconds: number): Promise<void> {
  const running = context.running.get(requestId);
  if (running) await within(seconds, running);
}
