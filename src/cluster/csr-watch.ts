import type { ApiServer } from './api-server.js';
import { errorFromAnswer, type Status } from './cluster-error.js';
import { ClusterUnavailableError, type CsrObject, type CsrWatch, type Waited } from './csr-object.js';
import { csrAccess, csrPath, listCsrs } from './csr-objects.js';
import { fromWire, type WireCsr } from './csr-wire.js';
import { CsrWaiters } from './csr-waiters.js';

/** How a watch keeps itself alive; milliseconds. */
export interface CsrWatchTimes {
  /** How long one watch request lasts before the API server ends it and the next begins, give or take a fifth. */
  readonly watch: number;
  /** Within this time a watch request must have begun to be answered. */
  readonly connect: number;
  /** A connection that is silent for longer is taken for dead; the API server sends a bookmark every minute. */
  readonly silence: number;
  /** The same while someone waits: what they wait for may have been lost on a dead connection. */
  readonly silenceWhileWaiting: number;
  /** The first pause after a break, doubled by each further one … */
  readonly firstPause: number;
  /** … up to this. */
  readonly longestPause: number;
}

const defaultTimes: CsrWatchTimes = {
  watch: 300_000,
  connect: 10_000,
  silence: 90_000,
  silenceWhileWaiting: 15_000,
  firstPause: 200,
  longestPause: 10_000,
};

