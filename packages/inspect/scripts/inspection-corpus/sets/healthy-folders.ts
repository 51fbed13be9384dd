import { generateKeyPairSync } from 'node:crypto';
import { stringify } from 'yaml';
import { authority, issuerOf, keyIdentifierOf, type LeafFields } from '../certificates.js';
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
  subjectKeyIdentifier,
  time,
  user,
} from '../values.js';
import { pemOf } from './certificates.js';
import { pkcs8 } from './keys.js';
import { base64 } from './kubeconfigs.js';
import { type Authority, both, ca, client, kubernetesNames, nodeNames, type Pair, pair, server } from './layouts.js';

type Files = Readonly<Record<string, string>>;

/** A certificate and its key, as files of one name. */
const files = (path: string, { crt, key }: Pair): Files => ({ [`${path}.crt`]: crt, [`${path}.key`]: key });
const caFiles = (path: string, { pem, key }: Authority): Files => files(path, { crt: pem, key: pkcs8(key) });

/** minikube makes its certificates for three years. */
const threeYears = { notBefore: time('2026-11-01'), notAfter: time('2029-10-31') };

interface Access {
  readonly cluster: string;
  readonly server: string;
  readonly ca: object;
  readonly user: string;
  readonly credential: object;
}

/** A kubeconfig as clientcmd of client-go writes it. */
const kubeconfig = ({ cluster, server: url, ca: authorities, user: username, credential }: Access): string =>
  stringify(
    {
      apiVersion: 'v1',
      clusters: [{ cluster: { ...authorities, server: url }, name: cluster }],
      contexts: [{ context: { cluster, user: username }, name: `${username}@${cluster}` }],
      'current-context': `${username}@${cluster}`,
      kind: 'Config',
      users: [{ name: username, user: credential }],
    },
    { lineWidth: 0 },
  );

const caData = ({ pem }: Authority): object => ({ 'certificate-authority-data': base64(pem) });
const pairData = ({ crt, key }: Pair): object => ({
  'client-certificate-data': base64(crt),
  'client-key-data': base64(key),
});
const caFile = (path: string): object => ({ 'certificate-authority': path });
const pairFiles = (certificate: string, key: string): object => ({
  'client-certificate': certificate,
  'client-key': key,
});

const node = 'control-plane-1';

/** kubeadm: `/etc/kubernetes` and the kubelet's folder, on a node that has run `kubeadm init`. */
function kubeadm(cluster: string, host: string): Files {
  const url = `https://${host}:6443`;
  const clusterCa = ca(user('kubernetes'), 'root');
  const etcdCa = ca(user('etcd-ca'), 'intermediate');
  const proxyCa = ca(user('front-proxy-ca'), 'other-ca');
  const kubeletCa = ca(user(`${node}-ca@1793491200`), 'bob', {
    notBefore: time('2026-11-01'),
    notAfter: time('2027-10-31'),
  });
  const tokens = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const kubelet = pair(user(`system:node:${node}`, 'system:nodes'), clusterCa, client);
  const serving = pair(user(`${node}@1793491200`), kubeletCa, server, [dns(node)]);
  const conf = (username: string, credential: object): string =>
    kubeconfig({ cluster, server: url, ca: caData(clusterCa), user: username, credential });
  const component = (username: string, ...groups: readonly string[]): string =>
    conf(username, pairData(pair(user(username, ...groups), clusterCa, client)));
  const current = '/var/lib/kubelet/pki/kubelet-client-current.pem';
  return {
    ...caFiles('etc/kubernetes/pki/ca', clusterCa),
    ...files(
      'etc/kubernetes/pki/apiserver',
      pair(user('kube-apiserver'), clusterCa, server, [...kubernetesNames, ...nodeNames, dns(host)]),
    ),
    ...files(
      'etc/kubernetes/pki/apiserver-kubelet-client',
      pair(user('kube-apiserver-kubelet-client', 'kubeadm:cluster-admins'), clusterCa, client),
    ),
    ...caFiles('etc/kubernetes/pki/front-proxy-ca', proxyCa),
    ...files('etc/kubernetes/pki/front-proxy-client', pair(user('front-proxy-client'), proxyCa, client)),
    ...caFiles('etc/kubernetes/pki/etcd/ca', etcdCa),
    ...files('etc/kubernetes/pki/etcd/server', pair(user(node), etcdCa, both, nodeNames)),
    ...files(
      'etc/kubernetes/pki/etcd/peer',
      pair(user(node), etcdCa, both, nodeNames, { serialNumber: integer(0x52, 9, 8, 7, 6, 5, 4, 3) }),
    ),
    ...files('etc/kubernetes/pki/etcd/healthcheck-client', pair(user('kube-etcd-healthcheck-client'), etcdCa, client)),
    ...files('etc/kubernetes/pki/apiserver-etcd-client', pair(user('kube-apiserver-etcd-client'), etcdCa, client)),
    'etc/kubernetes/pki/sa.key': tokens.privateKey.export({ type: 'pkcs1', format: 'pem' }).toString(),
    'etc/kubernetes/pki/sa.pub': tokens.publicKey.export({ type: 'spki', format: 'pem' }).toString(),
    'etc/kubernetes/admin.conf': component('kubernetes-admin', 'kubeadm:cluster-admins'),
    'etc/kubernetes/super-admin.conf': component('kubernetes-super-admin', 'system:masters'),
    'etc/kubernetes/controller-manager.conf': component('system:kube-controller-manager'),
    'etc/kubernetes/scheduler.conf': component('system:kube-scheduler'),
    'etc/kubernetes/kubelet.conf': conf('default-auth', pairFiles(current, current)),
    'var/lib/kubelet/pki/kubelet.crt': serving.crt + kubeletCa.pem,
    'var/lib/kubelet/pki/kubelet.key': serving.key,
    'var/lib/kubelet/pki/kubelet-client-current.pem': kubelet.crt + kubelet.key,
    'var/lib/kubelet/pki/kubelet-client-2026-11-01-00-00-00.pem': kubelet.crt + kubelet.key,
  };
}

