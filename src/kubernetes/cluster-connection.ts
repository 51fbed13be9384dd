import { readFile } from 'node:fs/promises';
import { certificatePrefix, credentialId } from '../formats/enforcement-files.js';
import type { ClusterCallMeasure } from '../model/measures.js';
import type { TokenReview } from '../model/token-review.js';
import type { Tracing } from '../model/tracing.js';
import { type Access, ClusterForbiddenError, ClusterNotFoundError, ClusterUnavailableError } from './cluster-error.js';
import { ApiServer } from './api-server.js';
import { type CsrObjects, type CsrWatch, KubernetesCsrObjects } from './csr-object.js';
import { KubernetesCsrWatch } from './csr-watch.js';
import { ClusterConfigurationError, type ConnectionTarget, loadKubeConfig } from './load-kube-config.js';
import type { WatchTimes } from './object-watch.js';
import { PooledKubeConfig } from './pooled-kube-config.js';
import { reviewToken } from './token-review.js';
import { KubernetesRoleBindings, type RoleBindings, type RoleBindingTimes } from './role-bindings.js';

export interface ConnectionOptions {
  /** Whether the kubeconfig's user may get credentials by running a program. */
  readonly allowExec: boolean;
  /** Is told of errors in the background: a watch that breaks, a listener that throws. Must not throw. */
  readonly report?: (error: unknown) => void;
  /** Per request, watches excepted; default 10 000. */
  readonly requestTimeoutMilliseconds?: number;
  readonly watchTimes?: Partial<WatchTimes & RoleBindingTimes>;
  /** Is told of each call. */
  readonly measure?: ClusterCallMeasure;
  /** Default: the system's. */
  readonly clock?: () => Date;
  /** Default: nobody collects traces. */
  readonly tracing?: Tracing;
}

/** The user that an API server authenticates a credential as. */
interface AuthenticatedUser {
  readonly username: string;
  readonly groups: readonly string[];
  /** Whether the credential is a client certificate; known from Kubernetes 1.32 on. */
  readonly byCertificate: boolean;
}

interface AccessReview {
  readonly access: Access;
  readonly allowed: boolean;
}

/** Calls of the holder of a certificate. Methods throw the errors of cluster-error.ts. */
export interface CertificateHolder {
  /** Null where the certificate is not accepted. */
  whoAmI(): Promise<AuthenticatedUser | null>;
  /** Tries an update of a ConfigMap that changes nothing. */
  tryToUpdate(namespace: string, name: string): Promise<void>;
  close(): Promise<void>;
}

/** A cluster's API server, with the service's own credentials for it. Methods throw the errors of cluster-error.ts. */
export interface ClusterConnection {
  /** `https://host:port`, as the kubeconfig has it. */
  readonly server: string;
  /** PEM, as the kubeconfig has it; null: the API server's certificate chains to a CA that the system trusts. */
  readonly servingCertificateAuthority: string | null;
  /** The name in the API server's certificate (`tls-server-name` of the kubeconfig); null: the host of `server`. */
  readonly tlsServerName: string | null;
  readonly csrs: CsrObjects;
  readonly configMaps: ConfigMaps;
  /** The one watch on that signer's objects; it begins at its first use. */
  watchCsrs(signerName: string): CsrWatch;
  /** The cluster's roles and bindings, read and watched from the first use on. */
  roleBindings(): RoleBindings;
  /** The service's own user; asked once per credential. */
  whoAmI(): Promise<AuthenticatedUser>;
  /** E.g. `v1.32.1`. */
  version(): Promise<string>;
  /** The rights among these that the service itself has, in the given order. */
  accessReviews(accesses: readonly Access[]): Promise<readonly AccessReview[]>;
  /** PEM of the CAs that user certificates may chain to; null where the cluster does not let it be read. */
  clientCertificateAuthority(): Promise<string | null>;
  /** Has the cluster review a token of a service account for this audience. Throws nothing. */
  reviewToken(token: string, audience: string): Promise<TokenReview>;
  /** The user that the API server authenticates this certificate as; null: it does not accept it. */
  reviewSelf(certificatePem: string, privateKeyPem: string): Promise<AuthenticatedUser | null>;
  /** The API server, for calls with this certificate. */
  actAs(certificatePem: string, privateKeyPem: string): CertificateHolder;
  close(): Promise<void>;
}

/**
 * Opens a connection without connecting: only the first request shows whether the cluster answers. Throws
 * `ClusterConfigurationError` where kubeconfig or service account cannot be used.
 */
export async function openClusterConnection(
  target: ConnectionTarget,
  options: ConnectionOptions,
): Promise<ClusterConnection> {
  const kubeConfig = loadKubeConfig(target, options.allowExec);
  return new KubernetesConnection(kubeConfig, await readServingCertificateAuthority(kubeConfig), options);
}

async function readServingCertificateAuthority(kubeConfig: PooledKubeConfig): Promise<string | null> {
  const cluster = kubeConfig.getCurrentCluster();
  if (cluster?.caFile) {
    try {
      return await readFile(cluster.caFile, 'utf8');
    } catch (error) {
      throw new ClusterConfigurationError(`the CA of the API server cannot be read: ${cluster.caFile}`, {
        cause: error,
      });
    }
  }
  return cluster?.caData ? Buffer.from(cluster.caData, 'base64').toString('utf8') : null;
}

