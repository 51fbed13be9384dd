import { quote } from '../../formats/text/quote.js';
import type { DecodedObject, KnownCluster } from '../../model/decoded.js';
import type { CertificateRole, CredentialSource, KubeconfigContent } from '../../model/inspection.js';
import { pathStem } from '../../reading/paths.js';
import {
  type Anchor,
  type CertificateNode,
  grouped,
  isSelfIssued,
  octetsKey,
  onceFor,
  placeOf,
  serverHost,
  shortName,
} from '../../relations/certificate-node.js';
import { type Chain, issuersIn } from '../../relations/find-issuers.js';
import type { KubeconfigObject, Relations } from '../../relations/relations.js';
import type { Setting } from './check.js';
import { hostNamesOf } from './host-names.js';

/** Whether a kubeconfig trusts what serves its clusters, and is trusted by those of ours. */
export function checkTrustOfKubeconfig(kubeconfig: KubeconfigObject, setting: Setting): void {
  const { relations, report } = setting;
  const { clusters, contexts, users } = kubeconfig.content;
  const usersOf = new Map<string, Set<string>>();
  for (const { cluster, user } of contexts)
    if (cluster !== null && user !== null) usersOf.set(cluster, (usersOf.get(cluster) ?? new Set()).add(user));
  const byName = new Map(users.map((user) => [user.name, user]));

  for (const { cluster, user, authority } of clientsOfOthers(kubeconfig, relations).values())
    report(
      'ClientOfAnotherAuthority',
      `the certificate of user ${quote(user)} was signed by another CA of the name that cluster ${quote(cluster)} ` +
        `trusts (SHA-256 ${authority.fingerprintSha256})`,
    );
  for (const cluster of clusters) {
    const { name, server, certificateAuthority, insecureSkipTlsVerify } = cluster;
    const ours = server === null ? [] : relations.clustersAt(server);
    const [first] = ours;
    if (first === undefined) {
      if (!insecureSkipTlsVerify) checkServerOfKubeconfig(cluster, kubeconfig, setting);
      continue;
    }
    const trusted = certificatesFrom(certificateAuthority, kubeconfig, relations);
    if (trusted.length > 0 && !insecureSkipTlsVerify && !ours.some((each) => serves(each, trusted, relations)))
      report(
        'ServingAuthorityWrong',
        `cluster ${quote(name)} trusts a CA that is not that of /v1/clusters/${first.name}`,
      );

    for (const userName of usersOf.get(name) ?? []) {
      const user = byName.get(userName);
      const sent = user ? certificatesFrom(user.clientCertificate, kubeconfig, relations) : [];
      const [certificate] = sent;
      if (!certificate || !ours.every((each) => refuses(each, sent, relations))) continue;
      const missing = firstMissing(first, sent, relations);
      report(
        'ClientNotTrusted',
        missing === null
          ? `the certificate of user ${quote(userName)} does not chain to the client CA of /v1/clusters/${first.name}`
          : `the certificate of user ${quote(userName)} chains to the client CA of /v1/clusters/${first.name} only ` +
              `with ${placeOf(missing)}, which does not stand behind it`,
      );
    }
  }
}

/**
 * Whether a certificate beside a kubeconfig is that of its server, and signed by another CA of the name that it trusts:
 * clusters of one installer have CAs of one name, and a cluster that was rebuilt has another one.
 */
function checkServerOfKubeconfig(
  cluster: KubeconfigContent['clusters'][number],
  kubeconfig: KubeconfigObject,
  { relations, report, spend }: Setting,
): void {
  const host = cluster.tlsServerName ?? (cluster.server === null ? null : serverHost(cluster.server));
  const trusted = certificatesFrom(cluster.certificateAuthority, kubeconfig, relations);
  if (host === null || trusted.length === 0) return;
  const names = ({ material }: CertificateNode): boolean => {
    spend();
    return material.subjectAltNames !== null && hostNamesOf(material.subjectAltNames).has(host);
  };
  if (servingCertificates(cluster, kubeconfig, relations).some(names)) return;
  for (const { subject, fingerprintSha256, material } of trusted) {
    const server = (serversByIssuer(relations).get(octetsKey(material.subject)) ?? []).find(
      (node) => isBeside(node, kubeconfig, host, relations) && isOfAnother(node, trusted, relations) && names(node),
    );
    if (server === undefined) continue;
    const [signer] = issuersIn(relations.issuanceOf(server));
    report(
      'ServerOfAnotherAuthority',
      `cluster ${quote(cluster.name)} trusts another CA named ${shortName(subject)} (SHA-256 ${fingerprintSha256}) ` +
        `than the one that signed ${placeOf(server)}, the certificate of its server` +
        `${signer ? `: ${placeOf(signer)}` : ''}; was the cluster rebuilt?`,
    );
    return;
  }
}

