import { createHash } from 'node:crypto';
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
  #key = '';

  constructor() {
    super();
    // Private in the types of 2.0.1, and the only seam there is; a test counts connections.
    const factory = this as unknown as DispatcherFactory;
    const make = factory.createDispatcher.bind(this);
    factory.createDispatcher = (cluster, options) =>
      this.#keep(keyOf(cluster, options), () =>
        // Without any option it makes none, and what is sent would go over connections that are not ours to end.
        make(cluster, { rejectUnauthorized: true, ...options }),
      );
  }

  /** Another string whenever cluster, CA or client certificate are others; of no use to anyone who reads it. */
  get key(): string {
    return this.#key;
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

  #keep(key: string, make: () => Dispatcher | undefined): Dispatcher | undefined {
    if (this.#kept?.key === key) return this.#kept.dispatcher;
    const dispatcher = make();
    this.renew();
    this.#kept = { key, dispatcher };
    this.#key = key;
    return dispatcher;
  }
}

interface Kept {
  readonly key: string;
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

function keyOf(cluster: Cluster | null, options: AgentOptions): string {
  const { ca, cert, key, ...rest } = options;
  const hash = createHash('sha256').update(JSON.stringify([cluster?.server, cluster?.proxyUrl, rest]));
  // From client-node, each is a Buffer, a string (from an exec plugin), or absent.
  for (const part of [ca, cert, key])
    hash.update(
      part === undefined
        ? '-'
        : createHash('sha256')
            .update(part as string | Buffer)
            .digest('hex'),
    );
  return hash.digest('hex');
}
