import { readFile } from 'node:fs/promises';
import type { Cluster } from '@kubernetes/client-node';
import { certificatePrefix, credentialId } from './revocation-enforcement-files.js';
import type { ClusterCallMeasure } from '../model/measures.js';
import type { Tracing } from '../model/tracing.js';
import { type Access, ClusterForbiddenError, ClusterUnavailableError, orMissing } from './cluster-error.js';
import { ApiServer } from './api-server.js';
import { csrObjectsOf } from './csr-object.js';
import { watchCsrs } from './csr-watch.js';
import {
  ClusterConfigurationError,
  type ConnectionTarget,
  loadKubeConfig,
  PooledKubeConfig,
} from './load-kube-config.js';
import type { WatchTimes } from './object-watch.js';
import { reviewToken } from './token-review.js';
import { type RoleBindings, type RoleBindingTimes, watchRoleBindings } from './role-bindings.js';

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

export type CertificateHolder = ReturnType<typeof holderOver>;

/** A cluster's API server, with the service's own credentials for it. Methods throw the errors of cluster-error.ts. */
export type ClusterConnection = Awaited<ReturnType<typeof openClusterConnection>>;

/**
 * Opens a connection without connecting: only the first request shows whether the cluster answers. Throws
 * `ClusterConfigurationError` where kubeconfig or service account cannot be used.
 */
export async function openClusterConnection(target: ConnectionTarget, options: ConnectionOptions) {
  const { allowExec, report = () => undefined, clock = () => new Date(), watchTimes } = options;
  const kubeConfig = loadKubeConfig(target, allowExec);
  const cluster = kubeConfig.getCurrentCluster();
  const api = apiServerOf(kubeConfig, options);
  const csrWatch = watchCsrs(api, report, clock, watchTimes);
  let roleBindings: RoleBindings | null = null;
  const actAs = (certificatePem: string, privateKeyPem: string): CertificateHolder => {
    if (cluster === null) throw new ClusterUnavailableError('the kubeconfig names no cluster');
    const holder = new PooledKubeConfig();
    holder.loadFromClusterAndUser(cluster, {
      name: 'certificate',
      certData: Buffer.from(certificatePem, 'utf8').toString('base64'),
      keyData: Buffer.from(privateKeyPem, 'utf8').toString('base64'),
    });
    return holderOver(apiServerOf(holder, options));
  };
  return {
    /** `https://host:port`, as the kubeconfig has it. */
    server: cluster?.server ?? '',
    /** PEM, as the kubeconfig has it; null: the API server's certificate chains to a CA that the system trusts. */
    servingCertificateAuthority: await readServingCertificateAuthority(cluster),
    /** The name in the API server's certificate (`tls-server-name` of the kubeconfig); null: the host of `server`. */
    tlsServerName: cluster?.tlsServerName ?? null,
    csrs: csrObjectsOf(api),
    configMaps: configMapsOf(api),
    /** The one watch on the objects for user certificates; it begins at its first use. */
    csrWatch,
    /** The cluster's roles and bindings, read and watched from the first use on. */
    roleBindings: (): RoleBindings => (roleBindings ??= watchRoleBindings(api, report, clock, watchTimes)),
    ...questionsTo(api),
    /** The user that the API server authenticates this certificate as; null: it does not accept it. */
    async reviewSelf(certificatePem: string, privateKeyPem: string): Promise<AuthenticatedUser | null> {
      const holder = actAs(certificatePem, privateKeyPem);
      try {
        return await holder.whoAmI();
      } finally {
        await holder.close();
      }
    },
    /** The API server, for calls with this certificate. */
    actAs,
    async close(): Promise<void> {
      const stopped = [csrWatch.stop(), ...(roleBindings === null ? [] : [roleBindings.stop()])];
      // Their open requests may stay unanswered for a while: closing the connection ends them.
      await api.close();
      await Promise.all(stopped);
    },
  };
}

/** The questions that the service asks a cluster with its own credentials. */
const questionsTo = (api: ApiServer) => ({
  /** The service's own user; asked once per credential. */
  whoAmI: askedOnce(api),
  /** E.g. `v1.32.1`. */
  async version(): Promise<string> {
    const access = { verb: 'get', group: '', resource: 'version' };
    const version = (await api.request({ method: 'GET', path: '/version', access })) as { gitVersion?: string };
    return version.gitVersion ?? '';
  },
  /** The rights among these that the service itself has, in the given order. */
  accessReviews: (accesses: readonly Access[]) =>
    Promise.all(accesses.map(async (access) => ({ access, allowed: await isAllowed(api, access) }))),
  /** PEM of the CAs that user certificates may chain to; null where the cluster does not let it be read. */
  async clientCertificateAuthority(): Promise<string | null> {
    try {
      const found = await configMapsOf(api).find('kube-system', 'extension-apiserver-authentication');
      return found?.data['client-ca-file'] ?? null;
    } catch (error) {
      if (error instanceof ClusterForbiddenError) return null;
      throw error;
    }
  },
  /** Has the cluster review a token of a service account for this audience. Throws nothing. */
  reviewToken: (token: string, audience: string) => reviewToken(api, token, audience),
});

