import { attributeType, keyPurpose } from '@kubepass/x509';
import { addressInOneForm, isAddress } from '../../formats/text/addresses.js';
import { isPrivilegedName, isSystemName } from '../../formats/text/privileged-names.js';
import { quote, quoteAll } from '../../formats/text/quote.js';
import type { CertificateMaterial, SubjectAltNames } from '../../model/decoded.js';
import type { CertificateRole } from '../../model/inspection.js';
import { once, serverHost } from '../../relations/certificate-node.js';
import { groupsAsInstalled } from '../../x509/as-installed.js';
import { commonName, isOfAnotherApi, servesOneOfSeveral, uidAttribute } from '../../x509/kubernetes-role.js';
import type { CertificateCheck, ExaminedCertificate, ObjectCheck, Setting } from './check.js';
import { hostNamesOf, whyUnmatchable } from './host-names.js';
import { servingCertificates } from './kubeconfig.js';

/** The attributes that API servers read: username, groups, and since 1.33 a uid. */
const readByKubernetes: ReadonlySet<string> = new Set([
  attributeType.commonName,
  attributeType.organizationName,
  uidAttribute,
]);

/** Checks that a client's subject has a common name, and that a user's has only attributes that Kubernetes reads. */
export const checkSubject: CertificateCheck = ({ content, material, authority, use }, { report }) => {
  const purposes = material.extKeyUsage ?? [];
  const isClient = purposes.includes(keyPurpose.clientAuth) && !purposes.includes(keyPurpose.serverAuth);
  let isNamed = false;
  const others = new Set<string>();
  for (const rdn of content.subject.rdns)
    for (const { oid, type, value } of rdn) {
      if (oid === attributeType.commonName && value !== '') isNamed = true;
      else if (!readByKubernetes.has(oid)) others.add(type);
    }
  // Other APIs read no common name. The client's certificate in a kubeconfig is for Kubernetes in any case.
  const isForKubernetes = use?.as === 'client' || (isClient && !isOfAnotherApi(content.subject));
  if (!authority && isForKubernetes && !isNamed)
    report('NoCommonName', 'it is for a client, and its subject has no common name');
  if (content.role === 'User' && others.size > 0)
    report('UnexpectedSubjectAttribute', `the subject has ${[...others].slice(0, 10).join(', ')}`);
};

/** RFC 5280 7.1 passes over these blanks, as people do. Kubernetes compares names byte by byte. */
const unseenBlanks = /^ | $| {2}/;

/** Whether the username and the groups of a certificate or request look like others, or have rights of the cluster. */
export const checkIdentity: ObjectCheck = ({ path, content }, { report }) => {
  if (content.type !== 'Certificate' && content.type !== 'CertificationRequest') return;
  if (content.kubernetes === null) return;
  const { username, groups } = content.kubernetes;
  const belongs = once(() => (content.type === 'Certificate' ? groupsAsInstalled(content, path) : null));
  const check = (what: string, name: string, isAsInstalled: () => boolean): void => {
    if (unseenBlanks.test(name))
      report('BlankInName', `the ${what} ${quote(name)} has a blank at its beginning or end, or two in a row`);
    // Kubernetes compares the names of groups byte by byte, and so does this check.
    if (what === 'group' && name === 'system:masters')
      report(isAsInstalled() ? 'AsInstalled' : 'SystemMasters', `${quote(username)} is a member of system:masters`);
    else if (isSystemName(name) || isPrivilegedName(name))
      report(isAsInstalled() ? 'AsInstalled' : 'PrivilegedName', `the ${what} ${quote(name)} ${whyPrivileged(name)}`);
  };
  check('username', username, () => belongs() !== null);
  for (const group of groups) check('group', group, () => belongs()?.(group) ?? false);
};

const whyPrivileged = (name: string): string =>
  name === 'cluster-admin'
    ? 'has the name of a ClusterRole, and has its rights only where somebody has bound it to that name'
    : 'is reserved or commonly privileged';

/** Workloads reach an API server by these DNS names, and by the address of its service. */
const kubernetesNames = ['kubernetes', 'kubernetes.default', 'kubernetes.default.svc'];

/** The roles of certificates that servers show. */
const serverRoles: ReadonlySet<CertificateRole> = new Set([
  'ApiServerServing',
  'EtcdServer',
  'EtcdPeer',
  'EtcdServerAndPeer',
  'KubeletServing',
  'Serving',
] satisfies CertificateRole[]);

const isEmpty = ({ dns, ip, email, uri, others }: SubjectAltNames): boolean =>
  dns.length + ip.length + email.length + uri.length + others === 0;

