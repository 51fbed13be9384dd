import type { AgentOptions } from 'node:https';
import { type Cluster, KubeConfig, type RequestContext } from '@kubernetes/client-node';
import { Agent } from 'undici';

type Dispatcher = NonNullable<ReturnType<RequestContext['getDispatcher']>>;

/**
 * Connections without a proxy speak HTTP/1.1, because Node needs more processor time for a call by HTTP/2, and a
 * certificate is three calls. An idle one is kept until shortly before the API server ends it, after 90 seconds.
 */
const direct = { allowH2: false, keepAliveTimeout: 75_000, connections: 64 } as const;

/** How long running requests may still use a connection whose credentials have been replaced. */
const GRACE_MILLISECONDS = 10_000;

/**
 * A KubeConfig that keeps its connections: its base class makes a new dispatcher, and so a new TLS connection, for
 * every request. The one dispatcher belongs to a cluster, a CA and a client certificate. When any of them is replaced,
 * the old connections end, so that a rotated credential does not live on.
 */
export class PooledKubeConfig extends KubeConfig {
  #kept: Kept | null = null;
  #generation = 0;

  constructor() {
    super();
    // Private in the types of 2.0.1, but the only place to hook in. A test counts the connections.
    const factory = this as unknown as DispatcherFactory;
    const make = factory.createDispatcher.bind(this);
    factory.createDispatcher = (cluster, options) =>
      this.#keep(originOf(cluster, options), () => {
        // Without any option it makes no dispatcher, and requests would use connections that we cannot end.
        const given = { rejectUnauthorized: true, ...options };
        const { type, connect } = factory.createDispatcherOptions(cluster, given);
        return type === 'agent' && connect ? new Agent({ ...direct, connect }) : make(cluster, given);
      });
  }

  /** Changes whenever connections are made for another cluster, CA or client certificate. */
  get generation(): number {
    return this.#generation;
  }

  /** Makes new connections from now on, for the old ones may be dead without showing it. */
  renew(): void {
    const dispatcher = this.#kept?.dispatcher;
    this.#kept = null;
    if (dispatcher !== undefined) retire(dispatcher);
  }

  /** Ends the connections; a later request makes new ones. */
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
  /** `connect` is there for type `agent`. */
  createDispatcherOptions(
    cluster: Cluster | null,
    options: AgentOptions,
  ): { readonly type: string; readonly connect?: NonNullable<Agent.Options['connect']> };
}

/** Ends idle connections now, and busy ones (a watch is always busy) after a grace period. */
function retire(dispatcher: Dispatcher): void {
  dispatcher.close(() => undefined);
  setTimeout(() => void dispatcher.destroy().catch(() => undefined), GRACE_MILLISECONDS).unref();
}

/** The settings and credentials that connections are made with. */
interface Origin {
  readonly text: string;
  /** CA, client certificate and key. client-node gives each as a Buffer, a string (from an exec plugin) or nothing. */
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
