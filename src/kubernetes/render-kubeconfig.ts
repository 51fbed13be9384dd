import type { Cluster } from '../model/cluster.js';
import type { PublicAddress } from '../model/revocation-enforcement.js';

interface KubeconfigParts {
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
 * Renders a kubeconfig with one cluster, one user and one current context. Every text is double-quoted. Data is base64
 * on a single line and bare, as kubectl writes it, because some readers stop at the first line and scripts cut it out.
 *
 * Throws `RangeError` for a text with a lone surrogate.
 */
export function renderKubeconfig(parts: KubeconfigParts): string {
  const { cluster, username, contextName, namespace, certificatePem, key } = parts;
  return written({
    cluster: doubleQuoted(cluster.name),
    server: serverOf(cluster),
    user: doubleQuoted(username),
    credential: [
      `client-certificate-data: ${base64(certificatePem)}`,
      'pem' in key ? `client-key-data: ${base64(key.pem)}` : `client-key: ${doubleQuoted(key.path)}`,
    ],
    context: doubleQuoted(contextName ?? `${username}@${cluster.name}`),
    namespace: namespace === null ? null : doubleQuoted(namespace),
  });
}

interface ExecKubeconfigParts {
  readonly cluster: Pick<Cluster, 'name' | 'server' | 'tlsServerName' | 'servingCertificateAuthority'>;
  /** Where kubepass is reached: a URL without a slash at its end. */
  readonly server: string;
  /** PEM of the CA that the certificate at this URL chains to; null: one that the machine trusts. */
  readonly certificateAuthority: string | null;
}

/** kubectl shows it where the plugin is not on the path. */
const installHint =
  'kubectl-kubepass is not on the PATH. Install it with "npm install -g kubectl-kubepass-VERSION.tgz", a file of each release of kubepass. It needs Node.js 20 or newer.';

/**
 * Renders a kubeconfig without a secret: the user is the exec plugin (client.authentication.k8s.io/v1), which gets a
 * certificate when kubectl needs one. Throws `RangeError` for a text with a lone surrogate.
 */
export function renderExecKubeconfig({ cluster, server, certificateAuthority }: ExecKubeconfigParts): string {
  const name = doubleQuoted(cluster.name);
  return written({
    cluster: name,
    server: serverOf(cluster),
    user: doubleQuoted(`kubepass@${cluster.name}`),
    credential: [
      'exec:',
      '  apiVersion: client.authentication.k8s.io/v1',
      '  command: kubectl-kubepass',
      '  args:',
      '    - get-credential',
      '    - --server',
      `    - ${doubleQuoted(server)}`,
      '    - --cluster',
      `    - ${name}`,
      ...(certificateAuthority === null
        ? []
        : ['    - --certificate-authority-data', `    - ${base64(certificateAuthority)}`]),
      `  installHint: ${doubleQuoted(installHint)}`,
      '  interactiveMode: IfAvailable',
      '  provideClusterInfo: true',
    ],
    context: name,
  });
}

const base64 = (text: string): string => (text === '' ? '""' : Buffer.from(text, 'utf8').toString('base64'));

/** The file name of the reviewer's token beside the kubeconfig. */
const reviewerTokenName = 'reviewer-token';

/**
 * Renders the kubeconfig with which a cluster's API server asks kubepass. It holds no token: `tokenFile` names the file
 * that an admin puts beside it, and that the API server reads again when it changes.
 */
export function renderWebhookKubeconfig(cluster: string, address: PublicAddress, directory: string): string {
  const { url, certificateAuthority } = address;
  return written({
    cluster: 'kubepass',
    server: [
      `server: ${doubleQuoted(`${url}/v1/clusters/${cluster}/access-reviews`)}`,
      ...(certificateAuthority === null ? [] : [`certificate-authority-data: ${base64(certificateAuthority)}`]),
    ],
    user: 'kube-apiserver',
    credential: [`tokenFile: ${doubleQuoted(`${directory}/${reviewerTokenName}`)}`],
    context: 'kubepass',
  });
}

/** The lines about the API server of a cluster. */
const serverOf = ({ server, tlsServerName, servingCertificateAuthority }: ExecKubeconfigParts['cluster']) => [
  `server: ${doubleQuoted(server)}`,
  ...(tlsServerName === null ? [] : [`tls-server-name: ${doubleQuoted(tlsServerName)}`]),
  `certificate-authority-data: ${base64(servingCertificateAuthority)}`,
];

interface KubeconfigLines {
  /** Names as YAML scalars. */
  readonly cluster: string;
  readonly user: string;
  readonly context: string;
  readonly namespace?: string | null;
  /** The lines below `cluster:` and `user:`. */
  readonly server: readonly string[];
  readonly credential: readonly string[];
}

const written = ({ cluster, server, user, credential, context, namespace = null }: KubeconfigLines): string =>
  `${[
    'apiVersion: v1',
    'kind: Config',
    'clusters:',
    `  - name: ${cluster}`,
    '    cluster:',
    ...server.map((line) => `      ${line}`),
    'users:',
    `  - name: ${user}`,
    '    user:',
    ...credential.map((line) => `      ${line}`),
    'contexts:',
    `  - name: ${context}`,
    '    context:',
    `      cluster: ${cluster}`,
    `      user: ${user}`,
    ...(namespace === null ? [] : [`      namespace: ${namespace}`]),
    `current-context: ${context}`,
  ].join('\n')}\n`;

/**
 * The text as a double-quoted YAML scalar: one line of printable ASCII, which readers of YAML 1.1 and 1.2 read as the
 * same text, whatever it holds. A raw U+0085, U+2028 or U+2029 ends a line in YAML 1.1 alone (4.2), so it could add
 * fields to a file for kubectl that nobody else sees.
 *
 * Throws `RangeError` for a lone surrogate: no escape stands for one (YAML 1.2.2 5.7).
 */
export function doubleQuoted(text: string): string {
  if (!text.isWellFormed()) throw new RangeError('YAML has no form for a text with a lone surrogate');
  return `"${text.replace(/[^ !#-[\]-~]/gu, escaped)}"`;
}

function escaped(character: string): string {
  if (character === '"' || character === '\\') return `\\${character}`;
  const hex = (character.codePointAt(0) ?? 0).toString(16);
  return hex.length <= 4 ? `\\u${hex.padStart(4, '0')}` : `\\U${hex.padStart(8, '0')}`;
}