/** kind: the kubeconfigs of a node that kubeadm made, and that of its admin as `kind get kubeconfig` prints it. */
function kind(): Files {
  const made = Object.entries(kubeadm('kind', 'kind-control-plane'));
  const kept = made.filter(([path]) => path.endsWith('.conf') || /\/pki\/(?:ca|apiserver)\.(?:crt|key)$/.test(path));
  const admin = kept.find(([path]) => path.endsWith('/admin.conf'))?.[1] ?? '';
  return {
    ...Object.fromEntries(kept),
    '.kube/config': admin
      .replace('https://kind-control-plane:6443', 'https://127.0.0.1:40001')
      .replaceAll('kubernetes-admin@kind', 'kind-kind')
      .replaceAll('kubernetes-admin', 'kind-kind'),
  };
}

/** k3s: `/var/lib/rancher/k3s` of a server, which is an agent, too, and the kubeconfig for people. */
function k3s(): Files {
  const home = '/var/lib/rancher/k3s';
  // A renewed certificate of k3s begins when its CA began.
  const began = { notBefore: time('2023-01-01') };
  const made = (prefix: string, key: KeyName): Authority =>
    ca(user(`${prefix}-ca@1672531200`), key, { ...began, serialNumber: integer(0), notAfter: time('2032-12-29') });
  const clientCa = made('k3s-client', 'root');
  const serverCa = made('k3s-server', 'intermediate');
  const headerCa = made('k3s-request-header', 'other-ca');
  const etcdServerCa = made('etcd-server', 'bob');
  const etcdPeerCa = made('etcd-peer', 'eve');
  // Each file holds the chain.
  const chained = (issuer: Authority, { crt, key }: Pair): Pair => ({ crt: crt + issuer.pem, key });
  const of = (issuer: Authority, username: string, ...groups: readonly string[]): Pair =>
    chained(issuer, pair(user(username, ...groups), issuer, client, [], began));
  const serving = (username: string, issuer: Authority, purposes: typeof both, names: readonly Buffer[]): Pair =>
    chained(issuer, pair(user(username), issuer, purposes, names, began));
  const admin = of(clientCa, 'system:admin', 'system:masters');
  const kubelet = of(clientCa, `system:node:${node}`, 'system:nodes');
  const proxy = of(clientCa, 'system:kube-proxy');
  const controller = of(clientCa, 'system:k3s-controller');
  const config = (folder: 'server' | 'agent', authorities: string, credential: string): string =>
    kubeconfig({
      cluster: 'local',
      server: 'https://127.0.0.1:6444',
      ca: caFile(`${home}/${folder}/${authorities}`),
      user: 'user',
      credential: pairFiles(`${home}/${folder}/${credential}.crt`, `${home}/${folder}/${credential}.key`),
    });
  const inCred = (file: string, credential: string): Files => ({
    [`server/cred/${file}.kubeconfig`]: config('server', 'tls/server-ca.crt', `tls/${credential}`),
  });
  const inAgent = (file: string, credential: string): Files => ({
    [`agent/${file}.kubeconfig`]: config('agent', 'server-ca.crt', credential),
  });
  const tokens = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({
    type: 'pkcs1',
    format: 'pem',
  });
  return {
    ...caFiles('server/tls/client-ca', clientCa),
    'server/tls/client-ca.nochain.crt': clientCa.pem,
    ...caFiles('server/tls/server-ca', serverCa),
    'server/tls/server-ca.nochain.crt': serverCa.pem,
    ...caFiles('server/tls/request-header-ca', headerCa),
    ...caFiles('server/tls/etcd/server-ca', etcdServerCa),
    ...caFiles('server/tls/etcd/peer-ca', etcdPeerCa),
    ...files('server/tls/client-admin', admin),
    ...files('server/tls/client-supervisor', of(clientCa, 'system:k3s-supervisor', 'system:masters')),
    ...files('server/tls/client-kube-apiserver', of(clientCa, 'system:apiserver', 'system:masters')),
    ...files('server/tls/client-controller', of(clientCa, 'system:kube-controller-manager')),
    ...files('server/tls/client-scheduler', of(clientCa, 'system:kube-scheduler')),
    ...files('server/tls/client-kube-proxy', proxy),
    ...files('server/tls/client-k3s-controller', controller),
    ...files('server/tls/client-k3s-cloud-controller', of(clientCa, 'k3s-cloud-controller-manager')),
    ...files(
      'server/tls/serving-kube-apiserver',
      serving('kube-apiserver', serverCa, server, [...kubernetesNames, ...nodeNames]),
    ),
    ...files('server/tls/client-auth-proxy', of(headerCa, 'system:auth-proxy')),
    ...files('server/tls/etcd/client', of(etcdServerCa, 'etcd-client')),
    ...files(
      'server/tls/etcd/server-client',
      serving('etcd-server', etcdServerCa, both, [dns('kine.sock'), ...nodeNames]),
    ),
    ...files(
      'server/tls/etcd/peer-server-client',
      serving('etcd-peer', etcdPeerCa, both, [dns('kine.sock'), ...nodeNames]),
    ),
    'server/tls/service.key': tokens.toString(),
    'server/tls/service.current.key': tokens.toString(),
    ...inCred('admin', 'client-admin'),
    ...inCred('supervisor', 'client-supervisor'),
    ...inCred('api-server', 'client-kube-apiserver'),
    ...inCred('controller', 'client-controller'),
    ...inCred('scheduler', 'client-scheduler'),
    ...inCred('cloud-controller', 'client-k3s-cloud-controller'),
    'agent/client-ca.crt': clientCa.pem,
    'agent/server-ca.crt': serverCa.pem,
    ...files('agent/client-kubelet', kubelet),
    ...files('agent/client-kube-proxy', proxy),
    ...files('agent/client-k3s-controller', controller),
    ...files('agent/serving-kubelet', serving(node, serverCa, server, nodeNames)),
    ...inAgent('kubelet', 'client-kubelet'),
    ...inAgent('kubeproxy', 'client-kube-proxy'),
    ...inAgent('k3scontroller', 'client-k3s-controller'),
    'k3s.yaml': kubeconfig({
      cluster: 'default',
      server: 'https://127.0.0.1:6443',
      ca: caData(serverCa),
      user: 'default',
      credential: pairData(admin),
    }),
  };
}

