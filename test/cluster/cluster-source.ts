import { findOnPath } from '../../scripts/executables.js';
import { type Binaries, binariesIn, missingBinaries } from './binaries.js';
import { buildTools, toolsAreBuilt } from './tools/build-tools.js';

/** The cluster that the suite runs against. */
export type ClusterSource =
  | { readonly kind: 'binaries'; readonly binaries: Binaries; readonly from: string }
  /** An existing cluster. Its processes must not be stopped. */
  | { readonly kind: 'kubeconfig'; readonly kubeconfig: string; readonly kubectl: string }
  | { readonly kind: 'unavailable'; readonly reason: string };

/**
 * Looks for a control plane: the binaries in `KUBEBUILDER_ASSETS`, or else the cluster of `KUBEPASS_TEST_KUBECONFIG`,
 * or else binaries that are built if Go is installed. Throws if the build fails: this is a failure, not an absence.
 */
export async function findClusterSource(say: (text: string) => void): Promise<ClusterSource> {
  const assets = process.env['KUBEBUILDER_ASSETS'];
  if (assets) {
    const binaries = binariesIn(assets);
    const missing = missingBinaries(binaries);
    if (missing.length === 0) return { kind: 'binaries', binaries, from: 'KUBEBUILDER_ASSETS' };
    // envtest downloads no controller-manager, and without one nothing is signed.
    say(`KUBEBUILDER_ASSETS=${assets} is not used: it lacks ${missing.join(', ')}`);
  }
  const kubeconfig = process.env['KUBEPASS_TEST_KUBECONFIG'];
  if (kubeconfig) {
    const kubectl = findOnPath('kubectl');
    if (kubectl === null) throw new Error('KUBEPASS_TEST_KUBECONFIG is set, but there is no kubectl on the PATH');
    return { kind: 'kubeconfig', kubeconfig, kubectl };
  }
  if (!toolsAreBuilt() && findOnPath('go') === null) {
    return {
      kind: 'unavailable',
      reason:
        'there is no control plane to test against: KUBEBUILDER_ASSETS names no folder with etcd, kube-apiserver, ' +
        'kube-controller-manager and kubectl, KUBEPASS_TEST_KUBECONFIG names no cluster, and without Go they cannot be built',
    };
  }
  const { binaries, version } = await buildTools(say);
  return { kind: 'binaries', binaries, from: `Kubernetes ${version}, built from test/cluster/tools` };
}
