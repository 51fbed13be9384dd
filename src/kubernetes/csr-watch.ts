import type { ApiServer } from './api-server.js';
import { type CsrObject, csrsOfUsers, fromWire, type WireCsr } from './csr-object.js';
import { ObjectWatch, type WatchTimes } from './object-watch.js';

/** The object's latest version, or null: it was deleted. */
type Latest = CsrObject | null;

type Waited = { readonly kind: 'settled'; readonly csr: Latest } | { readonly kind: 'deadline' };

export type CsrWatch = ReturnType<typeof watchCsrs>;

/**
 * The one watch on a cluster's CSR objects for user certificates, shared by all who wait for one of them. It begins at
 * its first use. `report` is told of every break, and of errors that listeners throw; the watch goes on. It must not
 * throw.
 */
export function watchCsrs(
  server: ApiServer,
  report: (error: unknown) => void,
  clock: () => Date,
  times?: Partial<WatchTimes>,
) {
  const waiters = new Set<Waiter>();
  const listeners = new Set<(csr: CsrObject) => void>();
  const reconnectListeners = new Set<() => void>();
  let isBroken = false;

  /** A listener that throws must not end the watch. */
  const call = (listener: () => void): void => {
    try {
      listener();
    } catch (error) {
      report(error);
    }
  };
  const tell = (name: string, csr: Latest) => {
    for (const waiter of [...waiters]) if (waiter.name === name) waiter.tell(csr);
  };
  const watch = new ObjectWatch<WireCsr, CsrObject>(
    server,
    {
      collection: csrsOfUsers,
      read: fromWire,
      changed: (csr) => {
        tell(csr.name, csr);
        for (const listener of listeners) call(() => listener(csr));
      },
      deleted: ({ name }) => tell(name, null),
      established: () => {
        if (isBroken) for (const listener of reconnectListeners) call(listener);
        isBroken = false;
      },
      broke: (error) => {
        isBroken = true;
        report(error);
      },
      // The first waiter has waited longest.
      waitingSince: () => waiters.values().next().value?.since ?? null,
    },
    clock,
    times,
  );

  return {
    /**
     * Answers as soon as `settled` is true of the object's latest version, known already or still to come; or at
     * `deadline`. Survives breaks of the connection and lists anew after 410. An object that was never seen does not
     * count as deleted: the wait goes on until it appears.
     */
    async waitFor(name: string, settled: (csr: Latest) => boolean, deadline: Date): Promise<Waited> {
      watch.start();
      const known = watch.find(name);
      if (known !== undefined && settled(known)) return { kind: 'settled', csr: known };
      return watch.isStopped() ? { kind: 'deadline' } : wait(waiters, name, settled, deadline);
    },

    /** Calls the listener for every object, once per version, beginning with those that are known already. */
    subscribe(listener: (csr: CsrObject) => void): () => void {
      watch.start();
      for (const csr of watch.objects()) call(() => listener(csr));
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },

    /** Calls the listener each time the watch is established again after a break. */
    onReconnect(listener: () => void): () => void {
      watch.start();
      reconnectListeners.add(listener);
      return () => void reconnectListeners.delete(listener);
    },

    /** Ends all waits as at their deadline. */
    async stop(): Promise<void> {
      const stopped = watch.stop();
      for (const waiter of [...waiters]) waiter.end();
      await stopped;
    },
  };
}

interface Waiter {
  /** The name of the object. */
  readonly name: string;
  /** As `performance.now`. */
  readonly since: number;
  tell(csr: Latest): void;
  end(): void;
}

/** The longest delay of a timer. A later deadline is checked again when that time is over. */
const LONGEST_TIMEOUT = 2 ** 31 - 1;

function wait(waiters: Set<Waiter>, name: string, settled: (csr: Latest) => boolean, deadline: Date): Promise<Waited> {
  return new Promise((resolve, reject) => {
    const leave = () => {
      clearTimeout(timer);
      waiters.delete(waiter);
    };
    const waiter: Waiter = {
      name,
      since: performance.now(),
      tell: (csr) => {
        try {
          if (!settled(csr)) return;
          resolve({ kind: 'settled', csr });
        } catch (error) {
          reject(error instanceof Error ? error : new Error(String(error)));
        }
        leave();
      },
      end: () => {
        resolve({ kind: 'deadline' });
        leave();
      },
    };
    const checkDeadline = (): NodeJS.Timeout => {
      const left = deadline.getTime() - Date.now();
      return left <= LONGEST_TIMEOUT
        ? setTimeout(() => waiter.end(), Math.max(0, left))
        : setTimeout(() => (timer = checkDeadline()), LONGEST_TIMEOUT);
    };
    let timer = checkDeadline();
    waiters.add(waiter);
  });
}