const selfSubjectReview = {
  method: 'POST',
  path: '/apis/authentication.k8s.io/v1/selfsubjectreviews',
  access: { verb: 'create', group: 'authentication.k8s.io', resource: 'selfsubjectreviews' },
  body: { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' },
} as const;

class KubernetesConnection implements ClusterConnection {
  readonly server: string;
  readonly tlsServerName: string | null;
  readonly csrs: CsrObjects;
  readonly configMaps: ConfigMaps;
  readonly #api: ApiServer;
  readonly #watches = new Map<string, CsrWatch>();
  readonly #report: (error: unknown) => void;
  readonly #clock: () => Date;
  #roleBindings: KubernetesRoleBindings | null = null;
  #identity: { readonly credential: string; readonly identity: Promise<AuthenticatedUser> } | null = null;

  constructor(
    private readonly kubeConfig: PooledKubeConfig,
    readonly servingCertificateAuthority: string | null,
    private readonly options: ConnectionOptions,
  ) {
    const cluster = kubeConfig.getCurrentCluster();
    this.server = cluster?.server ?? '';
    this.tlsServerName = cluster?.tlsServerName ?? null;
    this.#report = options.report ?? (() => undefined);
    this.#clock = options.clock ?? (() => new Date());
    this.#api = this.#apiServer(kubeConfig);
    this.csrs = new KubernetesCsrObjects(this.#api);
    this.configMaps = kubernetesConfigMaps(this.#api);
  }

  watchCsrs(signerName: string): CsrWatch {
    let watch = this.#watches.get(signerName);
    if (watch === undefined) {
      watch = new KubernetesCsrWatch(this.#api, signerName, this.#report, this.#clock, this.options.watchTimes);
      this.#watches.set(signerName, watch);
    }
    return watch;
  }

  roleBindings(): RoleBindings {
    return (this.#roleBindings ??= new KubernetesRoleBindings(
      this.#api,
      this.#report,
      this.#clock,
      this.options.watchTimes,
    ));
  }

  async whoAmI(): Promise<AuthenticatedUser> {
    const credential = await this.#api.credential();
    if (this.#identity?.credential !== credential) {
      const asked = { credential, identity: reviewSelf(this.#api) };
      this.#identity = asked;
      // Answers are kept, failures are not.
      asked.identity.catch(() => {
        if (this.#identity === asked) this.#identity = null;
      });
    }
    return this.#identity.identity;
  }

  async version(): Promise<string> {
    const access = { verb: 'get', group: '', resource: 'version' };
    const version = (await this.#api.request({ method: 'GET', path: '/version', access })) as { gitVersion?: string };
    return version.gitVersion ?? '';
  }

  accessReviews(accesses: readonly Access[]): Promise<readonly AccessReview[]> {
    return Promise.all(accesses.map(async (access) => ({ access, allowed: await this.#isAllowed(access) })));
  }

  async clientCertificateAuthority(): Promise<string | null> {
    try {
      const configMap = (await this.#api.request({
        method: 'GET',
        path: '/api/v1/namespaces/kube-system/configmaps/extension-apiserver-authentication',
        access: {
          verb: 'get',
          group: '',
          resource: 'configmaps',
          name: 'extension-apiserver-authentication',
          namespace: 'kube-system',
        },
      })) as { data?: Readonly<Record<string, string>> };
      return configMap.data?.['client-ca-file'] ?? null;
    } catch (error) {
      if (error instanceof ClusterForbiddenError || error instanceof ClusterNotFoundError) return null;
      throw error;
    }
  }

  reviewToken(token: string, audience: string): Promise<TokenReview> {
    return reviewToken(this.#api, token, audience);
  }

  async reviewSelf(certificatePem: string, privateKeyPem: string): Promise<AuthenticatedUser | null> {
    const holder = this.actAs(certificatePem, privateKeyPem);
    try {
      return await holder.whoAmI();
    } finally {
      await holder.close();
    }
  }

  actAs(certificatePem: string, privateKeyPem: string): CertificateHolder {
    const cluster = this.kubeConfig.getCurrentCluster();
    if (cluster === null) throw new ClusterUnavailableError('the kubeconfig names no cluster');
    const kubeConfig = new PooledKubeConfig();
    kubeConfig.loadFromClusterAndUser(cluster, {
      name: 'certificate',
      certData: Buffer.from(certificatePem, 'utf8').toString('base64'),
      keyData: Buffer.from(privateKeyPem, 'utf8').toString('base64'),
    });
    const api = this.#apiServer(kubeConfig);
    return {
      async whoAmI() {
        try {
          return await reviewSelf(api);
        } catch (error) {
          if (error instanceof ClusterForbiddenError && error.status === 401) return null;
          throw error;
        }
      },
      async tryToUpdate(namespace, name) {
        const access = { verb: 'update', group: '', resource: 'configmaps', name, namespace };
        const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}/configmaps/${encodeURIComponent(name)}`;
        const body = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { namespace, name } };
        await api.request({ method: 'PUT', path, query: { dryRun: 'All' }, body, access });
      },
      close: () => api.close(),
    };
  }

  async close(): Promise<void> {
    const stopped = [...this.#watches.values(), ...(this.#roleBindings === null ? [] : [this.#roleBindings])].map(
      (watching) => watching.stop(),
    );
    // Their open requests may stay unanswered for a while: closing the connection ends them.
    await this.#api.close();
    await Promise.all(stopped);
  }

  async #isAllowed({ verb, group, resource, subresource, name, namespace }: Access): Promise<boolean> {
    const review = (await this.#api.request({
      method: 'POST',
      path: '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews',
      access: { verb: 'create', group: 'authorization.k8s.io', resource: 'selfsubjectaccessreviews' },
      body: {
        apiVersion: 'authorization.k8s.io/v1',
        kind: 'SelfSubjectAccessReview',
        // JSON leaves out what is undefined.
        spec: { resourceAttributes: { verb, group, resource, subresource, name, namespace } },
      },
    })) as { status?: { allowed?: boolean } };
    return review.status?.allowed === true;
  }

  #apiServer(kubeConfig: PooledKubeConfig): ApiServer {
    const { requestTimeoutMilliseconds = 10_000, measure, tracing } = this.options;
    return new ApiServer(kubeConfig, this.server, requestTimeoutMilliseconds, measure, tracing);
  }
}

async function reviewSelf(api: ApiServer): Promise<AuthenticatedUser> {
  const review = (await api.request(selfSubjectReview)) as {
    status?: {
      userInfo?: { username?: string; groups?: readonly string[]; extra?: Readonly<Record<string, readonly string[]>> };
    };
  };
  const { username = '', groups = [], extra = {} } = review.status?.userInfo ?? {};
  const ids = extra[credentialId] ?? [];
  return { username, groups, byCertificate: ids.some((id) => id.startsWith(certificatePrefix)) };
}

/** Stands in for a connection that cannot be opened as it is configured: every call fails with the reason. */
export function brokenConnection(cause: unknown): ClusterConnection {
  const fail = (): Promise<never> =>
    Promise.reject(
      new ClusterUnavailableError(cause instanceof Error ? cause.message : 'the cluster cannot be reached', { cause }),
    );
  const csrs: CsrObjects = { create: fail, find: fail, list: fail, approve: fail, delete: fail };
  const watch: CsrWatch = {
    waitFor: fail,
    subscribe: () => () => undefined,
    onReconnect: () => () => undefined,
    stop: () => Promise.resolve(),
  };
  return {
    server: '',
    servingCertificateAuthority: null,
    tlsServerName: null,
    csrs,
    configMaps: { find: fail, replaceData: fail },
    watchCsrs: () => watch,
    roleBindings: () => ({ blastRadius: () => null }),
    whoAmI: fail,
    version: fail,
    accessReviews: fail,
    clientCertificateAuthority: fail,
    reviewToken: () =>
      Promise.resolve({
        verdict: 'unavailable',
        message: cause instanceof Error ? cause.message : 'the cluster cannot be reached',
        retryAfterSeconds: null,
        missing: null,
      }),
    reviewSelf: fail,
    actAs: () => ({ whoAmI: fail, tryToUpdate: fail, close: () => Promise.resolve() }),
    close: () => Promise.resolve(),
  };
}

/** A ConfigMap: what of it is kubepass's own, and the rest as it came. */
export interface ConfigMapObject {
  readonly data: Readonly<Record<string, string>>;
  readonly wire: object;
}

/** ConfigMaps by their names. Methods throw the errors of cluster-error.ts. */
export interface ConfigMaps {
  /** Null where there is none. */
  find(namespace: string, name: string): Promise<ConfigMapObject | null>;
  /** Writes these data and nothing else. `ClusterConflictError`: somebody has changed it since it was read. */
  replaceData(namespace: string, name: string, found: ConfigMapObject, data: ConfigMapObject['data']): Promise<void>;
}

export function kubernetesConfigMaps(api: ApiServer): ConfigMaps {
  const at = (verb: string, namespace: string, name: string) => ({
    path: `/api/v1/namespaces/${encodeURIComponent(namespace)}/configmaps/${encodeURIComponent(name)}`,
    access: { verb, group: '', resource: 'configmaps', name, namespace },
  });
  return {
    async find(namespace, name) {
      try {
        const wire = (await api.request({ method: 'GET', ...at('get', namespace, name) })) as {
          readonly data?: Readonly<Record<string, string>>;
        };
        return { wire, data: wire.data ?? {} };
      } catch (error) {
        if (error instanceof ClusterNotFoundError) return null;
        throw error;
      }
    },
    async replaceData(namespace, name, { wire }, data) {
      // The resourceVersion in it makes the write conflict with those of others.
      await api.request({ method: 'PUT', ...at('update', namespace, name), body: { ...wire, data } });
    },
  };
}
