import type { AgentOptions } from 'node:https';
import { KubeConfig, type Cluster, type RequestContext } from '@kubernetes/client-node';

type Dispatcher = NonNullable<ReturnType<RequestContext['getDispatcher']>>;

/** How long requests that are under way may still use a connection whose credentials have been replaced. */
const GRACE_MILLISECONDS = 10_000;

/**
 * A KubeConfig that keeps its connections. Its base class makes a new dispatcher, and so a new TLS connection, for
 * every request. One dispatcher is kept per cluster, CA and client certificate; once any of them is replaced, the
 * old connections end, so that a rotated credential does not live on.
 */
export class PooledKubeConfig extends KubeConfig {
  #kept: Kept | null = null;
  #generation = 0;

  constructor() {
    super();
    // Private in the types of 2.0.1, and the only seam there is; a test counts connections.
    const factory = this as unknown as DispatcherFactory;
    const make = factory.createDispatcher.bind(this);
    factory.createDispatcher = (cluster, options) =>
      this.#keep(originOf(cluster, options), () =>
        // Without any option it makes none, and what is sent would go over connections that are not ours to end.
        make(cluster, { rejectUnauthorized: true, ...options }),
      );
  }

  /** Another number whenever connections are made for another cluster, CA or client certificate. */
  get generation(): number {
    return this.#generation;
  }

  /** Makes new connections from now on; the old ones may be dead without anything saying so. */
  renew(): void {
    const dispatcher = this.#kept?.dispatcher;
    this.#kept = null;
    if (dispatcher !== undefined) retire(dispatcher);
  }

  /** Ends the connections; a request that comes afterwards makes new ones. */
  async close(): Promise<void> {
    const dispatcher = this.#kept?.dispatcher;
    this.#kept = null;
    await dispatcher?.destroy();
  }

  #keep(origin: Origin, make: () => Dispatcher | undefined): Dispatcher | undefined {
    if (this.#kept !== null && isSame(this.#kept.origin, origin)) return this.#kept.dispatcher;
    const dispatcher = make();
    this.renew();
    this.#kept = { origin, dispatcher };
    this.#generation++;
    return dispatcher;
  }
}

interface Kept {
  readonly origin: Origin;
  readonly dispatcher: Dispatcher | undefined;
}

interface DispatcherFactory {
  createDispatcher(cluster: Cluster | null, options: AgentOptions): Dispatcher | undefined;
}

/** Ends idle connections now, busy ones (a watch is always busy) after a while. */
function retire(dispatcher: Dispatcher): void {
  dispatcher.close(() => undefined);
  setTimeout(() => void dispatcher.destroy().catch(() => undefined), GRACE_MILLISECONDS).unref();
}

/** What connections are made from. */
interface Origin {
  readonly text: string;
  /** CA, client certificate and its key: from client-node a Buffer, a string (from an exec plugin), or absent. */
  readonly credentials: readonly unknown[];
}

function originOf(cluster: Cluster | null, { ca, cert, key, ...rest }: AgentOptions): Origin {
  return { text: JSON.stringify([cluster?.server, cluster?.proxyUrl, rest]), credentials: [ca, cert, key] };
}

function isSame(one: Origin, other: Origin): boolean {
  return (
    one.text === other.text &&
    one.credentials.every((value, i) => {
      const now = other.credentials[i];
      return Buffer.isBuffer(value) && Buffer.isBuffer(now) ? value.equals(now) : value === now;
    })
  );
}
