import type { ApiServer } from './api-server.js';
import { ClusterUnavailableError, errorFromAnswer, type Status, type Access } from './cluster-error.js';

/** How a watch keeps itself alive; milliseconds. */
export interface WatchTimes {
  /** How long one watch request lasts (give or take a fifth) before the API server ends it and the next begins. */
  readonly watch: number;
  /** Within this time the API server must begin to answer a watch request. */
  readonly connect: number;
  /** A connection that is silent for longer counts as dead; the API server sends a bookmark every minute. */
  readonly silence: number;
  /** The same while somebody waits: their event may have been lost on a dead connection. */
  readonly silenceWhileWaiting: number;
  /** The first pause after a break, doubled by each further one … */
  readonly firstPause: number;
  /** … up to this. */
  readonly longestPause: number;
}

const defaultTimes: WatchTimes = {
  watch: 300_000,
  connect: 10_000,
  silence: 90_000,
  silenceWhileWaiting: 15_000,
  firstPause: 200,
  longestPause: 10_000,
};

/** A collection to watch, and the callbacks for its events. Only `read` may throw, which breaks the watch. */
export interface Watching<W extends WireObject, T> {
  readonly collection: ObjectCollection;
  /** Takes from an object what is to be kept. */
  read(wire: W): T;
  /** A new object (`previous` null), or a new version of one; each version once. */
  changed(object: T, previous: T | null): void;
  deleted(object: T): void;
  /** The watch is under way. */
  established(): void;
  /** The watch broke, and is tried again. */
  broke(error: unknown): void;
  /** When the longest wait for a change began (`performance.now`); null while nobody waits. */
  waitingSince(): number | null;
}

