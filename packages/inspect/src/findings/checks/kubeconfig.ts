import { quote } from '../../formats/text/quote.js';
import type { KnownCluster } from '../../model/decoded.js';
import type { KubeconfigObject, Relations } from '../../relations/relations.js';
import { type Anchor, type CertificateNode, isSelfIssued } from '../../relations/certificate-node.js';
import type { Chain } from '../../relations/find-issuers.js';
import type { Setting } from './check.js';
import { certificatesFrom } from './kubeconfig-members.js';

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
