// Tests src/kubernetes/cluster-error.ts
import { describe, expect, it } from 'vitest';
import { describeAccess, missingAccess } from '../../../src/kubernetes/cluster-error.js';

const csrs = { group: 'certificates.k8s.io', resource: 'certificatesigningrequests' };

describe('missingAccess', () => {
  const missing = (message: string) => {
    const access = missingAccess(message);
    return access === null ? null : describeAccess(access);
  };

  it.each([
    [
      'certificatesigningrequests.certificates.k8s.io is forbidden: User "jane" cannot list resource "certificatesigningrequests" in API group "certificates.k8s.io" at the cluster scope',
      'list certificatesigningrequests.certificates.k8s.io',
    ],
    [
      'certificatesigningrequests.certificates.k8s.io "x" is forbidden: User "jane" cannot update resource "certificatesigningrequests/approval" in API group "certificates.k8s.io" at the cluster scope: certificate revoked',
      'update certificatesigningrequests/approval.certificates.k8s.io',
    ],
    [
      'configmaps "a" is forbidden: User "jane" cannot get resource "configmaps" in API group "" in the namespace "kube-system"',
      'get configmaps in kube-system',
    ],
    [
      'certificatesigningrequests.certificates.k8s.io "x" is forbidden: user not permitted to approve requests with signerName "kubernetes.io/kube-apiserver-client"',
      'approve signers.certificates.k8s.io "kubernetes.io/kube-apiserver-client"',
    ],
    [
      'certificatesigningrequests.certificates.k8s.io "x" is forbidden: use of kubernetes.io/kube-apiserver-client signer with system:masters group is not allowed',
      null,
    ],
  ])('reads %j', (message, expected) => expect(missing(message)).toBe(expected));
});

describe('describeAccess', () => {
  it('names verb, resource and what narrows them', () => {
    expect(describeAccess({ ...csrs, verb: 'create' })).toBe('create certificatesigningrequests.certificates.k8s.io');
    expect(describeAccess({ verb: 'get', group: '', resource: 'configmaps', name: 'a', namespace: 'b' })).toBe(
      'get configmaps "a" in b',
    );
  });
});