/** Clusters have the same private addresses, so a certificate counts only in the folder of a kubeconfig or below. */
function isBeside(
  { object }: CertificateNode,
  { path }: KubeconfigObject,
  host: string,
  { kubeconfigs }: Relations,
): boolean {
  const folderOf = (file: string): string => file.slice(0, file.lastIndexOf('/') + 1);
  const own = folderOf(path);
  const other = folderOf(object?.path ?? '');
  if (own === other) return true;
  return !/^(?:127\.|localhost$|::1$)/.test(host) && (kubeconfigs.length === 1 || other.startsWith(own));
}

/** Whether a key that is none of these surely signed a certificate. */
function isOfAnother(node: CertificateNode, trusted: readonly CertificateNode[], relations: Relations): boolean {
  const issuance = relations.issuanceOf(node);
  if (issuance.outcome !== 'signed') return issuance.outcome === 'missing';
  return !issuance.issuers.some(({ spkiSha256 }) => trusted.some((each) => each.spkiSha256 === spkiSha256));
}

const serversByIssuer = onceFor((relations: Relations) =>
  grouped(relations.certificates, (node) => serverRole(node) && octetsKey(node.material.issuer)),
);

/** A user's certificate, and the CA of the cluster of the same context that has the name of its issuer. */
interface ClientOfAnother {
  readonly user: string;
  readonly cluster: string;
  readonly authority: CertificateNode;
}

/** The certificates of users that another CA signed than the one of that name which their cluster trusts. */
export const clientsOfOthers = onceFor(
  (kubeconfig: KubeconfigObject, relations: Relations): ReadonlyMap<CertificateNode, ClientOfAnother> => {
    const found = new Map<CertificateNode, ClientOfAnother>();
    const { clusters, contexts, users } = kubeconfig.content;
    for (const context of contexts) {
      const cluster = clusters.find(({ name }) => name === context.cluster);
      const user = users.find(({ name }) => name === context.user);
      if (cluster === undefined || user === undefined) continue;
      const trusted = certificatesFrom(cluster.certificateAuthority, kubeconfig, relations);
      const [sent] = certificatesFrom(user.clientCertificate, kubeconfig, relations);
      const authority = sent && trusted.find(({ material }) => material.subject.equals(sent.material.issuer));
      if (authority && isOfAnother(sent, trusted, relations))
        found.set(sent, { user: user.name, cluster: cluster.name, authority });
    }
    return found;
  },
);

/** Whether one of the CAs that a client trusts is, or signed, or is signed by, a serving CA of a cluster. */
function serves({ name }: KnownCluster, trusted: readonly CertificateNode[], relations: Relations): boolean {
  const serving = relations.authoritiesOf(name, 'serving');
  // A cluster whose CA cannot be read, or is signed by one of that name, accuses nobody.
  if (serving.length === 0) return true;
  return trusted.some(
    (node) =>
      serving.some(
        ({ spkiSha256, material }) =>
          spkiSha256 === node.spkiSha256 || (material.issuer.equals(node.material.subject) && !isSelfIssued(material)),
      ) || relations.chainsOf(node).some((chain) => isAnchoredIn(chain, name, 'serving')),
  );
}

/**
 * Whether the first of the certificates that a client sends surely does not chain to the client CA of a cluster through
 * the others: an API server knows no intermediate certificate by itself.
 */
function refuses(
  { name, clientAuthorities }: KnownCluster,
  sent: readonly CertificateNode[],
  relations: Relations,
): boolean {
  const [certificate] = sent;
  if (certificate === undefined || clientAuthorities === null) return false;
  if (relations.authoritiesOf(name, 'client').length === 0) return false;
  return relations.chainsOf(certificate).every(({ nodes }) => {
    const last = nodes.at(-1);
    const open = last !== undefined && relations.issuanceOf(last).outcome === 'unchecked';
    return !open && unsentBelow(nodes, sent, name)?.length !== 0;
  });
}

