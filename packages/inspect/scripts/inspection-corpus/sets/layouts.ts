import { generateKeyPairSync } from 'node:crypto';
import {
  authority,
  issuerOf,
  type Issuer,
  keyIdentifierOf,
  leafExtensions,
  userCertificate,
  type LeafFields,
} from '../certificates.js';
import { type Fixture, several } from '../fixture.js';
import type { KeyName } from '../keys.js';
import {
  attribute,
  basicConstraints,
  dns,
  extKeyUsage,
  integer,
  ip,
  keyUsage,
  name,
  subjectAltName,
  subjectKeyIdentifier,
  user,
} from '../values.js';
import { pemOf } from './certificates.js';

/** A CA of a layout: an issuer, and its certificate. */
export interface Authority extends Issuer {
  readonly pem: string;
}

export const ca = (subject: Buffer, key: KeyName, more: LeafFields = {}): Authority => ({
  ...issuerOf(subject, key),
  pem: pemOf(authority(subject, key, more)),
});

type Purposes = readonly ('clientAuth' | 'serverAuth')[];
export const client: Purposes = ['clientAuth'];
export const server: Purposes = ['serverAuth'];
export const both: Purposes = ['serverAuth', 'clientAuth'];

/** A certificate and its key in PEM. */
export interface Pair {
  readonly crt: string;
  readonly key: string;
}

/** A leaf with a key of its own. */
export function pair(
  subject: Buffer,
  issuer: Issuer,
  purposes: Purposes,
  names: readonly Buffer[] = [],
  more: LeafFields = {},
): Pair {
  const made = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const publicKey = made.publicKey.export({ type: 'spki', format: 'der' });
  const extensions = leafExtensions(
    issuer,
    extKeyUsage(...purposes),
    ...(names.length === 0 ? [] : [subjectAltName(...names)]),
  );
  const crt = pemOf(userCertificate(subject, 'server', { issuer, publicKey, extensions, ...more }));
  return { crt, key: made.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString() };
}

/** The same without the key, which nobody has afterwards. */
const leaf = (...given: Parameters<typeof pair>): string => pair(...given).crt;

export const kubernetesNames = [
  ...['kubernetes', 'kubernetes.default', 'kubernetes.default.svc', 'kubernetes.default.svc.cluster.local'].map(dns),
  ip(10, 43, 0, 1),
];
export const nodeNames = [dns('node-1'), dns('localhost'), ip(127, 0, 0, 1), ip(10, 0, 0, 1)];

/** k3s and RKE2: `<data dir>/server/tls`. */
function rancher(distribution: 'k3s' | 'rke2'): Readonly<Record<string, string>> {
  const at = (prefix: string) => user(`${prefix}-ca@1780000000`);
  const clientCa = ca(at(`${distribution}-client`), 'root');
  const serverCa = ca(at(`${distribution}-server`), 'intermediate');
  const requestHeaderCa = ca(at(`${distribution}-request-header`), 'other-ca');
  const etcdServerCa = ca(at('etcd-server'), 'bob');
  const etcdPeerCa = ca(at('etcd-peer'), 'eve');
  return {
    'tls/client-ca.crt': clientCa.pem,
    'tls/server-ca.crt': serverCa.pem,
    'tls/request-header-ca.crt': requestHeaderCa.pem,
    'tls/etcd/server-ca.crt': etcdServerCa.pem,
    'tls/etcd/peer-ca.crt': etcdPeerCa.pem,
    'tls/client-admin.crt': leaf(user('system:admin', 'system:masters'), clientCa, client),
    'tls/client-kube-apiserver.crt': leaf(user('system:apiserver', 'system:masters'), clientCa, client),
    'tls/client-controller.crt': leaf(user('system:kube-controller-manager'), clientCa, client),
    'tls/client-scheduler.crt': leaf(user('system:kube-scheduler'), clientCa, client),
    'tls/client-kubelet.crt': leaf(user('system:node:node-1', 'system:nodes'), clientCa, client),
    'tls/serving-kube-apiserver.crt': leaf(user('kube-apiserver'), serverCa, server, [
      ...kubernetesNames,
      ...nodeNames,
    ]),
    'tls/serving-kubelet.crt': leaf(user('node-1'), serverCa, server, nodeNames),
    'tls/client-auth-proxy.crt': leaf(user('system:auth-proxy'), requestHeaderCa, client),
    'tls/etcd/client.crt': leaf(user('etcd-client', 'system:masters'), etcdServerCa, client),
    'tls/etcd/server-client.crt': leaf(user('etcd-server'), etcdServerCa, both, nodeNames),
    'tls/etcd/peer-server-client.crt': leaf(user('etcd-peer'), etcdPeerCa, both, nodeNames),
  };
}

