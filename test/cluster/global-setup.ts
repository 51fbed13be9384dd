import type { TestProject } from 'vitest/node';
import { type ClusterSource, findClusterSource } from './cluster-source.js';
import { startControlPlane } from './control-plane.js';

declare module 'vitest' {
  interface ProvidedContext {
    clusterSource: ClusterSource;
    /** The administrator's kubeconfig of the cluster that all files share; null: there is no cluster. */
    sharedCluster: string | null;
  }
}

const say = (text: string): void => console.error(`test:cluster: ${text}`);

/** Runs before any test without a time limit, because a first run may have to build the control plane. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const source = await findClusterSource(say);
  if (source.kind === 'unavailable') say(`SKIPPED, ${source.reason}`);
  else say(source.kind === 'binaries' ? `a control plane from ${source.from}` : `the cluster of ${source.kubeconfig}`);
  project.provide('clusterSource', source);
  // A start takes ten seconds and more of a core, and most files need no cluster of their own.
  const plane = source.kind === 'binaries' ? await startControlPlane(source.binaries) : null;
  const existing = source.kind === 'kubeconfig' ? source.kubeconfig : null;
  project.provide('sharedCluster', plane?.adminKubeconfigPath ?? existing);
  return async () => plane?.stop();
}
