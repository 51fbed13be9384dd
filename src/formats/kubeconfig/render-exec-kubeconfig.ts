import type { Cluster } from '../../model/cluster.js';
import { doubleQuoted } from '../yaml/double-quoted.js';

export interface ExecKubeconfigParts {
  readonly cluster: Pick<Cluster, 'name' | 'server' | 'tlsServerName' | 'servingCertificateAuthority'>;
  /** Where kubepass is reached: a URL without a slash at its end. */
  readonly server: string;
  /** PEM of the CA that the certificate at this URL chains to; null: one that the machine trusts. */
  readonly certificateAuthority: string | null;
}

/** kubectl shows it where the plugin is not on the path. */
export const installHint =
  'kubectl-kubepass is not on the PATH. Install it with "npm install -g kubectl-kubepass-VERSION.tgz", a file of each release of kubepass. It needs Node.js 20 or newer.';

/**
 * Renders a kubeconfig without a secret: the user is the exec plugin (client.authentication.k8s.io/v1), which gets a
 * certificate when kubectl needs one. Throws `RangeError` for a text with a lone surrogate.
 */
export function renderExecKubeconfig({ cluster, server, certificateAuthority }: ExecKubeconfigParts): string {
  const name = doubleQuoted(cluster.name);
  const user = doubleQuoted(`kubepass@${cluster.name}`);
  const lines = [
    'apiVersion: v1',
    'kind: Config',
    'clusters:',
    `  - name: ${name}`,
    '    cluster:',
    `      server: ${doubleQuoted(cluster.server)}`,
    ...(cluster.tlsServerName === null ? [] : [`      tls-server-name: ${doubleQuoted(cluster.tlsServerName)}`]),
    `      certificate-authority-data: ${base64(cluster.servingCertificateAuthority)}`,
    'users:',
    `  - name: ${user}`,
    '    user:',
    '      exec:',
    '        apiVersion: client.authentication.k8s.io/v1',
    '        command: kubectl-kubepass',
    '        args:',
    '          - get-credential',
    '          - --server',
    `          - ${doubleQuoted(server)}`,
    '          - --cluster',
    `          - ${name}`,
    ...(certificateAuthority === null
      ? []
      : ['          - --certificate-authority-data', `          - ${base64(certificateAuthority)}`]),
    `        installHint: ${doubleQuoted(installHint)}`,
    '        interactiveMode: IfAvailable',
    '        provideClusterInfo: true',
    'contexts:',
    `  - name: ${name}`,
    '    context:',
    `      cluster: ${name}`,
    `      user: ${user}`,
    `current-context: ${name}`,
  ];
  return `${lines.join('\n')}\n`;
}

const base64 = (text: string): string => (text === '' ? '""' : Buffer.from(text, 'utf8').toString('base64'));