/** minikube: `~/.minikube`. It numbers its certificates 1 and 2, and puts everyone into system:masters. */
function minikube(): Readonly<Record<string, string>> {
  const made = (subject: string, key: KeyName): Authority =>
    ca(user(subject), key, {
      serialNumber: integer(1),
      extensions: [
        keyUsage('digitalSignature', 'keyEncipherment', 'keyCertSign'),
        extKeyUsage('clientAuth', 'serverAuth'),
        basicConstraints(true),
        subjectKeyIdentifier(keyIdentifierOf(key)),
      ],
    });
  const clusterCa = made('minikubeCA', 'root');
  const proxyCa = made('proxyClientCA', 'other-ca');
  const second = { serialNumber: integer(2) };
  const named = (username: string) => user(username, 'system:masters');
  const apiServerNames = [dns('minikubeCA'), dns('control-plane.minikube.internal'), ...kubernetesNames];
  return {
    'minikube/ca.crt': clusterCa.pem,
    'minikube/proxy-client-ca.crt': proxyCa.pem,
    'minikube/client.crt': leaf(named('minikube-user'), clusterCa, both, [], second),
    'minikube/apiserver.crt': leaf(named('minikube'), clusterCa, both, apiServerNames, second),
    'minikube/proxy-client.crt': leaf(named('aggregator'), proxyCa, both, [], second),
  };
}

/** RKE1: `/etc/kubernetes/ssl`. One CA signs for etcd, too. */
function rke1(): Readonly<Record<string, string>> {
  const kubeCa = ca(user('kube-ca'), 'root');
  const requestHeaderCa = ca(user('kube-apiserver-requestheader-ca'), 'other-ca');
  const hosts = [...kubernetesNames, ...nodeNames];
  return {
    'ssl/kube-ca.pem': kubeCa.pem,
    'ssl/kube-apiserver-requestheader-ca.pem': requestHeaderCa.pem,
    'ssl/kube-apiserver.pem': leaf(user('kube-apiserver'), kubeCa, both, hosts),
    'ssl/kube-apiserver-proxy-client.pem': leaf(user('kube-apiserver-proxy-client'), requestHeaderCa, both),
    'ssl/kube-controller-manager.pem': leaf(user('system:kube-controller-manager'), kubeCa, client),
    'ssl/kube-scheduler.pem': leaf(user('system:kube-scheduler'), kubeCa, client),
    'ssl/kube-proxy.pem': leaf(user('system:kube-proxy'), kubeCa, client),
    'ssl/kube-node.pem': leaf(user('system:node', 'system:nodes'), kubeCa, client),
    'ssl/kube-kubelet-10-0-0-1.pem': leaf(user('kube-kubelet-10-0-0-1'), kubeCa, both, nodeNames),
    'ssl/kube-etcd-10-0-0-1.pem': leaf(user('kube-etcd'), kubeCa, both, hosts),
    'ssl/kube-admin.pem': leaf(user('kube-admin', 'system:masters'), kubeCa, client),
  };
}

/** kops: `/srv/kubernetes`, and the folders of etcd-manager. */
function kops(): Readonly<Record<string, string>> {
  const clusterCa = ca(user('kubernetes-ca'), 'root');
  const aggregatorCa = ca(user('apiserver-aggregator-ca'), 'other-ca');
  const etcdClientsCa = ca(user('etcd-clients-ca'), 'bob');
  const etcdPeersCa = ca(user('etcd-peers-ca-main'), 'eve');
  const etcdManagerCa = ca(user('etcd-manager-ca-main'), 'intermediate');
  const etcdNames = [dns('etcd-a'), dns('etcd-a.internal.k8s.corp.example'), ip(127, 0, 0, 1)];
  return {
    'srv/kubernetes/ca.crt': clusterCa.pem,
    'srv/kubernetes/kube-apiserver/apiserver-aggregator-ca.crt': aggregatorCa.pem,
    'etcd-main/etcd-clients-ca.crt': etcdClientsCa.pem,
    'etcd-main/etcd-peers-ca.crt': etcdPeersCa.pem,
    'etcd-main/etcd-manager-ca.crt': etcdManagerCa.pem,
    'srv/kubernetes/kube-apiserver/server.crt': leaf(user('kubernetes-master'), clusterCa, server, kubernetesNames),
    'srv/kubernetes/kube-apiserver/kubelet-api.crt': leaf(user('kubelet-api'), clusterCa, client),
    'srv/kubernetes/kube-apiserver/apiserver-aggregator.crt': leaf(user('aggregator'), aggregatorCa, client),
    'srv/kubernetes/kube-apiserver/etcd-client.crt': leaf(user('kube-apiserver'), etcdClientsCa, client),
    'srv/kubernetes/kubelet-server.crt': leaf(user('i-0a1b2c3d'), clusterCa, server, nodeNames),
    'srv/kubernetes/kubelet.crt': leaf(user('system:node:i-0a1b2c3d', 'system:nodes'), clusterCa, client),
    'srv/kubernetes/kubecfg.crt': leaf(user('kubecfg', 'system:masters'), clusterCa, client),
    'etcd-main/server.crt': leaf(user('etcd-a'), etcdClientsCa, both, etcdNames),
    'etcd-main/me.crt': leaf(user('etcd-a'), etcdPeersCa, both, etcdNames),
    'etcd-main/etcd-manager-server.crt': leaf(user('etcd-manager-server-etcd-a'), etcdManagerCa, both, etcdNames),
  };
}

