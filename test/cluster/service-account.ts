import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { succeed } from './certificate-signing-request.js';
import type { TestCluster } from './test-cluster.js';

const manifests = fileURLToPath(new URL('../../deploy/kubernetes', import.meta.url));

/** The objects that a cluster operator applies before the service itself: its account and its rights. */
const accessFiles = ['namespace.yaml', 'service-account.yaml', 'rbac.yaml'];

/**
 * Applies the access of `deploy/kubernetes` and returns a kubeconfig with a token of that service account. This is the
 * access that the service has in a pod, and nothing more.
 */
export async function kubeconfigOfServiceAccount(cluster: TestCluster, directory: string): Promise<string> {
  for (const file of accessFiles) await succeed(cluster, ['apply', '--filename', join(manifests, file)]);
  const token = await succeed(cluster, ['create', 'token', 'kubepass', '--namespace=kubepass', '--duration=2h']);
  const file = join(directory, 'kubepass.kubeconfig');
  const kubeconfig = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [
      {
        name: 'real',
        cluster: {
          server: cluster.server,
          'certificate-authority-data': Buffer.from(cluster.caPem).toString('base64'),
        },
      },
    ],
    users: [{ name: 'kubepass', user: { token: token.trim() } }],
    contexts: [{ name: 'real', context: { cluster: 'real', user: 'kubepass' } }],
    'current-context': 'real',
  };
  // JSON is YAML.
  writeFileSync(file, JSON.stringify(kubeconfig), { mode: 0o600 });
  return file;
}
