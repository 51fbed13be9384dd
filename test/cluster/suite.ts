import { describe, inject } from 'vitest';
import { type ControlPlane, type ControlPlaneOptions, startControlPlane } from './control-plane.js';
import { existingCluster, type TestCluster } from './test-cluster.js';

const source = inject('clusterSource');
const shared = inject('sharedCluster');

/** Tests that hold on any cluster that signs; skipped if there is none. */
export const describeCluster = describe.skipIf(source.kind === 'unavailable');

/** Tests that need their own control plane, to configure and to stop it. */
export const describeControlPlane = describe.skipIf(source.kind !== 'binaries');

/** For `describeCluster`: the cluster that all files share. A test leaves it as it was. */
export async function openCluster(): Promise<TestCluster> {
  if (shared === null) throw new Error('there is no cluster');
  return existingCluster(shared, kubectlCommand());
}

/** For `describeControlPlane`. */
export async function openControlPlane(options: ControlPlaneOptions = {}): Promise<ControlPlane> {
  if (source.kind !== 'binaries') throw new Error('there are no binaries to start a control plane from');
  return startControlPlane(source.binaries, options);
}

/** For `describeCluster`: kubectl, which needs no cluster to read a kubeconfig. */
export function kubectlCommand(): string {
  if (source.kind === 'unavailable') throw new Error('there is no kubectl');
  return source.kind === 'kubeconfig' ? source.kubectl : source.binaries.kubectl;
}
