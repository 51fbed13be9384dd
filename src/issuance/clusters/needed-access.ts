import type { Access } from '../../cluster/access.js';
import { kubeApiserverClient } from '../../cluster/csr-object.js';
import { rbacGroup, rbacResources } from '../../cluster/role-bindings.js';
import type { Cluster } from '../../model/cluster.js';

export interface NeededAccess {
  readonly access: Access;
  /** What kubepass does with it. */
  readonly purpose: string;
  /** Nothing can be issued without it. */
  readonly required: boolean;
}

const csrs = { group: 'certificates.k8s.io', resource: 'certificatesigningrequests' };

/** Every access right that signing takes in a cluster whose own signer signs: the RBAC to give it, and no more. */
export const signingAccess: readonly NeededAccess[] = [
  { access: { ...csrs, verb: 'create' }, purpose: 'asking the cluster to sign', required: true },
  {
    access: { ...csrs, verb: 'get' },
    purpose: 'holding an object against what was sent before approving it',
    required: true,
  },
  { access: { ...csrs, verb: 'list' }, purpose: 'finding out what there is before watching it', required: true },
  { access: { ...csrs, verb: 'watch' }, purpose: 'learning of certificates as they are signed', required: true },
  {
    access: { ...csrs, verb: 'update', subresource: 'approval' },
    purpose: 'approving what policy has approved',
    required: true,
  },
  {
    access: { group: 'certificates.k8s.io', resource: 'signers', verb: 'approve', name: kubeApiserverClient },
    purpose: 'approving for the signer of user certificates, and for no other',
    required: true,
  },
  {
    access: { ...csrs, verb: 'delete' },
    purpose: 'making sure that nothing is signed once it was given up',
    required: true,
  },
  {
    access: {
      group: '',
      resource: 'configmaps',
      verb: 'get',
      name: 'extension-apiserver-authentication',
      namespace: 'kube-system',
    },
    purpose: 'reading what user certificates chain to, where clientCertificateAuthority is not configured',
    required: false,
  },
];

/** What reading the role bindings of a cluster takes besides. */
export const roleBindingAccess: readonly NeededAccess[] = rbacResources.flatMap((resource) =>
  (['list', 'watch'] as const).map((verb) => ({
    access: { verb, group: rbacGroup, resource },
    purpose: 'knowing what an identity could do before it is approved, since readRoleBindings is on',
    required: false,
  })),
);

/** All that kubepass uses in this cluster. */
export function neededAccess({ signer, readsRoleBindings }: Cluster): readonly NeededAccess[] {
  return [...(signer === 'kubernetes' ? signingAccess : []), ...(readsRoleBindings ? roleBindingAccess : [])];
}