/** Checks that a server's certificate names its hosts, and that a user's certificate names no host. */
export const checkAlternativeNames: CertificateCheck = (certificate, setting) => {
  const { content, material, authority, use } = certificate;
  const { report } = setting;
  if (authority) return;
  const names = material.subjectAltNames;
  const hasNoNames = names === null || isEmpty(names);
  const isServer = content.role !== null && serverRoles.has(content.role);
  const purposes = material.extKeyUsage ?? [];
  const forServers = purposes.includes(keyPurpose.serverAuth);
  const forClients = purposes.includes(keyPurpose.clientAuth);
  // A malformed extension leaves `names` null too. It was reported when it was read, so it does not count as absent.
  const absent =
    hasNoNames && !content.extensions.some(({ name, value }) => name === 'subjectAltName' && value === null);

  if (absent && (isServer || (forServers && !forClients)))
    report('SubjectAltNameMissing', 'it is for servers and names no host');
  else if (absent && forServers && use?.as !== 'client')
    report('ServerPurposeWithoutName', 'it is for servers as well as clients, and names no host');
  if (!hasNoNames && content.role === 'User')
    report('SubjectAltNameInUserCertificate', 'it is for a user and names hosts, addresses or mailboxes');
  if (hasNoNames) return;
  const wildcards = names.dns.filter((name) => name.startsWith('*.') && whyUnmatchable(name) === null);
  if (wildcards.length > 0 && forServers) report('WildcardName', `it is good for ${quoteAll(wildcards.slice(0, 5))}`);
  if (forServers || isServer) {
    checkDnsNames(names, setting);
    const host = commonName(content.subject);
    // A single label is a name for people: kube-apiserver, etcd.
    const isHost = isAddress(host) || (host.includes('.') && whyUnmatchable(host) === null);
    if (isHost && !hostNamesOf(names).has(host))
      report('CommonNameNotAmongNames', `its common name ${quote(host)} is a host that its alternative names lack`);
  }
  if (content.role === 'ApiServerServing') {
    // OpenShift has one certificate for each way to reach an API server, so each of them has only some of the names.
    if (!servesOneOfSeveral(content.issuer)) checkKubernetesNames(names, setting);
    checkServers(certificate, names, setting);
  } else if (content.role === 'Serving') checkServers(certificate, names, setting);
};

/**
 * Checks that clients can match the DNS names. An address among the DNS names does no harm where the certificate has
 * the same address among its addresses.
 */
function checkDnsNames({ dns, ip }: SubjectAltNames, { report }: Setting): void {
  const addresses = new Set(ip.map(addressInOneForm));
  const isAlsoAddress = (name: string): boolean => isAddress(name) && addresses.has(addressInOneForm(name));
  for (const name of dns) {
    const reason = isAlsoAddress(name) ? null : whyUnmatchable(name);
    if (reason !== null) report('DnsNameUnmatchable', `no client matches the DNS name ${quote(name)}: it ${reason}`);
  }
  const alsoAddresses = dns.filter(isAlsoAddress);
  if (alsoAddresses.length > 0)
    report(
      'AddressAsDnsName',
      `it has ${quoteAll(alsoAddresses.slice(0, 5))} among its DNS names as well as among its addresses`,
    );
}

function checkKubernetesNames({ dns, ip }: SubjectAltNames, { report }: Setting): void {
  const given = new Set(dns.map((name) => name.toLowerCase()));
  const lacking = kubernetesNames.filter((name) => !given.has(name));
  if (lacking.length > 0) report('SubjectAltNameLacksKubernetesNames', `it lacks ${lacking.join(', ')}`);
  else if (ip.length === 0)
    report('SubjectAltNameLacksKubernetesNames', 'it names no address, so it lacks that of the service');
}

/**
 * Reports each host that a kubeconfig of the upload connects to, where no certificate of its server names the host.
 * Only servers that may show this certificate count.
 */
function checkServers({ node }: ExaminedCertificate, names: SubjectAltNames, { relations, report }: Setting): void {
  const lacking = new Map<string, string>();
  for (const kubeconfig of relations.kubeconfigs)
    for (const cluster of kubeconfig.content.clusters) {
      const served = servingCertificates(cluster, kubeconfig, relations);
      if (!served.includes(node)) continue;
      const host = cluster.tlsServerName ?? (cluster.server === null ? null : serverHost(cluster.server));
      if (host === null || lacking.has(host) || hostNamesOf(names).has(host)) continue;
      // Several servers may stand behind one address. It is enough that one of their certificates has the name.
      if (!served.some(({ material }) => isNamedBy(material, host))) lacking.set(host, kubeconfig.path);
    }
  for (const [host, path] of lacking)
    report('SubjectAltNameLacksServer', `it does not name ${quote(host)}, which ${path} connects to`);
}

export const isNamedBy = ({ subjectAltNames }: CertificateMaterial, host: string): boolean =>
  subjectAltNames !== null && hostNamesOf(subjectAltNames).has(host);
