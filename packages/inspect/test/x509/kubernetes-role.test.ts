// Tests packages/inspect/src/x509/kubernetes-role.ts
import { describe, expect, it } from 'vitest';

import {
  basicConstraintsExtension,
  contextPrimitive,
  der,
  extKeyUsageExtension,
  keyPurpose,
  sequence,
  writeExtension,
} from '@kubepass/x509';
import { nameOf, type NameParts } from '../../../x509/test/helpers/certificates.js';
import { rawCertificate } from './build.js';
import { readCertificate } from './decoding.js';

const { clientAuth, serverAuth } = keyPurpose;

interface Kind {
  readonly cn: string;
  readonly o?: readonly string[];
  readonly issuer: string;
  readonly eku?: readonly string[];
  readonly ca?: boolean;
  readonly dns?: readonly string[];
}

const subjectOf = ({ cn, o = [] }: Kind): NameParts => [...o.map((group) => ['O', group] as const), ['CN', cn]];

const certificateOf = (kind: Kind): Buffer =>
  rawCertificate({
    subject: nameOf(subjectOf(kind)),
    issuer: nameOf([['CN', kind.issuer]]),
    extensions: [
      basicConstraintsExtension(kind.ca ?? false),
      ...(kind.eku ? [extKeyUsageExtension(kind.eku)] : []),
      ...(kind.dns
        ? [
            writeExtension(
              '2.5.29.17',
              false,
              sequence(...kind.dns.map((name) => der(contextPrimitive(2), Buffer.from(name)))),
            ),
          ]
        : []),
    ],
  });

const roleOf = (kind: Kind, path = 'it'): string | null => readCertificate(certificateOf(kind), path).content.role;

const apiServerNames = ['cp', 'kubernetes', 'kubernetes.default', 'kubernetes.default.svc'];
const both = [serverAuth, clientAuth];

