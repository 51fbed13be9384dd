import type { Cluster } from '../../model/cluster.js';
import { doubleQuoted } from '../yaml/double-quoted.js';

export interface KubeconfigParts {
  readonly cluster: Cluster;
  readonly username: string;
  /** The name of the context; null: `username@cluster`. */
  readonly contextName: string | null;
  /** The default namespace of the context; null: none, and kubectl uses `default`. */
  readonly namespace: string | null;
  readonly certificatePem: string;
  /** The key as PEM, or the path of the caller's file that holds it. */
  readonly key: { readonly pem: string } | { readonly path: string };
}

/**
 * Renders a kubeconfig with one cluster, one user and one current context. Every text is double-quoted. Data is base64 on a
 * single line and bare, as kubectl writes it, because some readers stop at the first line and scripts cut it out.
 *
 * Throws `RangeError` for a text with a lone surrogate.
 */
export function renderKubeconfig(parts: KubeconfigParts): string {
  const { cluster, username, contextName, namespace, certificatePem, key } = parts;
  const context = doubleQuoted(contextName ?? `${username}@${cluster.name}`);
  const lines = [
    'apiVersion: v1',
    'kind: Config',
    'clusters:',
    `  - name: ${doubleQuoted(cluster.name)}`,
    '    cluster:',
    `      server: ${doubleQuoted(cluster.server)}`,
    ...(cluster.tlsServerName === null ? [] : [`      tls-server-name: ${doubleQuoted(cluster.tlsServerName)}`]),
    `      certificate-authority-data: ${base64(cluster.servingCertificateAuthority)}`,
    'users:',
    `  - name: ${doubleQuoted(username)}`,
    '    user:',
    `      client-certificate-data: ${base64(certificatePem)}`,
    'pem' in key ? `      client-key-data: ${base64(key.pem)}` : `      client-key: ${doubleQuoted(key.path)}`,
    'contexts:',
    `  - name: ${context}`,
    '    context:',
    `      cluster: ${doubleQuoted(cluster.name)}`,
    `      user: ${doubleQuoted(username)}`,
    ...(namespace === null ? [] : [`      namespace: ${doubleQuoted(namespace)}`]),
    `current-context: ${context}`,
  ];
  return `${lines.join('\n')}\n`;
}

const base64 = (text: string): string => (text === '' ? '""' : Buffer.from(text, 'utf8').toString('base64'));
