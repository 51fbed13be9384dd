import { attributeType, keyPurpose } from '@kubepass/x509';
import { type NameTree, textsOf } from '@kubepass/x509/tree';
import type { ExtensionFacts } from '../model/decoded.js';
import type { CertificateRole, KubernetesReading, NameAttributeContent, NameContent } from '../model/inspection.js';

/** The attribute from which Kubernetes reads a `uid`, since 1.33. */
export const uidAttribute = '1.3.6.1.4.1.57683.2';
export const anyExtendedKeyUsage = '2.5.29.37.0';

/**
 * The identity that an API server reads from a subject: the last CN, as Go does, all O in order, and a uid where there
 * is exactly one. Null for a subject without a CN, and where the extensions allow no client.
 */
export function kubernetesReading(
  subject: NameTree,
  { basicConstraints, extKeyUsage }: ExtensionFacts,
): Omit<KubernetesReading, 'credentialId'> | null {
  if (!purposesOf(extKeyUsage).client || basicConstraints?.ca === true) return null;
  const username = textsOf(subject, attributeType.commonName).at(-1) ?? '';
  if (username === '') return null;
  const uids = textsOf(subject, uidAttribute);
  return {
    username,
    groups: textsOf(subject, attributeType.organizationName),
    uid: uids.length === 1 && uids[0] !== '' ? (uids[0] ?? null) : null,
  };
}

/** The fields of a certificate that tell its role. */
interface RoleFacts extends Pick<ExtensionFacts, 'extKeyUsage' | 'subjectAltNames'> {
  readonly subject: NameContent;
  readonly issuer: NameContent;
  readonly isCa: boolean;
}

/**
 * The role of a certificate in a cluster, by the names that kubeadm, minikube, k3s, RKE2, RKE1, kops, OpenShift and
 * Talos give to their certificates; null for a certificate without one. Where two are alike in content, `path` tells
 * them apart: etcd's server and peer, and what a kubelet serves with. RKE1's name for a file is enough.
 */
export function roleOf(facts: RoleFacts, path: string): CertificateRole | null {
  const name = commonName(facts.subject);
  if (facts.isCa) return roleOfCa(facts.subject);
  const { client, server } = purposesOf(facts.extKeyUsage);
  return (
    (client ? roleOfClient(name, facts.issuer, server) : undefined) ??
    roleInEtcd(name, facts.issuer, client, server, path) ??
    roleOfNode(name, client, server) ??
    (server ? roleOfServer(facts, name, client, path) : null) ??
    (client && (name !== '' || isOfAnotherApi(facts.subject)) ? 'User' : null)
  );
}

/** The last one, as Go reads it. */
export const commonName = ({ rdns }: NameContent): string =>
  rdns.findLast((rdn) => rdn.some(isCommonName))?.findLast(isCommonName)?.value ?? '';

const isCommonName = ({ type }: NameAttributeContent): boolean => type === 'CN';

export const valuesOf = ({ rdns }: NameContent, wanted: string): readonly string[] =>
  rdns.flat().flatMap(({ type, value }) => (type === wanted ? (value ?? '') : []));

/** Without the extension, a certificate is for anything. */
function purposesOf(extKeyUsage: readonly string[] | null): { readonly client: boolean; readonly server: boolean } {
  const may = (purpose: string): boolean =>
    extKeyUsage === null || extKeyUsage.includes(purpose) || extKeyUsage.includes(anyExtendedKeyUsage);
  return { client: may(keyPurpose.clientAuth), server: may(keyPurpose.serverAuth) };
}

const byName = (names: Readonly<Partial<Record<CertificateRole, readonly string[]>>>) =>
  new Map(Object.entries(names).flatMap(([role, all]) => all.map((name) => [name, role as CertificateRole] as const)));

/** OpenShift's CAs for what API servers serve with, one for each way to reach them. */
const openShiftServing: ReadonlySet<string> = new Set([
  'kube-apiserver-lb-signer',
  'kube-apiserver-localhost-signer',
  'kube-apiserver-service-network-signer',
  'localhost-recovery-serving-signer',
]);

/** k3s and RKE2 begin the names of most of their CAs with their own. */
const ofRancher = (...names: readonly string[]): readonly string[] =>
  names.flatMap((name) => [`k3s-${name}`, `rke2-${name}`]);

