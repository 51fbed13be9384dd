import { succeed } from '../certificate-signing-request.js';
import type { TestCluster } from '../test-cluster.js';
import { type Release, renderRelease } from '../rendered-chart.js';

/** Makes a namespace of level restricted with Secrets, by their names: their values by key. */
export async function makeNamespace(
  cluster: TestCluster,
  namespace: string,
  secrets: Readonly<Record<string, Readonly<Record<string, string>>>>,
): Promise<void> {
  const labels = {
    'pod-security.kubernetes.io/enforce': 'restricted',
    'pod-security.kubernetes.io/enforce-version': 'latest',
  };
  const items = [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace, labels } },
    ...Object.entries(secrets).map(([name, stringData]) => ({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { namespace, name },
      stringData,
    })),
  ];
  await succeed(cluster, ['apply', '--filename=-'], JSON.stringify({ apiVersion: 'v1', kind: 'List', items }));
}

/** Renders an installation and applies it, as `helm install` and `helm upgrade` do. */
export async function apply(cluster: TestCluster, release: Release): Promise<void> {
  const manifests = await renderRelease(release);
  await succeed(cluster, ['apply', '--filename=-'], manifests.map(({ text }) => text).join('\n---\n'));
}
