import { quote } from '../../formats/text/quote.js';
import type { DecodedObject, KnownCluster } from '../../model/decoded.js';
import type { CertificateRole, CredentialSource, KubeconfigContent } from '../../model/inspection.js';
import { pathStem } from '../../reading/paths.js';
import { type Anchor, type CertificateNode, isSelfIssued, onceFor, placeOf } from '../../relations/certificate-node.js';
import type { Chain } from '../../relations/find-issuers.js';
import type { KubeconfigObject, Relations } from '../../relations/relations.js';
import type { Setting } from './check.js';

/** Whether a kubeconfig that points at a cluster of ours trusts what serves there, and is trusted there. */
export function checkTrustOfKubeconfig(kubeconfig: KubeconfigObject, { relations, report }: Setting): void {
  const { clusters, contexts, users } = kubeconfig.content;
  const usersOf = new Map<string, Set<string>>();
  for (const { cluster, user } of contexts)
    if (cluster !== null && user !== null) usersOf.set(cluster, (usersOf.get(cluster) ?? new Set()).add(user));
  const byName = new Map(users.map((user) => [user.name, user]));

  for (const { name, server, certificateAuthority, insecureSkipTlsVerify } of clusters) {
    const ours = server === null ? [] : relations.clustersAt(server);
    const [first] = ours;
    if (first === undefined) continue;
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

/** The certificates of servers by the fingerprints of the certificates above them. */
const serversBelow = onceFor((relations: Relations) => {
  const found = {
    ApiServerServing: new Map<string, CertificateNode[]>(),
    Serving: new Map<string, CertificateNode[]>(),
  };
  for (const node of relations.certificates) {
    const { content } = node.object ?? {};
    if (content?.type !== 'Certificate' || (content.role !== 'ApiServerServing' && content.role !== 'Serving'))
      continue;
    const above = relations.chainsOf(node).flatMap(({ nodes }) => nodes.slice(1));
    for (const fingerprint of new Set(above.map(({ fingerprintSha256 }) => fingerprintSha256))) {
      const { [content.role]: servers } = found;
      const known = servers.get(fingerprint);
      if (known === undefined) servers.set(fingerprint, [node]);
      else known.push(node);
    }
  }
  return found;
});