/** The first certificate that such a client would have to send too; null where no chain leads to the cluster's CA. */
function firstMissing(
  { name }: KnownCluster,
  sent: readonly CertificateNode[],
  relations: Relations,
): CertificateNode | null {
  for (const { nodes } of sent[0] ? relations.chainsOf(sent[0]) : []) {
    const [missing] = unsentBelow(nodes, sent, name) ?? [];
    if (missing !== undefined) return missing;
  }
  return null;
}

/** The certificates of a chain below a client CA of the cluster that are not sent; null where it leads to none. */
function unsentBelow(
  nodes: readonly CertificateNode[],
  sent: readonly CertificateNode[],
  cluster: string,
): readonly CertificateNode[] | null {
  const anchor = nodes.findIndex((node) => isAnchor(node, cluster, 'client'));
  if (anchor < 0) return null;
  const known = new Set(sent.map(({ fingerprintSha256 }) => fingerprintSha256));
  return nodes.slice(0, anchor).filter(({ fingerprintSha256 }) => !known.has(fingerprintSha256));
}

const isAnchoredIn = ({ nodes }: Chain, name: string, role: Anchor['role']): boolean =>
  nodes.some((node) => isAnchor(node, name, role));

const isAnchor = ({ anchors }: CertificateNode, name: string, role: Anchor['role']): boolean =>
  anchors.some((anchor) => anchor.cluster === name && anchor.role === role);

/** The certificates at a place of a kubeconfig, in their order; kept, because contexts repeat places. */
const certificatesFrom = onceFor(
  (source: CredentialSource, kubeconfig: DecodedObject, relations: Relations): readonly CertificateNode[] => {
    if (source.from !== 'data' || source.object === null) return [];
    const stem = pathStem(source.object);
    const there = relations.childrenOf(kubeconfig.path).filter(({ path }) => pathStem(path) === stem);
    return there.flatMap((child) => relations.certificateOf(child) ?? []);
  },
);

/**
 * The certificates of the upload that a cluster's server may show: those of API servers that chain to the CA that the
 * kubeconfig holds for it, or the only one of any server that does.
 */
export const servingCertificates = onceFor(
  (cluster: KubeconfigContent['clusters'][number], kubeconfig: DecodedObject, relations: Relations) =>
    findServers(certificatesFrom(cluster.certificateAuthority, kubeconfig, relations), relations),
);

function findServers(trusted: readonly CertificateNode[], relations: Relations): readonly CertificateNode[] {
  const ofRole = (role: ServerRole) => [
    ...new Set(trusted.flatMap(({ fingerprintSha256 }) => serversBelow(relations)[role].get(fingerprintSha256) ?? [])),
  ];
  const ofApiServers = ofRole('ApiServerServing');
  if (ofApiServers.length > 0) return ofApiServers;
  const ofServers = ofRole('Serving');
  return ofServers.length === 1 ? ofServers : [];
}

type ServerRole = Extract<CertificateRole, 'ApiServerServing' | 'Serving'>;

function serverRole({ object }: CertificateNode): ServerRole | null {
  const role = object?.content.type === 'Certificate' ? object.content.role : null;
  return role === 'ApiServerServing' || role === 'Serving' ? role : null;
}

/** The certificates of servers by the fingerprints of the certificates above them. */
const serversBelow = onceFor((relations: Relations) => {
  const found = {
    ApiServerServing: new Map<string, CertificateNode[]>(),
    Serving: new Map<string, CertificateNode[]>(),
  };
  for (const node of relations.certificates) {
    const role = serverRole(node);
    if (role === null) continue;
    const above = relations.chainsOf(node).flatMap(({ nodes }) => nodes.slice(1));
    for (const fingerprint of new Set(above.map(({ fingerprintSha256 }) => fingerprintSha256))) {
      const { [role]: servers } = found;
      const known = servers.get(fingerprint);
      if (known === undefined) servers.set(fingerprint, [node]);
      else known.push(node);
    }
  }
  return found;
});