describe('roleOf', () => {
  it.each<[string, Kind, string]>([
    ['ca.crt', { cn: 'kubernetes', issuer: 'kubernetes', ca: true }, 'ClusterCA'],
    ['etcd/ca.crt', { cn: 'etcd-ca', issuer: 'etcd-ca', ca: true }, 'EtcdCA'],
    ['front-proxy-ca.crt', { cn: 'front-proxy-ca', issuer: 'front-proxy-ca', ca: true }, 'FrontProxyCA'],
    [
      'apiserver.crt',
      { cn: 'kube-apiserver', issuer: 'kubernetes', eku: [serverAuth], dns: apiServerNames },
      'ApiServerServing',
    ],
    [
      'apiserver-kubelet-client.crt',
      { cn: 'kube-apiserver-kubelet-client', o: ['kubeadm:cluster-admins'], issuer: 'kubernetes', eku: [clientAuth] },
      'ApiServerKubeletClient',
    ],
    [
      'apiserver-etcd-client.crt',
      { cn: 'kube-apiserver-etcd-client', issuer: 'etcd-ca', eku: [clientAuth] },
      'ApiServerEtcdClient',
    ],
    [
      'front-proxy-client.crt',
      { cn: 'front-proxy-client', issuer: 'front-proxy-ca', eku: [clientAuth] },
      'FrontProxyClient',
    ],
    ['etcd/server.crt', { cn: 'cp', issuer: 'etcd-ca', eku: both, dns: ['cp', 'localhost'] }, 'EtcdServer'],
    ['etcd/peer.crt', { cn: 'cp', issuer: 'etcd-ca', eku: both, dns: ['cp', 'localhost'] }, 'EtcdPeer'],
    [
      'etcd/healthcheck-client.crt',
      { cn: 'kube-etcd-healthcheck-client', issuer: 'etcd-ca', eku: [clientAuth] },
      'EtcdHealthcheckClient',
    ],
    [
      'kubelet.conf',
      { cn: 'system:node:cp', o: ['system:nodes'], issuer: 'kubernetes', eku: [clientAuth] },
      'KubeletClient',
    ],
    [
      'controller-manager.conf',
      { cn: 'system:kube-controller-manager', issuer: 'kubernetes', eku: [clientAuth] },
      'ControllerManager',
    ],
    ['scheduler.conf', { cn: 'system:kube-scheduler', issuer: 'kubernetes', eku: [clientAuth] }, 'Scheduler'],
    [
      'admin.conf',
      { cn: 'kubernetes-admin', o: ['kubeadm:cluster-admins'], issuer: 'kubernetes', eku: [clientAuth] },
      'User',
    ],
  ])('knows %s of kubeadm', (path, kind, role) => {
    expect(roleOf(kind, path)).toBe(role);
    // Between etcd's two alone the path decides.
    if (role !== 'EtcdPeer') expect(roleOf(kind, 'elsewhere.pem')).toBe(role);
  });

  it.each<[string, Kind, string]>([
    ['ssl/kube-etcd-10-0-0-1.pem', { cn: 'kube-etcd', issuer: 'kube-ca', eku: both }, 'EtcdServerAndPeer'],
    ['of-another-name.pem', { cn: 'kube-etcd', issuer: 'kube-ca', eku: both }, 'EtcdServerAndPeer'],
    ['/etc/kubernetes/ssl/kube-etcd-node1.pem', { cn: 'node1', issuer: 'corp', eku: both }, 'EtcdServerAndPeer'],
    // A peer that is no client is one all the same, and gets a finding for it.
    ['kube-etcd-node1.pem', { cn: 'node1', issuer: 'corp', eku: [serverAuth], dns: ['node1'] }, 'EtcdServerAndPeer'],
    [
      'kube-etcd-client.pem',
      { cn: 'kube-etcd-client', issuer: 'kube-etcd-client-ca', eku: both },
      'ApiServerEtcdClient',
    ],
    ['kube-etcd-ca.pem', { cn: 'kube-etcd-ca', issuer: 'kube-etcd-ca', ca: true }, 'EtcdCA'],
    ['kube-etcd-node1.pem', { cn: 'jane', issuer: 'corp', eku: [clientAuth] }, 'User'],
    ['server.pem', { cn: 'kube-etcd', issuer: 'etcd-ca', eku: both }, 'EtcdServer'],
    ['server.pem', { cn: 'kube-etcd', issuer: 'corp', eku: both }, 'EtcdServerAndPeer'],
    ['ssl/kube-etcd-10-0-0-1.pem[0]', { cn: 'node1', issuer: 'corp', eku: both }, 'EtcdServerAndPeer'],
    ['ssl/kube-etcd-10-0-0-1-key.pem.txt', { cn: 'node1', issuer: 'corp', eku: both, dns: ['node1'] }, 'Serving'],
  ])('knows %s of etcd at RKE1', (path, kind, role) => {
    expect(roleOf(kind, path)).toBe(role);
  });

  it.each<[string, Kind, string]>([
    ['client-ca.crt', { cn: 'k3s-client-ca@1700000000', issuer: 'k3s-client-ca@1700000000', ca: true }, 'ClusterCA'],
    ['server-ca.crt', { cn: 'rke2-server-ca@1700000000', issuer: 'rke2-server-ca@1700000000', ca: true }, 'ClusterCA'],
    ['request-header-ca.crt', { cn: 'k3s-request-header-ca@1700000000', issuer: 'x', ca: true }, 'FrontProxyCA'],
    ['etcd/server-ca.crt', { cn: 'rke2-etcd-server-ca@1700000000', issuer: 'x', ca: true }, 'EtcdCA'],
    ['etcd/peer-ca.crt', { cn: 'k3s-etcd-peer-ca@1700000000', issuer: 'x', ca: true }, 'EtcdCA'],
    [
      'serving-kube-apiserver.crt',
      { cn: 'kube-apiserver', issuer: 'k3s-server-ca@1700000000', eku: [serverAuth], dns: apiServerNames },
      'ApiServerServing',
    ],
    [
      'client-kube-apiserver.crt',
      { cn: 'system:apiserver', o: ['system:masters'], issuer: 'k3s-client-ca@1700000000', eku: [clientAuth] },
      'ApiServerKubeletClient',
    ],
    [
      'client-auth-proxy.crt',
      { cn: 'system:auth-proxy', issuer: 'k3s-request-header-ca@1700000000', eku: [clientAuth] },
      'FrontProxyClient',
    ],
    [
      'etcd/client.crt',
      { cn: 'etcd-client', issuer: 'k3s-etcd-server-ca@1700000000', eku: [clientAuth] },
      'ApiServerEtcdClient',
    ],
    [
      'etcd/server-client.crt',
      { cn: 'etcd-server', issuer: 'k3s-etcd-server-ca@1700000000', eku: both, dns: ['cp'] },
      'EtcdServer',
    ],
    [
      'etcd/peer-server-client.crt',
      { cn: 'etcd-peer', issuer: 'k3s-etcd-peer-ca@1700000000', eku: both, dns: ['cp'] },
      'EtcdPeer',
    ],
    [
      'client-kubelet.crt',
      { cn: 'system:node:cp', o: ['system:nodes'], issuer: 'k3s-client-ca@1700000000', eku: [clientAuth] },
      'KubeletClient',
    ],
    [
      'serving-kubelet.crt',
      { cn: 'cp', issuer: 'k3s-server-ca@1700000000', eku: [serverAuth], dns: ['cp'] },
      'KubeletServing',
    ],
    ['etcd/server-ca.crt', { cn: 'etcd-server-ca@1700000000', issuer: 'x', ca: true }, 'EtcdCA'],
    ['etcd/peer-ca.crt', { cn: 'etcd-peer-ca@1700000000', issuer: 'x', ca: true }, 'EtcdCA'],
    [
      'client-admin.crt',
      { cn: 'system:admin', o: ['system:masters'], issuer: 'k3s-client-ca@1700000000', eku: [clientAuth] },
      'User',
    ],
  ])('knows %s of k3s and RKE2', (_, kind, role) => {
    expect(roleOf(kind)).toBe(role);
  });

  it.each<[string, Kind, string | null]>([
    ['a CA that only ends like one of OpenShift', { cn: 'my-etcd-signer', issuer: 'x', ca: true }, 'CA'],
    ['a CA that only begins like one of k3s', { cn: 'k3s-client-cache', issuer: 'x', ca: true }, 'CA'],
    [
      'an aggregator that no front-proxy CA signed',
      { cn: 'aggregator', issuer: 'corporate root', eku: [clientAuth] },
      'User',
    ],
    [
      'an API server for clients that no etcd CA signed',
      { cn: 'kube-apiserver', issuer: 'kubernetes', eku: [clientAuth] },
      'User',
    ],
    [
      "k3s's own server beside those of kubelets",
      { cn: 'k3s', issuer: 'k3s-server-ca@1700000000', eku: [serverAuth], dns: ['k3s.example'] },
      'Serving',
    ],
    ['any other CA', { cn: 'corporate root', issuer: 'corporate root', ca: true }, 'CA'],
    [
      'a kubelet that serves',
      { cn: 'system:node:cp', o: ['system:nodes'], issuer: 'kubernetes', eku: [serverAuth], dns: ['cp'] },
      'KubeletServing',
    ],
    [
      'a kubelet that signs for itself',
      { cn: 'cp@1700000000', issuer: 'cp-ca@1700000000', eku: [serverAuth], dns: ['cp'] },
      'KubeletServing',
    ],
    ['a server', { cn: 'web', issuer: 'kubernetes', eku: [serverAuth], dns: ['web.example'] }, 'Serving'],
    [
      'an API server by its names',
      { cn: 'whatever', issuer: 'x', eku: [serverAuth], dns: ['kubernetes.default.svc.example'] },
      'ApiServerServing',
    ],
    ['a user for anything', { cn: 'jane', issuer: 'kubernetes' }, 'User'],
    ['one with a purpose of its own', { cn: 'jane', issuer: 'kubernetes', eku: ['1.3.6.1.5.5.7.3.3'] }, null],
    [
      'a name without the purpose for it',
      { cn: 'front-proxy-client', issuer: 'front-proxy-ca', eku: [serverAuth] },
      'Serving',
    ],
    ['a client of etcd', { cn: 'talos', issuer: 'etcd-ca', eku: [clientAuth] }, 'EtcdClient'],
    [
      'an API server that OpenShift installed',
      { cn: 'etcd', issuer: 'etcd-signer', eku: [clientAuth] },
      'ApiServerEtcdClient',
    ],
    ['somebody named etcd', { cn: 'etcd', issuer: 'kubernetes', eku: [clientAuth] }, 'User'],
    ['a node of etcd that is a client, too', { cn: 'cp', issuer: 'etcd-ca', eku: both, dns: ['cp'] }, 'EtcdServer'],
    ['kube-proxy', { cn: 'system:kube-proxy', issuer: 'kubernetes', eku: [clientAuth] }, 'KubeProxy'],
    [
      'what RKE1 signs tokens with',
      { cn: 'kube-service-account-token', issuer: 'kube-ca', eku: [clientAuth] },
      'ServiceAccountSigner',
    ],
  ])('tells %s', (_, kind, role) => {
    expect(roleOf(kind)).toBe(role);
  });

  it('takes no organization of a CA for a property of objects', () => {
    const subject = nameOf([['O', 'constructor']]);
    const ca = rawCertificate({ subject, issuer: subject, extensions: [basicConstraintsExtension(true)] });
    expect(readCertificate(ca).content.role).toBe('CA');
  });

  it('takes a self-signed certificate before version 3 for a CA', () => {
    const subject = nameOf([['CN', 'kubernetes']]);
    const old = rawCertificate({ version: null, subject, issuer: subject });
    expect(readCertificate(old).content.role).toBe('ClusterCA');
  });
});
