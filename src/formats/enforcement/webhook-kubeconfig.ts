import type { PublicAddress } from '../../model/enforcement.js';
import { doubleQuoted } from '../yaml/double-quoted.js';

/** The file name of the reviewer's token beside the kubeconfig. */
const reviewerTokenName = 'reviewer-token';

/**
 * Renders the kubeconfig with which a cluster's API server asks kubepass. It holds no token: `tokenFile` names the file
 * that an admin puts beside it, and that the API server reads again when it changes.
 */
export function renderWebhookKubeconfig(cluster: string, address: PublicAddress, directory: string): string {
  const { url, certificateAuthority } = address;
  const lines = [
    'apiVersion: v1',
    'kind: Config',
    'clusters:',
    '  - name: kubepass',
    '    cluster:',
    `      server: ${doubleQuoted(`${url}/v1/clusters/${cluster}/access-reviews`)}`,
    ...(certificateAuthority === null
      ? []
      : [`      certificate-authority-data: ${Buffer.from(certificateAuthority, 'utf8').toString('base64')}`]),
    'users:',
    '  - name: kube-apiserver',
    '    user:',
    `      tokenFile: ${doubleQuoted(`${directory}/${reviewerTokenName}`)}`,
    'contexts:',
    '  - name: kubepass',
    '    context:',
    '      cluster: kubepass',
    '      user: kube-apiserver',
    'current-context: kubepass',
  ];
  return `${lines.join('\n')}\n`;
}
