import { stringify } from 'yaml';
import type { Cluster } from '../../model/cluster.js';

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
 * Renders a kubeconfig with one cluster, one user and one current context. Data is base64 on a single line, as kubectl
 * writes it, because some readers stop at the first line. Its shape never changes, so a YAML library would only cost
 * time.
 */
export function renderKubeconfig(parts: KubeconfigParts): string {
  const { cluster, username, contextName, namespace, certificatePem, key } = parts;
  const context = quoted(contextName ?? `${username}@${cluster.name}`);
  const lines = [
    'apiVersion: v1',
    'kind: Config',
    'clusters:',
    `  - name: ${quoted(cluster.name)}`,
    '    cluster:',
    `      server: ${url(cluster.server)}`,
    ...(cluster.tlsServerName === null ? [] : [`      tls-server-name: ${quoted(cluster.tlsServerName)}`]),
    `      certificate-authority-data: ${base64(cluster.servingCertificateAuthority)}`,
    'users:',
    `  - name: ${quoted(username)}`,
    '    user:',
    `      client-certificate-data: ${base64(certificatePem)}`,
    'pem' in key ? `      client-key-data: ${base64(key.pem)}` : `      client-key: ${path(key.path)}`,
    'contexts:',
    `  - name: ${context}`,
    '    context:',
    `      cluster: ${quoted(cluster.name)}`,
    `      user: ${quoted(username)}`,
    ...(namespace === null ? [] : [`      namespace: ${quoted(namespace)}`]),
    `current-context: ${context}`,
  ];
  return `${lines.join('\n')}\n`;
}

/**
 * Names always get quotes, because kubectl's YAML 1.1 reads some bare names (`on`, `1_000`, `0o7`) as other types. A JSON
 * string is a YAML string (YAML 1.2 1.3). Base64 stays bare, because scripts cut it out with awk.
 */
const quoted = (name: string): string => JSON.stringify(name);

/** Bare where no character of it has a meaning in YAML. */
const url = (text: string): string => (/^https:\/\/[\w.:/[\]-]*[\w/]$/.test(text) ? text : quoted(text));

const path = (text: string): string => stringify(text, { lineWidth: 0, version: '1.1' }).trimEnd();

const base64 = (text: string): string => (text === '' ? '""' : Buffer.from(text, 'utf8').toString('base64'));
