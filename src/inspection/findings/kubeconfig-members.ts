import type { CredentialSource, KubeconfigContent } from '../../model/inspection.js';
import type { DecodedObject } from '../decoded.js';
import type { CertificateNode } from '../relations/certificate-node.js';
import { pathStem } from '../relations/path-stem.js';
import type { Relations } from '../relations/relate.js';

/** A cluster of a kubeconfig. */
export type KubeconfigCluster = KubeconfigContent['clusters'][number];

/** The certificates that a kubeconfig holds at a place, in their order. */
export function certificatesFrom(
  source: CredentialSource,
  kubeconfig: DecodedObject,
  relations: Relations,
): readonly CertificateNode[] {
  if (source.from !== 'data' || source.object === null) return [];
  const stem = pathStem(source.object);
  return relations.childrenOf(kubeconfig.path).flatMap((child) => {
    const node = pathStem(child.path) === stem ? relations.certificateOf(child) : undefined;
    return node === undefined ? [] : [node];
  });
}

/**
 * The certificates of the upload that a cluster's server may show: those of API servers that chain to the CA that the
 * kubeconfig holds for it, or the only one of any server that does.
 */
export function servingCertificates(
  cluster: KubeconfigCluster,
  kubeconfig: DecodedObject,
  relations: Relations,
): readonly CertificateNode[] {
  const authorities = new Set(
    certificatesFrom(cluster.certificateAuthority, kubeconfig, relations).map((node) => node.fingerprintSha256),
  );
  if (authorities.size === 0) return [];
  const trusted = (node: CertificateNode): boolean =>
    relations
      .chainsOf(node)
      .some(({ nodes }) => nodes.some(({ fingerprintSha256 }, i) => i > 0 && authorities.has(fingerprintSha256)));
  const ofRole = (role: string) =>
    relations.certificates.filter(
      (node) => node.object?.content.type === 'Certificate' && node.object.content.role === role && trusted(node),
    );
  const ofApiServers = ofRole('ApiServerServing');
  if (ofApiServers.length > 0) return ofApiServers;
  const ofServers = ofRole('Serving');
  return ofServers.length === 1 ? ofServers : [];
}
