import { Scalar, stringify } from 'yaml';
import type { Cluster } from '../model/cluster.js';

export interface KubeconfigParts {
  readonly cluster: Cluster;
  readonly username: string;
  /** The context's default namespace; null leaves it out, and kubectl uses `default`. */
  readonly namespace: string | null;
  /** The client certificate as PEM. */
  readonly certificatePem: string;
  /** The key itself as PEM, or the path of the file in which the caller holds it. */
  readonly key: { readonly pem: string } | { readonly path: string };
}

/**
 * A kubeconfig with one cluster, one user and one context, which is current. Data is base64 on a single line, as
 * kubectl writes it, because some readers stop at the first line.
 */
export function renderKubeconfig({ cluster, username, namespace, certificatePem, key }: KubeconfigParts): string {
  const context = `${username}@${cluster.name}`;
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [
      {
        name: quoted(cluster.name),
        cluster: {
          server: cluster.server,
          'certificate-authority-data': base64(cluster.servingCertificateAuthority),
        },
      },
    ],
    users: [
      {
        name: quoted(username),
        user: {
          'client-certificate-data': base64(certificatePem),
          ...('pem' in key ? { 'client-key-data': base64(key.pem) } : { 'client-key': key.path }),
        },
      },
    ],
    contexts: [
      {
        name: quoted(context),
        context: {
          cluster: quoted(cluster.name),
          user: quoted(username),
          ...(namespace === null ? {} : { namespace: quoted(namespace) }),
        },
      },
    ],
    'current-context': quoted(context),
  };
  return stringify(config, { lineWidth: 0, version: '1.1' });
}

/**
 * Names always get quotes, since kubectl's YAML 1.1 takes some bare ones (`on`, `1_000`, `0o7`) for something else.
 * Base64 stays bare: scripts cut it out with awk.
 */
function quoted(name: string): Scalar<string> {
  const scalar = new Scalar(name);
  scalar.type = Scalar.QUOTE_DOUBLE;
  return scalar;
}

const base64 = (text: string): string => Buffer.from(text, 'utf8').toString('base64');