const apiServerOf = (
  kubeConfig: PooledKubeConfig,
  { requestTimeoutMilliseconds = 10_000, measure, tracing }: ConnectionOptions,
): ApiServer =>
  new ApiServer(kubeConfig, kubeConfig.getCurrentCluster()?.server ?? '', requestTimeoutMilliseconds, measure, tracing);

async function readServingCertificateAuthority(cluster: Cluster | null): Promise<string | null> {
  if (!cluster?.caFile) return cluster?.caData ? Buffer.from(cluster.caData, 'base64').toString('utf8') : null;
  try {
    return await readFile(cluster.caFile, 'utf8');
  } catch (error) {
    throw new ClusterConfigurationError(`the CA of the API server cannot be read: ${cluster.caFile}`, { cause: error });
  }
}

/** Calls of the holder of a certificate. Methods throw the errors of cluster-error.ts. */
const holderOver = (api: ApiServer) => ({
  /** Null where the certificate is not accepted. */
  async whoAmI(): Promise<AuthenticatedUser | null> {
    try {
      return await reviewSelf(api);
    } catch (error) {
      if (error instanceof ClusterForbiddenError && error.status === 401) return null;
      throw error;
    }
  },
  /** Tries an update of a ConfigMap that changes nothing. */
  async tryToUpdate(namespace: string, name: string): Promise<void> {
    const body = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { namespace, name } };
    await api.request({ method: 'PUT', ...configMapAt('update', namespace, name), query: { dryRun: 'All' }, body });
  },
  close: () => api.close(),
});

/** The service's own user, asked once per credential. Answers are kept, failures are not. */
function askedOnce(api: ApiServer): () => Promise<AuthenticatedUser> {
  let known: { readonly credential: string; readonly user: Promise<AuthenticatedUser> } | null = null;
  return async () => {
    const credential = await api.credential();
    if (known?.credential === credential) return known.user;
    const asked = { credential, user: reviewSelf(api) };
    known = asked;
    asked.user.catch(() => {
      if (known === asked) known = null;
    });
    return asked.user;
  };
}

async function isAllowed(
  api: ApiServer,
  { verb, group, resource, subresource, name, namespace }: Access,
): Promise<boolean> {
  const review = (await api.request({
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

async function reviewSelf(api: ApiServer): Promise<AuthenticatedUser> {
  const review = (await api.request({
    method: 'POST',
    path: '/apis/authentication.k8s.io/v1/selfsubjectreviews',
    access: { verb: 'create', group: 'authentication.k8s.io', resource: 'selfsubjectreviews' },
    body: { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' },
  })) as {
    status?: {
      userInfo?: { username?: string; groups?: readonly string[]; extra?: Readonly<Record<string, readonly string[]>> };
    };
  };
  const { username = '', groups = [], extra = {} } = review.status?.userInfo ?? {};
  const ids = extra[credentialId] ?? [];
  return { username, groups, byCertificate: ids.some((id) => id.startsWith(certificatePrefix)) };
}

/** A ConfigMap: what of it is kubepass's own, and the rest as it came. */
export interface ConfigMapObject {
  readonly data: Readonly<Record<string, string>>;
  readonly wire: object;
}

/** ConfigMaps by their names. */
const configMapsOf = (api: ApiServer) => ({
  /** Null where there is none. */
  async find(namespace: string, name: string): Promise<ConfigMapObject | null> {
    const asked = api.request({ method: 'GET', ...configMapAt('get', namespace, name) });
    const wire = (await orMissing(asked)) as { readonly data?: ConfigMapObject['data'] } | null;
    return wire && { wire, data: wire.data ?? {} };
  },
  /** Writes these data and nothing else. `ClusterConflictError`: somebody has changed it since it was read. */
  async replaceData(
    namespace: string,
    name: string,
    { wire }: ConfigMapObject,
    data: ConfigMapObject['data'],
  ): Promise<void> {
    // The resourceVersion in it makes the write conflict with those of others.
    await api.request({ method: 'PUT', ...configMapAt('update', namespace, name), body: { ...wire, data } });
  },
});

const configMapAt = (verb: string, namespace: string, name: string) => ({
  path: `/api/v1/namespaces/${encodeURIComponent(namespace)}/configmaps/${encodeURIComponent(name)}`,
  access: { verb, group: '', resource: 'configmaps', name, namespace },
});