/** An event of a watch (meta/v1 WatchEvent). */
type WatchEvent<W> =
  | { readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'; readonly object: W }
  | { readonly type: 'BOOKMARK'; readonly object: { readonly metadata: { readonly resourceVersion: string } } }
  | { readonly type: 'ERROR'; readonly object: Status };

interface Known<T> {
  readonly uid: string;
  readonly resourceVersion: string;
  readonly object: T;
}

/**
 * One list and one watch on a collection of objects. It begins at `start`, keeps the latest version of every existing
 * object, and goes on after every break until `stop`.
 */
export class ObjectWatch<W extends WireObject, T> {
  readonly #times: WatchTimes;
  readonly #known = new Map<string, Known<T>>();
  readonly #stopped = new AbortController();
  #running: Promise<void> | null = null;
  /** Where the next watch request goes on; null: the collection must be listed first. */
  #resourceVersion: string | null = null;
  #lastHeard = 0;
  #completeAt: Date | null = null;

  constructor(
    private readonly server: ApiServer,
    private readonly watching: Watching<W, T>,
    private readonly clock: () => Date,
    times: Partial<WatchTimes> = {},
  ) {
    this.#times = { ...defaultTimes, ...times };
  }

  /** Does nothing while it runs, or after `stop`. */
  start(): void {
    if (!this.isStopped()) this.#running ??= this.server.forEverybody(() => this.#run());
  }

  isStopped(): boolean {
    return this.#stopped.signal.aborted;
  }

  /**
   * When the API server last told what exists, by a list, an event or a bookmark. Later changes may be on their way.
   * Null until the first list is complete.
   */
  get completeAt(): Date | null {
    return this.#completeAt;
  }

  *objects(): Generator<T> {
    for (const { object } of this.#known.values()) yield object;
  }

  find(name: string, namespace: string | null = null): T | undefined {
    return this.#known.get(keyOf({ name, namespace }))?.object;
  }

  async stop(): Promise<void> {
    this.#stopped.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    let failures = 0;
    while (!this.isStopped()) {
      const began = performance.now();
      try {
        this.#resourceVersion ??= await this.#list();
        await this.#watchOnce(this.#resourceVersion);
      } catch (error) {
        if (this.isStopped()) return;
        this.watching.broke(error);
        failures = performance.now() - began > this.#times.longestPause ? 1 : failures + 1;
        await this.#pause(failures);
        continue;
      }
      failures = 0;
    }
  }

  /** Half of the pause is random, so that the replicas of a service do not all come back at once. */
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
    const askedAt = this.clock();
    const { items, resourceVersion } = await listObjects(this.server, this.watching.collection);
    const gone = new Set(this.#known.keys());
    for (const wire of items) {
      gone.delete(keyOf(wire.metadata));
      this.#changed(wire as W);
    }
    for (const key of gone) this.#deleted(key);
    this.#completeAt = askedAt;
    return resourceVersion;
  }

  /** Follows one watch request. Returns when the API server ended it in time; throws where it broke. */
  async #watchOnce(resourceVersion: string): Promise<void> {
    const { watch, connect } = this.#times;
    const { path, fieldSelector, access } = this.watching.collection;
    const seconds = Math.max(1, Math.round((watch * (0.8 + Math.random() * 0.4)) / 1000));
    const connection = new AbortController();
    const signal = AbortSignal.any([this.#stopped.signal, connection.signal]);
    // If the request does not even begin, this version may be the reason (compacted away, or ahead of a restored
    // backup). So the next attempt lists anew.
    this.#resourceVersion = null;
    const tooLate = setTimeout(
      () => connection.abort(new ClusterUnavailableError('the watch is not answered in time')),
      connect,
    );
    const events = await this.server
      .stream(
        {
          method: 'GET',
          path,
          access: access('watch'),
          query: {
            watch: 'true',
            ...(fieldSelector === undefined ? {} : { fieldSelector }),
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
    this.watching.established();
    const watchdog = this.#watchForSilence(connection);
    try {
      for await (const event of events) {
        this.#lastHeard = performance.now();
        this.#handle(event as WatchEvent<W>);
      }
    } catch (error) {
      // Silence while somebody waits is not reported as a break: the connection is only checked.
      if (connection.signal.reason instanceof CloserLook) return;
      throw error;
    } finally {
      clearInterval(watchdog);
      connection.abort();
    }
    // One second of tolerance between the two clocks.
    if (performance.now() - began < (seconds - 1) * 1000)
      throw new ClusterUnavailableError('the API server has ended the watch before its time');
  }

  #watchForSilence(connection: AbortController): NodeJS.Timeout {
    const { silence, silenceWhileWaiting } = this.#times;
    const check = () => {
      const now = performance.now();
      const waitingSince = this.watching.waitingSince();
      const silent = now - this.#lastHeard > silence;
      const suspicious = waitingSince !== null && now - Math.max(this.#lastHeard, waitingSince) > silenceWhileWaiting;
      if (!silent && !suspicious) return;
      // Other connections to this server may be dead as well. Or the version lies in the future, after a backup was
      // restored: the API server then waits for it silently. Both are renewed.
      this.server.renewConnections();
      this.#resourceVersion = null;
      connection.abort(silent ? new ClusterUnavailableError('the watch has gone silent') : new CloserLook());
    };
    return setInterval(check, silenceWhileWaiting / 10).unref();
  }

  #handle(event: WatchEvent<W>): void {
    switch (event.type) {
      case 'ADDED':
      case 'MODIFIED':
        this.#changed(event.object);
        break;
      case 'DELETED':
        this.#deleted(keyOf(event.object.metadata));
        break;
      case 'BOOKMARK':
        break;
      case 'ERROR':
        // Whatever the error, the watch cannot go on from this version.
        this.#resourceVersion = null;
        throw errorFromAnswer(
          { status: event.object.code ?? 500, retryAfter: null, text: JSON.stringify(event.object) },
          this.watching.collection.access('watch'),
        );
    }
    this.#resourceVersion = event.object.metadata.resourceVersion;
    this.#completeAt = this.clock();
  }

  #changed(wire: W): void {
    const { uid, resourceVersion } = wire.metadata;
    const key = keyOf(wire.metadata);
    const known = this.#known.get(key);
    if (known?.uid === uid && known.resourceVersion === resourceVersion) return;
    const object = this.watching.read(wire);
    this.#known.set(key, { uid, resourceVersion, object });
    this.watching.changed(object, known?.object ?? null);
  }

  #deleted(key: string): void {
    const known = this.#known.get(key);
    if (known === undefined) return;
    this.#known.delete(key);
    this.watching.deleted(known.object);
  }
}

/** Unique, as names and namespaces have no slash. */
const keyOf = ({ name, namespace }: { readonly name: string; readonly namespace?: string | null }): string =>
  `${namespace ?? ''}/${name}`;

/** The reason for ending a connection that may be dead without showing it. */
class CloserLook extends Error {}

/** The JSON fields that Kubernetes objects of every kind have. */
export interface WireObject {
  readonly metadata: {
    readonly name: string;
    /** Absent in objects of the whole cluster. */
    readonly namespace?: string;
    readonly uid: string;
    readonly resourceVersion: string;
  };
}

/** A collection of objects of one kind. */
export interface ObjectCollection {
  /** Absolute: `/apis/rbac.authorization.k8s.io/v1/clusterroles`. */
  readonly path: string;
  /** E.g. `spec.signerName=kubernetes.io/kube-apiserver-client`; absent: all objects. */
  readonly fieldSelector?: string;
  readonly access: (verb: 'list' | 'watch') => Access;
}

interface WireList {
  readonly metadata: { readonly resourceVersion: string; readonly continue?: string };
  /** Go writes null for an empty list. */
  readonly items?: readonly WireObject[] | null;
}

/** Objects per answer of the API server. The list as a whole has no bound. */
const PAGE_SIZE = '500';

/** Every object of the collection, and the version of the list to watch from. Throws as `ApiServer.request` does. */
export async function listObjects(
  server: ApiServer,
  { path, fieldSelector, access }: ObjectCollection,
): Promise<{ readonly items: readonly WireObject[]; readonly resourceVersion: string }> {
  const items: WireObject[] = [];
  let page: WireList | undefined;
  do {
    page = (await server.request({
      method: 'GET',
      path,
      access: access('list'),
      query: {
        limit: PAGE_SIZE,
        ...(fieldSelector === undefined ? {} : { fieldSelector }),
        ...(page?.metadata.continue ? { continue: page.metadata.continue } : {}),
      },
    })) as WireList;
    items.push(...(page.items ?? []));
  } while (page.metadata.continue);
  return { items, resourceVersion: page.metadata.resourceVersion };
}