/**
 * OpenShift: Secrets and ConfigMaps of many namespaces, here one file each. Operators put a time behind what they
 * renew.
 */
function openShift(): Readonly<Record<string, string>> {
  const installed = (commonName: string, key: KeyName): Authority =>
    ca(name(attribute('OU', 'openshift'), attribute('CN', commonName)), key);
  const renewed = (commonName: string, key: KeyName): Authority => ca(user(`${commonName}@1780000000`), key);
  const balancerCa = installed('kube-apiserver-lb-signer', 'root');
  const networkCa = installed('kube-apiserver-service-network-signer', 'intermediate');
  const localCa = installed('kube-apiserver-localhost-signer', 'other-ca');
  const adminCa = installed('admin-kubeconfig-signer', 'rsa-leaf');
  const aggregatorCa = renewed('openshift-kube-apiserver-operator_aggregator-client-signer', 'bob');
  const kubeletCa = renewed('openshift-kube-apiserver-operator_kube-apiserver-to-kubelet-signer', 'eve');
  const etcdCa = renewed('openshift-etcd_etcd-signer', 'jane');
  const csrCa = renewed('kube-csr-signer_', 'p384');
  const serviceCa = renewed('openshift-service-serving-signer', 'server');
  const etcdNames = [dns('localhost'), dns('10.0.0.1'), dns('127.0.0.1'), ip(10, 0, 0, 1), ip(127, 0, 0, 1)];
  const networkNames = [...kubernetesNames, dns('openshift'), dns('openshift.default'), dns('10.43.0.1')];
  return {
    'ca/kube-apiserver-lb-signer.crt': balancerCa.pem,
    'ca/kube-apiserver-service-network-signer.crt': networkCa.pem,
    'ca/kube-apiserver-localhost-signer.crt': localCa.pem,
    'ca/admin-kubeconfig-signer.crt': adminCa.pem,
    'ca/aggregator-client-signer.crt': aggregatorCa.pem,
    'ca/kube-apiserver-to-kubelet-signer.crt': kubeletCa.pem,
    'ca/etcd-signer.crt': etcdCa.pem,
    'ca/csr-signer.crt': csrCa.pem,
    'ca/service-ca.crt': serviceCa.pem,
    'external-loadbalancer.crt': leaf(user('api.ocp.corp.example'), balancerCa, server, [dns('api.ocp.corp.example')]),
    'service-network.crt': leaf(user('10.43.0.1'), networkCa, server, networkNames),
    'localhost.crt': leaf(user('127.0.0.1'), localCa, server, [dns('localhost'), dns('127.0.0.1'), ip(127, 0, 0, 1)]),
    'admin.crt': leaf(user('system:admin', 'system:masters'), adminCa, client),
    'aggregator-client.crt': leaf(user('system:openshift-aggregator'), aggregatorCa, client),
    'kubelet-client.crt': leaf(user('system:kube-apiserver', 'kube-master'), kubeletCa, client),
    'etcd-client.crt': leaf(user('etcd-client', 'etcd-client'), etcdCa, client),
    'etcd-serving-master-0.crt': leaf(
      user('system:etcd-server:master-0', 'system:etcd-servers'),
      etcdCa,
      both,
      etcdNames,
    ),
    'etcd-peer-master-0.crt': leaf(user('system:etcd-peer:master-0', 'system:etcd-peers'), etcdCa, both, etcdNames),
    'kubelet-client-current.pem': leaf(user('system:node:master-0', 'system:nodes'), csrCa, client),
    'kubelet-server-current.pem': leaf(user('system:node:master-0', 'system:nodes'), csrCa, server, nodeNames, {
      serialNumber: integer(0x51, 8, 7, 6, 5, 4, 3, 2),
    }),
    'router-metrics.crt': leaf(user('router.openshift-ingress.svc'), serviceCa, server, [
      dns('router.openshift-ingress.svc'),
    ]),
  };
}

