import { stringify } from 'yaml';
import type { Cluster } from '../../model/cluster.js';

export interface KubeconfigParts {
  readonly cluster: Cluster;
  readonly username: string;
  /** What the context is called; null: `username@cluster`. */
  readonly contextName: string | null;
  /** The context's default namespace; null leaves it out, and kubectl uses `default`. */
  readonly namespace: string | null;
  /** The client certificate as PEM. */
  readonly certificatePem: string;
  /** The key itself as PEM, or the path of the file in which the caller holds it. */
  readonly key: { readonly pem: string } | { readonly path: string };
}

/**
 * A kubeconfig with one cluster, one user and one context, which is current. Data is base64 on a single line, as
 * kubectl writes it, because some readers stop at the first line. Written line by line: its shape never changes, and a
 * caller waits for it.
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
 * Names always get quotes, since kubectl's YAML 1.1 takes some bare ones (`on`, `1_000`, `0o7`) for something else.
 * Base64 stays bare: scripts cut it out with awk. YAML 1.2 section 1.3: a string of JSON is one of YAML.
 */
const quoted = (name: string): string => JSON.stringify(name);

/** Bare where nothing in it can mean anything to YAML. */
const url = (text: string): string => (/^https:\/\/[\w.:/[\]-]*[\w/]$/.test(text) ? text : quoted(text));

const path = (text: string): string => stringify(text, { lineWidth: 0, version: '1.1' }).trimEnd();

const base64 = (text: string): string => (text === '' ? '""' : Buffer.from(text, 'utf8').toString('base64'));
