import type { CertificateRole, CredentialSource, KubeconfigContent } from '../../model/inspection.js';
import type { DecodedObject } from '../../model/decoded.js';
import type { CertificateNode } from '../../relations/certificate-node.js';
import { pathStem } from '../../reading/paths.js';
import type { Relations } from '../../relations/relations.js';

/** A cluster of a kubeconfig. */
export type KubeconfigClusterContent = KubeconfigContent['clusters'][number];

const certificates = new WeakMap<CredentialSource, readonly CertificateNode[]>();

/** The certificates that a kubeconfig holds at a place, in their order. The result is kept, because contexts repeat places. */
export function certificatesFrom(
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