/** Talos: the system's secrets. Its CAs have an organization in the place of a common name. */
function talos(): Readonly<Record<string, string>> {
  const of = (organization: string) => name(attribute('O', organization));
  const clusterCa = ca(of('kubernetes'), 'bob');
  const etcdCa = ca(of('etcd'), 'eve');
  const aggregatorCa = ca(user('front-proxy'), 'jane');
  const talosCa = ca(of('talos'), 'ed25519');
  const apiServerNames = [...kubernetesNames, ...nodeNames];
  return {
    'kubernetes/ca.crt': clusterCa.pem,
    'kubernetes/aggregator-ca.crt': aggregatorCa.pem,
    'etcd/ca.crt': etcdCa.pem,
    'talos/ca.crt': talosCa.pem,
    'kubernetes/apiserver.crt': leaf(user('kube-apiserver', 'kube-master'), clusterCa, server, apiServerNames),
    'kubernetes/apiserver-kubelet-client.crt': leaf(
      user('apiserver-kubelet-client', 'system:masters'),
      clusterCa,
      client,
    ),
    'kubernetes/front-proxy-client.crt': leaf(user('front-proxy-client'), aggregatorCa, client),
    'kubernetes/etcd-client.crt': leaf(user('kube-apiserver'), etcdCa, client),
    'kubernetes/admin.crt': leaf(user('admin', 'system:masters'), clusterCa, client),
    'etcd/server.crt': leaf(user('node-1'), etcdCa, both, nodeNames),
    'etcd/peer.crt': leaf(user('node-1'), etcdCa, both, nodeNames, {
      serialNumber: integer(0x51, 9, 8, 7, 6, 5, 4, 3),
    }),
    'talos/admin.crt': leaf(of('os:admin'), talosCa, client),
  };
}

/** Certificates whose roles their names alone do not tell: of etcd, and what RKE1 signs tokens with. */
function lesserRoles(): Readonly<Record<string, string>> {
  const signer = (commonName: string, key: KeyName) =>
    ca(name(attribute('OU', 'openshift'), attribute('CN', commonName)), key);
  const etcdCa = signer('etcd-signer', 'root');
  const metricCa = signer('etcd-metric-signer', 'intermediate');
  const talosCa = ca(name(attribute('O', 'etcd')), 'eve');
  const corporateCa = ca(user('corp signing'), 'other-ca');
  const kubeCa = ca(user('kube-ca'), 'bob');
  const installed = (role: string) => name(attribute('OU', role), attribute('CN', role));
  return {
    'openshift/etcd-signer.crt': etcdCa.pem,
    'openshift/etcd-metric-signer.crt': metricCa.pem,
    'openshift/secrets/etcd-client/tls.crt': leaf(installed('etcd'), etcdCa, client),
    'openshift/secrets/etcd-metric-client/tls.crt': leaf(installed('etcd-metric'), metricCa, client),
    'talos/etcd/ca.crt': talosCa.pem,
    'talos/etcd/admin.crt': leaf(user('talos'), talosCa, client),
    'rke1/kube-ca.pem': kubeCa.pem,
    'rke1/kube-etcd-10-0-0-1.pem': leaf(user('etcd of node 1'), corporateCa, both, nodeNames) + corporateCa.pem,
    'rke1/of-another-name.pem': leaf(user('kube-etcd'), corporateCa, both, [...nodeNames, ...kubernetesNames]),
    'rke1/kube-service-account-token.pem': leaf(user('kube-service-account-token'), kubeCa, client),
  };
}

/** The PKI of distributions other than kubeadm, made here in their layout. */
export const layoutFixtures: readonly Fixture[] = [
  several('layout-k3s', 'the PKI of k3s', () => rancher('k3s')),
  several('layout-rke2', 'the PKI of RKE2', () => rancher('rke2')),
  several('layout-minikube', 'the PKI of minikube', minikube, ['AsInstalled']),
  several('layout-rke1', 'the PKI of RKE1', rke1),
  several('layout-kops', 'the PKI of kops', kops),
  several('layout-openshift', 'the PKI of OpenShift', openShift, ['AddressAsDnsName']),
  several('layout-talos', 'the PKI of Talos', talos),
  several('layout-lesser-roles', 'certificates for etcd and for the tokens of service accounts', lesserRoles),
];
