import type { CsrObject, Waited } from './csr-object.js';

interface Waiter {
  readonly since: number;
  tell(csr: CsrObject | null): void;
  end(): void;
}

/** A timer's longest delay; a deadline that lies further away is looked at again then. */
const LONGEST_TIMEOUT = 2 ** 31 - 1;

/** Those who wait for CSR objects, by the object's name. */
export class CsrWaiters {
  readonly #byName = new Map<string, Set<Waiter>>();

  /** When the one who waits longest began to (`performance.now`); null while nobody waits. */
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

  /** The object's latest version, or null: it has been deleted. */
  tell(name: string, csr: CsrObject | null): void {
    for (const waiter of [...(this.#byName.get(name) ?? [])]) waiter.tell(csr);
  }

  /** Nothing more will come. */
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
