import { quote } from '../../formats/text/quote.js';
import type { DecodedObject, KnownCluster } from '../../model/decoded.js';
import type { CertificateRole, CredentialSource, KubeconfigContent } from '../../model/inspection.js';
import { pathStem } from '../../reading/paths.js';
import { type Anchor, type CertificateNode, isSelfIssued } from '../../relations/certificate-node.js';
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
      const [certificate] = user ? certificatesFrom(user.clientCertificate, kubeconfig, relations) : [];
      if (certificate && ours.every((each) => refuses(each, certificate, relations)))
        report(
          'ClientNotTrusted',
          `the certificate of user ${quote(userName)} does not chain to the client CA of /v1/clusters/${first.name}`,
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

/** Whether a certificate surely does not chain to the client CA of a cluster. */
function refuses(
  { name, clientAuthorities }: KnownCluster,
  certificate: CertificateNode,
  relations: Relations,
): boolean {
  if (clientAuthorities === null || relations.authoritiesOf(name, 'client').length === 0) return false;
  return relations.chainsOf(certificate).every((chain) => {
    const last = chain.nodes.at(-1);
    const open = last !== undefined && relations.issuanceOf(last).outcome === 'unchecked';
    return !open && !isAnchoredIn(chain, name, 'client');
  });
}

const isAnchoredIn = ({ nodes }: Chain, name: string, role: Anchor['role']): boolean =>
  nodes.some(({ anchors }) => anchors.some((anchor) => anchor.cluster === name && anchor.role === role));

/** A cluster of a kubeconfig. */
type KubeconfigClusterContent = KubeconfigContent['clusters'][number];

const certificates = new WeakMap<CredentialSource, readonly CertificateNode[]>();

/** The certificates at a place of a kubeconfig, in their order; kept, because contexts repeat places. */
function certificatesFrom(
  source: CredentialSource,
  kubeconfig: DecodedObject,
  relations: Relations,
): readonly CertificateNode[] {
  if (source.from !== 'data' || source.object === null) return [];
  const known = certificates.get(source);
  if (known !== undefined) return known;
  const stem = pathStem(source.object);
  const found = relations.childrenOf(kubeconfig.path).flatMap((child) => {
    const node = pathStem(child.path) === stem ? relations.certificateOf(child) : undefined;
    return node === undefined ? [] : [node];
  });
  certificates.set(source, found);
  return found;
}

const servers = new WeakMap<KubeconfigClusterContent, readonly CertificateNode[]>();

/**
 * The certificates of the upload that a cluster's server may show: those of API servers that chain to the CA that the
 * kubeconfig holds for it, or the only one of any server that does.
 */
export function servingCertificates(
  cluster: KubeconfigClusterContent,
  kubeconfig: DecodedObject,
  relations: Relations,
): readonly CertificateNode[] {
  let found = servers.get(cluster);
  if (found === undefined) {
    found = findServers(certificatesFrom(cluster.certificateAuthority, kubeconfig, relations), relations);
    servers.set(cluster, found);
  }
  return found;
}

function findServers(trusted: readonly CertificateNode[], relations: Relations): readonly CertificateNode[] {
  if (trusted.length === 0) return [];
  const authorities = new Set(trusted.map(({ fingerprintSha256 }) => fingerprintSha256));
  const isTrusted = (node: CertificateNode): boolean =>
    relations
      .chainsOf(node)
      .some(({ nodes }) => nodes.some(({ fingerprintSha256 }, i) => i > 0 && authorities.has(fingerprintSha256)));
  const ofRole = (role: CertificateRole) =>
    relations.certificates.filter(
      (node) => node.object?.content.type === 'Certificate' && node.object.content.role === role && isTrusted(node),
    );
  const ofApiServers = ofRole('ApiServerServing');
  if (ofApiServers.length > 0) return ofApiServers;
  const ofServers = ofRole('Serving');
  return ofServers.length === 1 ? ofServers : [];
}