const caRoles = byName({
  ClusterCA: [
    ...ofRancher('client-ca', 'server-ca'),
    'kubernetes',
    'kubernetes-ca',
    'minikubeCA',
    // RKE1
    'kube-ca',
    ...openShiftServing,
    'admin-kubeconfig-signer',
    'kube-apiserver-to-kubelet-signer',
    'kube-control-plane-signer',
    'kube-csr-signer',
    'csr-signer-signer',
    'kubelet-signer',
    'kubelet-bootstrap-kubeconfig-signer',
    'node-system-admin-signer',
  ],
  EtcdCA: [
    'etcd-ca',
    // RKE1
    'kube-etcd-ca',
    'kube-etcd-client-ca',
    // k3s and RKE2
    'etcd-server-ca',
    'etcd-peer-ca',
    ...ofRancher('etcd-server-ca', 'etcd-peer-ca'),
    // kops: one for clients, and two of its own for each of its two clusters of etcd
    'etcd-clients-ca',
    ...['main', 'events', 'cilium'].flatMap((cluster) => [`etcd-peers-ca-${cluster}`, `etcd-manager-ca-${cluster}`]),
    // OpenShift
    'etcd-signer',
    'etcd-metric-signer',
  ],
  FrontProxyCA: [
    ...ofRancher('request-header-ca'),
    'front-proxy-ca',
    'kubernetes-front-proxy-ca',
    // minikube
    'proxyClientCA',
    // RKE1
    'kube-apiserver-requestheader-ca',
    // kops
    'apiserver-aggregator-ca',
    // OpenShift
    'aggregator-signer',
    'aggregator-client-signer',
    'aggregator-front-proxy-signer',
    // Talos
    'front-proxy',
  ],
});

/** Talos gives an organization to its CAs, and no common name. */
const talosCaRoles = byName({ ClusterCA: ['kubernetes'], EtcdCA: ['etcd'] });

/**
 * The name of a CA without what is different each time: k3s, RKE2 and OpenShift put the time of making behind an `@`,
 * and OpenShift a namespace before it: `openshift-etcd_etcd-signer@1700000000`.
 */
export const nameOfCa = (name: NameContent): string =>
  commonName(name).replaceAll(/_?@\d+$|_$|^openshift-[a-z-]+_/g, '');

export function roleOfCa(subject: NameContent): CertificateRole {
  const name = nameOfCa(subject);
  if (name !== '') return caRoles.get(name) ?? 'CA';
  const [organization = '', ...others] = valuesOf(subject, 'O');
  return (others.length === 0 ? talosCaRoles.get(organization) : undefined) ?? 'CA';
}

const clientRoles = byName({
  ApiServerKubeletClient: [
    'kube-apiserver-kubelet-client',
    // k3s and RKE2
    'system:apiserver',
    // kops
    'kubelet-api',
    // OpenShift
    'system:kube-apiserver',
    // Talos
    'apiserver-kubelet-client',
  ],
  ApiServerEtcdClient: ['kube-apiserver-etcd-client', 'etcd-client', 'kube-etcd-client'],
  FrontProxyClient: [
    'front-proxy-client',
    // k3s and RKE2
    'system:auth-proxy',
    // RKE1
    'kube-apiserver-proxy-client',
    'system:openshift-aggregator',
  ],
  EtcdHealthcheckClient: ['kube-etcd-healthcheck-client'],
  ControllerManager: ['system:kube-controller-manager'],
  Scheduler: ['system:kube-scheduler'],
  KubeProxy: ['system:kube-proxy'],
  // RKE1 gives one to all nodes.
  KubeletClient: ['system:node'],
  // RKE1 signs the tokens of service accounts with the key of this one, which is for no connection.
  ServiceAccountSigner: ['kube-service-account-token'],
});

function roleOfClient(name: string, issuer: NameContent, server: boolean): CertificateRole | undefined {
  const known = clientRoles.get(name);
  if (known !== undefined) return known;
  const ca = roleOfCa(issuer);
  // minikube and kops
  if (ca === 'FrontProxyCA') return name === 'aggregator' ? 'FrontProxyClient' : undefined;
  if (ca !== 'EtcdCA') return undefined;
  // kops and Talos
  if (name === 'kube-apiserver') return 'ApiServerEtcdClient';
  if (server || name === '') return undefined;
  // OpenShift's installer; any other is an operator's or, as at Talos, the system's own.
  return name === 'etcd' ? 'ApiServerEtcdClient' : 'EtcdClient';
}

