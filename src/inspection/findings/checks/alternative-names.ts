import { keyPurpose } from '../../../x509/strict/object-identifiers.js';
import { quote, quoteAll } from '../../../model/quote.js';
import type { CertificateRole } from '../../../model/inspection.js';
import type { CertificateMaterial, SubjectAltNames } from '../../decoded.js';
import { serverHost } from '../../relations/known-clusters.js';
import type { CertificateCheck, Setting, ExaminedCertificate } from '../check.js';
import { servingCertificates } from '../kubeconfig-members.js';

/** By what names and addresses workloads reach an API server, besides the one of its service. */
const kubernetesNames = ['kubernetes', 'kubernetes.default', 'kubernetes.default.svc'];

const serving: ReadonlySet<CertificateRole> = new Set([
  'ApiServerServing',
  'EtcdServer',
  'EtcdPeer',
  'KubeletServing',
  'Serving',
] satisfies CertificateRole[]);

const isEmpty = ({ dns, ip, email, uri, others }: SubjectAltNames): boolean =>
  dns.length + ip.length + email.length + uri.length + others === 0;

export const checkAlternativeNames: CertificateCheck = (certificate, setting) => {
  const { content, material, authority } = certificate;
  const { report } = setting;
  if (authority) return;
  const names = material.subjectAltNames;
  const none = names === null || isEmpty(names);
  const isServer = content.role !== null && serving.has(content.role);
  const purposes = material.extKeyUsage ?? [];
  const serverAlone = purposes.includes(keyPurpose.serverAuth) && !purposes.includes(keyPurpose.clientAuth);
  // Null is absent as well as malformed; the latter is told when it is read.
  const absent = none && !content.extensions.some(({ name, value }) => name === 'subjectAltName' && value === null);

  if (absent && (isServer || serverAlone)) report('SubjectAltNameMissing', 'it is for servers and names no host');
  if (!none && content.role === 'User')
    report('SubjectAltNameInUserCertificate', 'it is for a user and names hosts, addresses or mailboxes');
  if (none) return;
  const wildcards = names.dns.filter((name) => name.startsWith('*.'));
  if (wildcards.length > 0 && purposes.includes(keyPurpose.serverAuth))
    report('WildcardName', `it is good for ${quoteAll(wildcards.slice(0, 5))}`);
  if (content.role === 'ApiServerServing') {
    checkKubernetesNames(names, setting);
    checkServers(certificate, names, setting);
  } else if (content.role === 'Serving') checkServers(certificate, names, setting);
};

function checkKubernetesNames({ dns, ip }: SubjectAltNames, { report }: Setting): void {
  const given = new Set(dns.map((name) => name.toLowerCase()));
  const lacking = kubernetesNames.filter((name) => !given.has(name));
  if (lacking.length > 0) report('SubjectAltNameLacksKubernetesNames', `it lacks ${lacking.join(', ')}`);
  else if (ip.length === 0)
    report('SubjectAltNameLacksKubernetesNames', 'it names no address, so it lacks that of the service');
}

/** The servers of the kubeconfigs of the upload that trust its CA, and that no certificate of theirs names. */
function checkServers({ node }: ExaminedCertificate, names: SubjectAltNames, { relations, report }: Setting): void {
  const lacking = new Map<string, string>();
  for (const kubeconfig of relations.kubeconfigs)
    for (const cluster of kubeconfig.content.clusters) {
      const served = servingCertificates(cluster, kubeconfig, relations);
      if (!served.includes(node)) continue;
      const host = cluster.tlsServerName ?? (cluster.server === null ? null : serverHost(cluster.server));
      if (host === null || lacking.has(host) || namesHost(names, host)) continue;
      // Several servers may stand behind one address; one that has the name is enough.
      if (!served.some(({ material }) => isNamedBy(material, host))) lacking.set(host, kubeconfig.path);
    }
  for (const [host, path] of lacking)
    report('SubjectAltNameLacksServer', `it does not name ${quote(host)}, which ${path} connects to`);
}

const isNamedBy = ({ subjectAltNames }: CertificateMaterial, host: string): boolean =>
  subjectAltNames !== null && namesHost(subjectAltNames, host);

/** Whether a certificate with these names is good for that host: RFC 9525 6.3, 6.5. */
function namesHost(names: SubjectAltNames, host: string): boolean {
  const hosts = hostsOf(names);
  if (isAddress(host)) return hosts.has(addressInOneForm(host));
  const wanted = host.toLowerCase();
  const dot = wanted.indexOf('.');
  return hosts.has(wanted) || (dot > 0 && hosts.has(`*${wanted.slice(dot)}`));
}

/** Made once for each certificate, because many names may be compared with many kubeconfigs. */
const hostSets = new WeakMap<SubjectAltNames, ReadonlySet<string>>();

function hostsOf(names: SubjectAltNames): ReadonlySet<string> {
  let hosts = hostSets.get(names);
  if (hosts === undefined) {
    hosts = new Set([
      ...names.dns.map((name) => name.toLowerCase().replace(/\.$/, '')),
      ...names.ip.map(addressInOneForm),
    ]);
    hostSets.set(names, hosts);
  }
  return hosts;
}

const isAddress = (host: string): boolean => host.includes(':') || /^\d+(?:\.\d+){3}$/.test(host);

/** An IPv6 address has several text forms; URLs have the one of RFC 5952. */
function addressInOneForm(address: string): string {
  if (!address.includes(':')) return address;
  try {
    return new URL(`https://[${address}]`).hostname.slice(1, -1);
  } catch {
    return address;
  }
}
