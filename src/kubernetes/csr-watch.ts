import type { ApiServer } from './api-server.js';
import { type CsrObject, type CsrWatch, type Waited, csrCollection, fromWire, type WireCsr } from './csr-object.js';
import { ObjectWatch, type WatchTimes } from './object-watch.js';

/** The one watch on the CSR objects of one signer. It begins at its first use. */
export class KubernetesCsrWatch implements CsrWatch {
  readonly #watch: ObjectWatch<WireCsr, CsrObject>;
  readonly #waiters = new CsrWaiters();
  readonly #listeners = new Set<(csr: CsrObject) => void>();
  readonly #reconnectListeners = new Set<() => void>();
  #broken = false;

  constructor(
    server: ApiServer,
    signerName: string,
    /** Is told of every break, and of errors that listeners throw; the watch goes on. Must not throw. */
    private readonly report: (error: unknown) => void,
    clock: () => Date,
    times: Partial<WatchTimes> = {},
  ) {
    this.#watch = new ObjectWatch(
      server,
      {
        collection: csrCollection(signerName),
        read: fromWire,
        changed: (csr) => {
          this.#waiters.tell(csr.name, csr);
          for (const listener of this.#listeners) this.#call(() => listener(csr));
        },
        deleted: ({ name }) => this.#waiters.tell(name, null),
        established: () => this.#established(),
        broke: (error) => {
          this.#broken = true;
          this.report(error);
        },
        waitingSince: () => this.#waiters.waitingSince,
      },
      clock,
      times,
    );
  }

  async waitFor(name: string, settled: (csr: CsrObject | null) => boolean, deadline: Date): Promise<Waited> {
    this.#watch.start();
    const known = this.#watch.find(name);
    if (known !== undefined && settled(known)) return { kind: 'settled', csr: known };
    return this.#watch.isStopped() ? { kind: 'deadline' } : this.#waiters.wait(name, settled, deadline);
  }

  subscribe(listener: (csr: CsrObject) => void): () => void {
    this.#watch.start();
    for (const csr of this.#watch.objects()) this.#call(() => listener(csr));
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  onReconnect(listener: () => void): () => void {
    this.#watch.start();
    this.#reconnectListeners.add(listener);
    return () => void this.#reconnectListeners.delete(listener);
  }

  async stop(): Promise<void> {
    const stopped = this.#watch.stop();
    this.#waiters.end();
    await stopped;
  }

  #established(): void {
    if (!this.#broken) return;
    this.#broken = false;
    for (const listener of this.#reconnectListeners) this.#call(listener);
  }

  /** A listener that throws must not end the watch. */
  #call(listener: () => void): void {
    try {
      listener();
    } catch (error) {
      this.report(error);
    }
  }
}

interface Waiter {
  readonly since: number;
  tell(csr: CsrObject | null): void;
  end(): void;
}

/** The longest delay of a timer. A later deadline is checked again when that time is over. */
const LONGEST_TIMEOUT = 2 ** 31 - 1;

/** The waits for CSR objects, by the object's name. */
class CsrWaiters {
  readonly #byName = new Map<string, Set<Waiter>>();

  /** When the longest wait began (`performance.now`); null while nobody waits. */
  get waitingSince(): number | null {
    let since: number | null = null;
    for (const waiters of this.#byName.values())
      for (const waiter of waiters) since = Math.min(since ?? waiter.since, waiter.since);
    return since;
  }

  wait(name: string, settled: (csr: CsrObject | null) => boolean, deadline: Date): Promise<Waited> {
    return new Promise((resolve, reject) => {
      const leave = () => {
        clearTimeout(timer);
        this.#remove(name, waiter);
      };
      const waiter: Waiter = {
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
      this.#add(name, waiter);
    });
  }

  /** Passes on the object's latest version; null: it was deleted. */
  tell(name: string, csr: CsrObject | null): void {
    for (const waiter of [...(this.#byName.get(name) ?? [])]) waiter.tell(csr);
  }

  /** Ends all waits as at their deadline. */
  end(): void {
    for (const waiters of [...this.#byName.values()]) for (const waiter of [...waiters]) waiter.end();
  }

  #add(name: string, waiter: Waiter): void {
    const waiters = this.#byName.get(name) ?? new Set();
    waiters.add(waiter);
    this.#byName.set(name, waiters);
  }

  #remove(name: string, waiter: Waiter): void {
    const waiters = this.#byName.get(name);
    waiters?.delete(waiter);
    if (waiters?.size === 0) this.#byName.delete(name);
  }
}