const minikubeCa = (subject: string, key: KeyName): Authority =>
  ca(user(subject), key, {
    serialNumber: integer(1),
    extensions: [
      keyUsage('digitalSignature', 'keyEncipherment', 'keyCertSign'),
      extKeyUsage('clientAuth', 'serverAuth'),
      basicConstraints(true),
      subjectKeyIdentifier(keyIdentifierOf(key)),
    ],
  });

/** minikube: `~/.minikube`, with what its machines use for Docker, and the kubeconfig that refers to it. */
function minikube(): Files {
  const clusterCa = minikubeCa('minikubeCA', 'root');
  const proxyCa = minikubeCa('proxyClientCA', 'other-ca');
  const made: LeafFields = { ...threeYears, serialNumber: integer(2) };
  const named = (username: string): Buffer => user(username, 'system:masters');
  const profile = '.minikube/profiles/minikube';
  const of = (organization: string): Buffer => name(attribute('O', organization));
  const dockerCa: Authority = {
    ...issuerOf(of('jane'), 'intermediate'),
    pem: pemOf(authority(of('jane'), 'intermediate', threeYears)),
  };
  const docker = pair(of('jane.<bootstrap>'), dockerCa, client, [], threeYears);
  const machine = pair(of('jane.minikube'), dockerCa, server, nodeNames, threeYears);
  const home = '/home/jane/.minikube';
  return {
    ...caFiles('.minikube/ca', clusterCa),
    ...caFiles('.minikube/proxy-client-ca', proxyCa),
    '.minikube/certs/ca.pem': dockerCa.pem,
    '.minikube/certs/ca-key.pem': pkcs8('intermediate'),
    '.minikube/certs/cert.pem': docker.crt,
    '.minikube/certs/key.pem': docker.key,
    '.minikube/machines/server.pem': machine.crt,
    '.minikube/machines/server-key.pem': machine.key,
    ...files(`${profile}/client`, pair(named('minikube-user'), clusterCa, both, [], made)),
    ...files(
      `${profile}/apiserver`,
      pair(named('minikube'), clusterCa, both, [...kubernetesNames, dns('minikubeCA'), ip(192, 168, 49, 2)], made),
    ),
    ...files(`${profile}/proxy-client`, pair(named('aggregator'), proxyCa, both, [], made)),
    '.kube/config': kubeconfig({
      cluster: 'minikube',
      server: 'https://192.168.49.2:8443',
      ca: caFile(`${home}/ca.crt`),
      user: 'minikube',
      credential: pairFiles(`${home}/profiles/minikube/client.crt`, `${home}/profiles/minikube/client.key`),
    }),
  };
}

