import type { CertificateRole, NameContent } from '../../model/inspection.js';
import type { SubjectAltNames } from '../decoded.js';
import { keyPurpose } from '../../x509/strict/object-identifiers.js';

/** The fields of a certificate that tell its role. */
export interface RoleFacts {
  readonly subject: NameContent;
  readonly issuer: NameContent;
  readonly isCa: boolean;
  /** Dotted; null: anything. */
  readonly extKeyUsage: readonly string[] | null;
  readonly subjectAltNames: SubjectAltNames | null;
}

/**
 * The role of a certificate in a cluster, by the names that kubeadm, k3s and RKE2 give to their certificates; null for
 * a certificate without one. etcd's server and peer can be alike in content: `path` tells them apart.
 */
export function roleOf(facts: RoleFacts, path: string): CertificateRole | null {
  const name = commonName(facts.subject);
  if (facts.isCa) return roleOfCa(name);
  const { client, server } = purposesOf(facts.extKeyUsage);
  return (
    (client ? clientRoles[name] : undefined) ??
    roleInEtcd(name, commonName(facts.issuer), client, server, path) ??
    roleOfNode(name, client, server) ??
    (server ? roleOfServer(facts, name, client) : null) ??
    (client && name !== '' ? 'User' : null)
  );
}

/** The last one, as Go reads it. */
function commonName(name: NameContent): string {
  let last = '';
  for (const rdn of name.rdns) for (const { type, value } of rdn) if (type === 'CN') last = value ?? '';
  return last;
}

const anyExtendedKeyUsage = '2.5.29.37.0';

function purposesOf(extKeyUsage: readonly string[] | null): { readonly client: boolean; readonly server: boolean } {
  const may = (purpose: string): boolean =>
    extKeyUsage === null || extKeyUsage.includes(purpose) || extKeyUsage.includes(anyExtendedKeyUsage);
  return { client: may(keyPurpose.clientAuth), server: may(keyPurpose.serverAuth) };
}

const caRoles: Readonly<Record<string, CertificateRole>> = {
  kubernetes: 'ClusterCA',
  'kubernetes-ca': 'ClusterCA',
  minikubeCA: 'ClusterCA',
  'etcd-ca': 'EtcdCA',
  'front-proxy-ca': 'FrontProxyCA',
  'kubernetes-front-proxy-ca': 'FrontProxyCA',
};

/** k3s and RKE2 put the time of making behind an `@`. */
const rancherCa = /^(?:k3s|rke2)-(client|server|request-header|etcd-server|etcd-peer)-ca(?:@\d+)?$/;
const rancherCaRoles: Readonly<Record<string, CertificateRole>> = {
  client: 'ClusterCA',
  server: 'ClusterCA',
  'request-header': 'FrontProxyCA',
  'etcd-server': 'EtcdCA',
  'etcd-peer': 'EtcdCA',
};

const roleOfCa = (name: string): CertificateRole =>
  caRoles[name] ?? rancherCaRoles[rancherCa.exec(name)?.[1] ?? ''] ?? 'CA';

const clientRoles: Readonly<Record<string, CertificateRole>> = {
  'kube-apiserver-kubelet-client': 'ApiServerKubeletClient',
  'system:apiserver': 'ApiServerKubeletClient',
  'kube-apiserver-etcd-client': 'ApiServerEtcdClient',
  'etcd-client': 'ApiServerEtcdClient',
  'front-proxy-client': 'FrontProxyClient',
  'system:auth-proxy': 'FrontProxyClient',
  'kube-etcd-healthcheck-client': 'EtcdHealthcheckClient',
  'system:kube-controller-manager': 'ControllerManager',
  'system:kube-scheduler': 'Scheduler',
};

const etcdNames: Readonly<Record<string, CertificateRole>> = {
  'kube-etcd': 'EtcdServer',
  'etcd-server': 'EtcdServer',
  'kube-etcd-peer': 'EtcdPeer',
  'etcd-peer': 'EtcdPeer',
};

/** kubeadm gives both certificates of etcd the name of the node. */
function roleInEtcd(name: string, issuer: string, client: boolean, server: boolean, path: string) {
  if (!server) return undefined;
  const byName = etcdNames[name];
  if (byName !== undefined) return byName;
  const isOfEtcd = caRoles[issuer] === 'EtcdCA' || /^(?:k3s|rke2)-etcd-(?:server|peer)-ca(?:@|$)/.test(issuer);
  if (!isOfEtcd) return undefined;
  const isPeer = /etcd-peer-ca/.test(issuer) || (client && /peer[^/]*$/i.test(path));
  return isPeer ? 'EtcdPeer' : 'EtcdServer';
}

function roleOfNode(name: string, client: boolean, server: boolean): CertificateRole | undefined {
  if (!name.startsWith('system:node:')) return undefined;
  if (client) return 'KubeletClient';
  return server ? 'KubeletServing' : undefined;
}

/** Names that an API server has within its cluster, whatever the cluster's domain. */
const apiServerName = /^kubernetes\.default(?:\.svc(?:\..+)?)?$/;

function roleOfServer(facts: RoleFacts, name: string, client: boolean): CertificateRole | null {
  const { dns = [], ip = [] } = facts.subjectAltNames ?? {};
  if (name === 'kube-apiserver' || dns.some((host) => apiServerName.test(host))) return 'ApiServerServing';
  // A kubelet that signs for itself puts the time behind its host's name.
  if (/@\d+$/.test(name) && /-ca@\d+$/.test(commonName(facts.issuer))) return 'KubeletServing';
  return !client || dns.length > 0 || ip.length > 0 ? 'Serving' : null;
}