/** An event of a watch (meta/v1 WatchEvent). */
type WatchEvent =
  | { readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'; readonly object: WireCsr }
  | { readonly type: 'BOOKMARK'; readonly object: { readonly metadata: { readonly resourceVersion: string } } }
  | { readonly type: 'ERROR'; readonly object: Status };

/**
 * One list and one watch on the CSR objects of one signer. It begins when it is first used, keeps the latest version
 * of every object that exists, and goes on through whatever happens to the connection until it is stopped.
 */
export class KubernetesCsrWatch implements CsrWatch {
  readonly #times: CsrWatchTimes;
  readonly #objects = new Map<string, CsrObject>();
  readonly #waiters = new CsrWaiters();
  readonly #listeners = new Set<(csr: CsrObject) => void>();
  readonly #reconnectListeners = new Set<() => void>();
  readonly #stopped = new AbortController();
  #running: Promise<void> | null = null;
  /** Where the next watch request goes on; null: nowhere, what there is must be listed first. */
  #resourceVersion: string | null = null;
  #broken = false;
  #lastHeard = 0;

  constructor(
    private readonly server: ApiServer,
    private readonly signerName: string,
    /** Told of every break and of what listeners throw, while the watch goes on; does not throw itself. */
    private readonly report: (error: unknown) => void,
    times: Partial<CsrWatchTimes> = {},
  ) {
    this.#times = { ...defaultTimes, ...times };
  }

  async waitFor(name: string, settled: (csr: CsrObject | null) => boolean, deadline: Date): Promise<Waited> {
    this.#start();
    const known = this.#objects.get(name);
    if (known !== undefined && settled(known)) return { kind: 'settled', csr: known };
    return this.#isStopped() ? { kind: 'deadline' } : this.#waiters.wait(name, settled, deadline);
  }

  subscribe(listener: (csr: CsrObject) => void): () => void {
    this.#start();
    for (const csr of this.#objects.values()) this.#call(() => listener(csr));
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  onReconnect(listener: () => void): () => void {
    this.#start();
    this.#reconnectListeners.add(listener);
    return () => void this.#reconnectListeners.delete(listener);
  }

  async stop(): Promise<void> {
    this.#stopped.abort();
    this.#waiters.end();
    await this.#running;
  }

  #start(): void {
    if (!this.#isStopped()) this.#running ??= this.#run();
  }

  #isStopped(): boolean {
    return this.#stopped.signal.aborted;
  }

  async #run(): Promise<void> {
    let failures = 0;
    while (!this.#isStopped()) {
      const began = performance.now();
      try {
        this.#resourceVersion ??= await this.#list();
        await this.#watchOnce(this.#resourceVersion);
      } catch (error) {
        if (this.#isStopped()) return;
        this.#broken = true;
        this.report(error);
        failures = performance.now() - began > this.#times.longestPause ? 1 : failures + 1;
        await this.#pause(failures);
        continue;
      }
      failures = 0;
    }
  }

  /** Half of it is left to chance, so that the replicas of a service do not come back all at once. */
  #pause(failures: number): Promise<void> {
    const { firstPause, longestPause } = this.#times;
    const pause = Math.min(longestPause, firstPause * 2 ** (failures - 1)) * (0.5 + Math.random() / 2);
    const { signal } = this.#stopped;
    return new Promise((resolve) => {
      const end = () => {
        clearTimeout(timer);
        signal.removeEventListener('abort', end);
        resolve();
      };
      const timer = setTimeout(end, pause);
      signal.addEventListener('abort', end);
      if (signal.aborted) end();
    });
  }

  async #list(): Promise<string> {
    const { csrs, resourceVersion } = await listCsrs(this.server, this.signerName);
    const gone = new Set(this.#objects.keys());
    for (const csr of csrs) {
      gone.delete(csr.name);
      this.#changed(csr);
    }
    for (const name of gone) this.#deleted(name);
    return resourceVersion;
  }

  /** Follows one watch request to its end. Returns where the API server ended it in time; throws where it broke. */
  async #watchOnce(resourceVersion: string): Promise<void> {
    const { watch, connect } = this.#times;
    const seconds = Math.max(1, Math.round((watch * (0.8 + Math.random() * 0.4)) / 1000));
    const connection = new AbortController();
    const signal = AbortSignal.any([this.#stopped.signal, connection.signal]);
    // Should it not even begin, then this version may be what is wrong with it (compacted away, or restored from a
    // backup and not reached yet): list anew.
    this.#resourceVersion = null;
    const tooLate = setTimeout(
      () => connection.abort(new ClusterUnavailableError('the watch is not answered in time')),
      connect,
    );
    const events = await this.server
      .stream(
        {
          method: 'GET',
          path: csrPath,
          access: csrAccess('watch'),
          query: {
            watch: 'true',
            fieldSelector: `spec.signerName=${this.signerName}`,
            resourceVersion,
            allowWatchBookmarks: 'true',
            timeoutSeconds: String(seconds),
          },
        },
        signal,
      )
      .finally(() => clearTimeout(tooLate));
    this.#resourceVersion = resourceVersion;
    const began = (this.#lastHeard = performance.now());
    this.#established();
    const watchdog = this.#watchForSilence(connection);
    try {
      for await (const event of events) {
        this.#lastHeard = performance.now();
        this.#handle(event as WatchEvent);
      }
    } catch (error) {
      // Silence while someone waits is no break: it is a closer look.
      if (connection.signal.reason instanceof CloserLook) return;
      throw error;
    } finally {
      clearInterval(watchdog);
      connection.abort();
    }
    // One second for the clocks of the two ends.
    if (performance.now() - began < (seconds - 1) * 1000)
      throw new ClusterUnavailableError('the API server has ended the watch before its time');
  }

  #established(): void {
    if (!this.#broken) return;
    this.#broken = false;
    for (const listener of this.#reconnectListeners) this.#call(listener);
  }

  #watchForSilence(connection: AbortController): NodeJS.Timeout {
    const { silence, silenceWhileWaiting } = this.#times;
    const check = () => {
      const now = performance.now();
      const { waitingSince } = this.#waiters;
      const silent = now - this.#lastHeard > silence;
      const suspicious = waitingSince !== null && now - Math.max(this.#lastHeard, waitingSince) > silenceWhileWaiting;
      if (!silent && !suspicious) return;
      // The others to the same server may be as dead. Or else the version lies in the future, as after a backup was
      // restored: the API server then waits for it without a word.
      this.server.renewConnections();
      this.#resourceVersion = null;
      connection.abort(silent ? new ClusterUnavailableError('the watch has gone silent') : new CloserLook());
    };
    return setInterval(check, silenceWhileWaiting / 10).unref();
  }

  #handle(event: WatchEvent): void {
    switch (event.type) {
      case 'ADDED':
      case 'MODIFIED':
        this.#changed(fromWire(event.object));
        break;
      case 'DELETED':
        this.#deleted(event.object.metadata.name);
        break;
      case 'BOOKMARK':
        break;
      case 'ERROR':
        // Whatever it is, this version is nothing to go on from.
        this.#resourceVersion = null;
        throw errorFromAnswer(
          { status: event.object.code ?? 500, retryAfter: null, text: JSON.stringify(event.object) },
          csrAccess('watch'),
        );
    }
    this.#resourceVersion = event.object.metadata.resourceVersion;
  }

  #changed(csr: CsrObject): void {
    const known = this.#objects.get(csr.name);
    if (known?.uid === csr.uid && known.resourceVersion === csr.resourceVersion) return;
    this.#objects.set(csr.name, csr);
    this.#waiters.tell(csr.name, csr);
    for (const listener of this.#listeners) this.#call(() => listener(csr));
  }

  #deleted(name: string): void {
    if (this.#objects.delete(name)) this.#waiters.tell(name, null);
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

/** Ends a connection that may be dead although nothing says so. */
class CloserLook extends Error {}
