import type { ApiServer } from './api-server.js';
import type { CsrObject, CsrWatch, Waited } from './csr-object.js';
import { csrCollection } from './csr-objects.js';
import { fromWire, type WireCsr } from './csr-wire.js';
import { CsrWaiters } from './csr-waiters.js';
import { ObjectWatch, type WatchTimes } from './object-watch.js';

/** The one watch on the CSR objects of one signer. It begins when it is first used. */
export class KubernetesCsrWatch implements CsrWatch {
  readonly #watch: ObjectWatch<WireCsr, CsrObject>;
  readonly #waiters = new CsrWaiters();
  readonly #listeners = new Set<(csr: CsrObject) => void>();
  readonly #reconnectListeners = new Set<() => void>();
  #broken = false;

  constructor(
    server: ApiServer,
    signerName: string,
    /** Told of every break and of what listeners throw, while the watch goes on; does not throw itself. */
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

  /** What a listener throws is not the watch's to die of. */
  #call(listener: () => void): void {
    try {
      listener();
    } catch (error) {
      this.report(error);
    }
  }
}