/** The same names and places, each with something that no installer does. */
function unhealthy(): Files {
  const clusterCa = ca(user('kubernetes'), 'root');
  const corporateCa = ca(user('corp signing'), 'other-ca');
  const elsewhere = ca(user('kubernetes'), 'intermediate');
  const developersCa = minikubeCa('minikubeCA', 'bob');
  const of = (username: string, groups: readonly string[], issuer = clusterCa, more: LeafFields = {}): string =>
    pair(user(username, ...groups), issuer, client, [], more).crt;
  const superAdmin = pair(user('kubernetes-super-admin', 'system:masters'), clusterCa, client);
  const config = (authorities: object, credential: object): string =>
    kubeconfig({ cluster: 'kubernetes', server: 'https://10.0.0.1:6443', ca: authorities, user: 'jane', credential });
  return {
    'ca.crt': clusterCa.pem,
    'corp.crt': corporateCa.pem,
    'minikube-ca.crt': developersCa.pem,
    'person-in-masters.crt': of('jane', ['system:masters']),
    'person-in-nodes.crt': of('bob', ['system:nodes']),
    'person-with-role.crt': of('carol', ['cluster-admin']),
    'person-as-admin.crt': of('kubernetes-admin', ['system:masters']),
    'person-by-minikube.crt': of('dave', ['system:masters'], developersCa, { ...threeYears, serialNumber: integer(7) }),
    'scheduler-in-masters.crt': of('system:kube-scheduler', ['system:masters']),
    'scheduler-by-case.crt': of('System:Kube-Scheduler', []),
    'scheduler-expired.crt': of('system:kube-scheduler', ['dev'], clusterCa, {
      notBefore: time('2025-01-01'),
      notAfter: time('2025-12-31'),
    }),
    'scheduler-of-another-ca.crt': of('system:kube-scheduler', ['ops'], elsewhere),
    'kubelet-client-by-corp.crt': of('kube-apiserver-kubelet-client', ['system:masters'], corporateCa),
    'proxy-by-cluster-ca.crt': of('front-proxy-client', []),
    'etcd-client-by-cluster-ca.crt': of('kube-apiserver-etcd-client', ['system:masters']),
    '.kube/config': config(caData(clusterCa), pairData(superAdmin)),
    'half-in-place.kubeconfig': config(
      caFile('/var/lib/rancher/k3s/server/tls/server-ca.crt'),
      pairFiles('/home/jane/jane.crt', '/home/jane/jane.key'),
    ),
    'by-detour.kubeconfig': config(
      caData(clusterCa),
      pairFiles('/var/lib/kubelet/pki/../../jane/jane.crt', '/var/lib/kubelet/pki/../../jane/jane.key'),
    ),
  };
}

/** Whole folders as installers leave them, made here, without one warning; and what must still get one. */
export const healthyFolderFixtures: readonly Fixture[] = [
  several('healthy-kubeadm', '/etc/kubernetes of kubeadm, and the folder of its kubelet', () =>
    kubeadm('kubernetes', 'api.corp.example'),
  ),
  several('healthy-kind', 'a node of kind, and the kubeconfig for its user', kind),
  several('healthy-k3s', '/var/lib/rancher/k3s of a server, and k3s.yaml', k3s),
  several('healthy-minikube', '~/.minikube, and the kubeconfig that refers to it', minikube),
  several('unhealthy-folder', 'names and places of installers that people or other CAs use', unhealthy, [
    'SystemMasters',
    'PrivilegedName',
    'CertificateExpired',
    'IssuerMissing',
    'FilePathWillNotTravel',
    'ValidityTooLong',
    'SerialNumberLowEntropy',
  ]),
];
