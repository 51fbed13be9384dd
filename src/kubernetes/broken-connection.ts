import type { ClusterConnection } from './cluster-connection.js';
import { ClusterUnavailableError } from './cluster-error.js';

/** Stands in for a connection that cannot be opened as it is configured: every call fails with the reason. */
export function brokenConnection(cause: unknown): ClusterConnection {
  const message = cause instanceof Error ? cause.message : 'the cluster cannot be reached';
  const fail = () => Promise.reject(new ClusterUnavailableError(message, { cause }));
  const ends = () => Promise.resolve();
  const forgets = () => () => undefined;
  return {
    server: '',
    servingCertificateAuthority: null,
    tlsServerName: null,
    csrs: { create: fail, find: fail, list: fail, approve: fail, delete: fail },
    configMaps: { find: fail, replaceData: fail },
    csrWatch: { waitFor: fail, subscribe: forgets, onReconnect: forgets, stop: ends },
    roleBindings: () => ({ blastRadius: () => null, stop: ends }),
    whoAmI: fail,
    version: fail,
    accessReviews: fail,
    clientCertificateAuthority: fail,
    reviewToken: () => Promise.resolve({ verdict: 'unavailable', message, retryAfterSeconds: null, missing: null }),
    reviewSelf: fail,
    actAs: () => ({ whoAmI: fail, tryToUpdate: fail, close: ends }),
    close: ends,
  };
}
