import { kubeApiserverClient } from '../kubernetes/csr-object.js';
import type { NeededAccess } from './signer.js';

const csrs = { group: 'certificates.k8s.io', resource: 'certificatesigningrequests' };

/**
 * The access rights that signing takes in a cluster whose own signer signs: `deploy/kubernetes` grants these and no
 * more.
 */
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
