import { resolve } from 'node:path';
import { isExecutable } from '../../scripts/executables.js';

const names = ['etcd', 'kube-apiserver', 'kube-controller-manager', 'kubectl'] as const;

/** The paths of the programs of a control plane, and of the client. */
export type Binaries = Readonly<Record<(typeof names)[number], string>>;

export const binariesIn = (folder: string): Binaries => ({
  etcd: resolve(folder, 'etcd'),
  'kube-apiserver': resolve(folder, 'kube-apiserver'),
  'kube-controller-manager': resolve(folder, 'kube-controller-manager'),
  kubectl: resolve(folder, 'kubectl'),
});

/** The names of the programs that are missing. */
export const missingBinaries = (binaries: Binaries): readonly string[] =>
  names.filter((name) => !isExecutable(binaries[name]));
