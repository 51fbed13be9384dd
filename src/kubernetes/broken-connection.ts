import type { ClusterConnection } from './cluster-connection.js';
import { ClusterUnavailableError } from './cluster-error.js';
import type { CsrObjects, CsrWatch } from './csr-object.js';

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