const etcdNames = byName({ EtcdServer: ['kube-etcd', 'etcd-server'], EtcdPeer: ['kube-etcd-peer', 'etcd-peer'] });

/** RKE1 gives each node one certificate, with which etcd serves clients and speaks to its peers. */
const rancherEtcdFile = /(?:^|\/)kube-etcd-(?!client\b)[^/]*\.pem(?:\[\d+\])?$/;

/** OpenShift puts the name of a node behind it. */
const openShiftEtcd = /^system:etcd-(server|peer|metric):/;

/** kubeadm gives both certificates of etcd the name of the node. */
function roleInEtcd(
  name: string,
  issuer: NameContent,
  client: boolean,
  server: boolean,
  path: string,
): CertificateRole | undefined {
  if (!server) return undefined;
  const known = etcdNames.get(name);
  const isOfEtcdCa = roleOfCa(issuer) === 'EtcdCA';
  // RKE1 has no CA for etcd alone, also where somebody else signs its requests.
  if ((name === 'kube-etcd' && client && !isOfEtcdCa) || rancherEtcdFile.test(path)) return 'EtcdServerAndPeer';
  if (known !== undefined) return known;
  const ofOpenShift = openShiftEtcd.exec(name)?.[1];
  if (ofOpenShift !== undefined) return ofOpenShift === 'peer' ? 'EtcdPeer' : 'EtcdServer';
  if (!isOfEtcdCa) return undefined;
  // The managers of kops speak to each other as peers do.
  const isPeer = /etcd-(?:peers?|manager)-ca/.test(nameOfCa(issuer)) || (client && /peer[^/]*$/i.test(path));
  return isPeer ? 'EtcdPeer' : 'EtcdServer';
}

function roleOfNode(name: string, client: boolean, server: boolean): CertificateRole | undefined {
  if (name.startsWith('system:node:')) {
    if (client) return 'KubeletClient';
    return server ? 'KubeletServing' : undefined;
  }
  // RKE1
  return server && name.startsWith('kube-kubelet-') ? 'KubeletServing' : undefined;
}

/** Names that an API server has within its cluster, whatever the cluster's domain. */
const apiServerName = /^kubernetes\.default(?:\.svc(?:\..+)?)?$/;

/** `kubernetes-master`: kops. */
const apiServers: ReadonlySet<string> = new Set(['kube-apiserver', 'kubernetes-master']);

function roleOfServer(facts: RoleFacts, name: string, client: boolean, path: string): CertificateRole | null {
  const { dns = [], ip = [] } = facts.subjectAltNames ?? {};
  if (apiServers.has(name) || dns.some((host) => apiServerName.test(host)) || servesOneOfSeveral(facts.issuer))
    return 'ApiServerServing';
  if (isOfKubelet(facts, name, client, path)) return 'KubeletServing';
  return !client || dns.length > 0 || ip.length > 0 ? 'Serving' : null;
}

/**
 * Whether an issuer signs what an API server serves with under some of its names, beside others that do for the rest.
 */
export const servesOneOfSeveral = (issuer: NameContent): boolean => openShiftServing.has(nameOfCa(issuer));

function isOfKubelet({ issuer }: RoleFacts, name: string, client: boolean, path: string): boolean {
  // A kubelet that signs for itself puts the time behind its host's name.
  if (/@\d+$/.test(name) && /-ca@\d+$/.test(commonName(issuer))) return true;
  if (client) return false;
  const isOfServerCa = /^(?:k3s|rke2)-server-ca$/.test(nameOfCa(issuer)) && !/^(?:k3s|rke2)$/.test(name);
  return isOfServerCa || /kubelet[^/]*$/i.test(path);
}

/** Users of Talos's own API (`os:admin`) and of the Docker of minikube's machines have organizations, and no name. */
export function isOfAnotherApi(subject: NameContent): boolean {
  const organizations = valuesOf(subject, 'O');
  const isForeign = (organization: string): boolean =>
    organization.startsWith('os:') || organization.endsWith('.<bootstrap>');
  return commonName(subject) === '' && organizations.length > 0 && organizations.every(isForeign);
}
