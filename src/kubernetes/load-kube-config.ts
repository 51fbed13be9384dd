import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { AgentOptions } from 'node:https';
import { type Cluster, type User, KubeConfig, type RequestContext } from '@kubernetes/client-node';
import { parse } from 'yaml';
import { Agent } from 'undici';
import { codeOf } from '@kubepass/x509';

/** How the service reaches a cluster. */
export type ConnectionTarget =
  | { readonly kind: 'kubeconfig'; readonly file: string; readonly context: string | null }
  | { readonly kind: 'inCluster' };

/** The configuration of a connection cannot be used. The message says why, and quotes nothing from the files. */
export class ClusterConfigurationError extends Error {
  override readonly name = 'ClusterConfigurationError';
}

/** Loads the cluster and the user of one context, and nothing else. Throws `ClusterConfigurationError`. */
export function loadKubeConfig(target: ConnectionTarget, allowExec: boolean): PooledKubeConfig {
  const kubeConfig = new PooledKubeConfig();
  if (target.kind === 'inCluster') {
    kubeConfig.loadFromCluster();
    if (kubeConfig.getCurrentCluster()?.server.includes('undefined') !== false)
      throw new ClusterConfigurationError(
        'inCluster: KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set: this is not a pod',
      );
    return kubeConfig;
  }
  const { cluster, user } = readContext(target.file, target.context, allowExec);
  kubeConfig.loadFromClusterAndUser(cluster, user);
  return kubeConfig;
}

type Fields = Readonly<Record<string, unknown>>;

function readContext(file: string, wanted: string | null, allowExec: boolean): { cluster: Cluster; user: User } {
  const fail = (problem: string): never => {
    throw new ClusterConfigurationError(`kubeconfig ${file}: ${problem}`);
  };
  const kubeconfig = readYaml(file, fail);
  const contextName = wanted ?? text(kubeconfig['current-context']) ?? fail('it has no current-context');
  const context = entry(kubeconfig, 'contexts', 'context', contextName) ?? fail(`there is no context "${contextName}"`);
  const clusterName = text(context['cluster']) ?? fail(`context "${contextName}" names no cluster`);
  const userName = text(context['user']) ?? fail(`context "${contextName}" names no user`);
  const cluster = entry(kubeconfig, 'clusters', 'cluster', clusterName) ?? fail(`there is no cluster "${clusterName}"`);
  const user = entry(kubeconfig, 'users', 'user', userName) ?? fail(`there is no user "${userName}"`);

  const plugin = user['exec'] ? 'an exec plugin' : user['auth-provider'] ? 'an auth-provider' : null;
  if (plugin !== null && !allowExec)
    fail(`user "${userName}" gets its credentials from ${plugin}, which is refused unless allowExec is true`);
  const unsupported = Object.keys(user).find((key) => /^as-/.test(key));
  if (unsupported !== undefined) fail(`user "${userName}" impersonates by ${unsupported}, which is not supported`);
  if (cluster['insecure-skip-tls-verify'] === true)
    fail(
      `cluster "${clusterName}" has insecure-skip-tls-verify: whoever answers in its place would get the credentials`,
    );
  const server = text(cluster['server'])?.replace(/\/$/, '') ?? fail(`cluster "${clusterName}" names no server`);
  if (!/^https:\/\/[^/?#]/.test(server)) fail(`the server of cluster "${clusterName}" is not an https URL`);

  // As in kubectl, relative paths start at the kubeconfig.
  const path = (value: unknown) => {
    const given = text(value);
    return given === undefined ? undefined : resolve(dirname(file), given);
  };
  const tokenFile = path(user['tokenFile']);
  return {
    cluster: {
      name: clusterName,
      server,
      skipTLSVerify: false,
      ...present({
        caData: text(cluster['certificate-authority-data']),
        caFile: cluster['certificate-authority-data'] ? undefined : path(cluster['certificate-authority']),
        tlsServerName: text(cluster['tls-server-name']),
        proxyUrl: text(cluster['proxy-url']),
      }),
    },
    user: {
      name: userName,
      ...present({
        certData: text(user['client-certificate-data']),
        certFile: user['client-certificate-data'] ? undefined : path(user['client-certificate']),
        keyData: text(user['client-key-data']),
        keyFile: user['client-key-data'] ? undefined : path(user['client-key']),
        username: text(user['username']),
        password: text(user['password']),
        impersonateUser: text(user['as']),
        exec: user['exec'],
        // As in client-go, data takes precedence over a file, but a token file over the token. client-node does not
        // know `tokenFile`; as an authProvider it reads the file anew every minute.
        ...(tokenFile === undefined
          ? { token: text(user['token']), authProvider: user['auth-provider'] }
          : { authProvider: { name: 'tokenFile', config: { tokenFile } } }),
      }),
    },
  };
}

function readYaml(file: string, fail: (problem: string) => never): Fields {
  let content: string;
  try {
    content = readFileSync(file, 'utf8');
  } catch (error) {
    const code = codeOf(error) ?? 'unknown';
    // The message has no path, because somebody may have written a secret in its place.
    throw new ClusterConfigurationError(`the kubeconfig cannot be read (${code})`);
  }
  try {
    return fields(parse(content)) ?? fail('it is not a kubeconfig');
  } catch (error) {
    if (error instanceof ClusterConfigurationError) throw error;
    // The parser's message would quote the text around the error, which may be a key.
    return fail('it is not valid YAML');
  }
}

/** Finds entry `name` in a list of the kubeconfig: `clusters: [{name, cluster: {…}}]`. */
function entry(kubeconfig: Fields, list: string, key: string, name: string): Fields | undefined {
  const entries = kubeconfig[list];
  if (!Array.isArray(entries)) return undefined;
  const found = entries.map(fields).find((candidate) => candidate?.['name'] === name);
  return fields(found?.[key]);
}

const fields = (value: unknown): Fields | undefined =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : undefined;

const text = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined);

/** Drops undefined values: client-node's types distinguish absent from undefined. */
function present<T extends Record<string, unknown>>(values: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]: Exclude<T[K], undefined>;
  };
}

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
  #kept: { readonly origin: Origin; readonly dispatcher: Dispatcher | undefined } | null = null;
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
