import { encodeCertificates, type ParsedCertificate } from '@kubepass/x509';
import { type ClientTrust, readClientBundle, readClientTrust } from '../../kubernetes/certificate-authorities.js';
import type { ClusterIssuers } from '../../signing/cluster-issuers.js';

/**
 * Answers the CAs that user certificates of a cluster chain to, as the API servers are to trust them: those that the
 * configuration names, then the anchors of the issuers that are next, active or retiring, once each. Null: there are
 * none. The answer follows the states of the issuers.
 */
export function trustOfIssuers(
  issuers: Pick<ClusterIssuers, 'inStates'>,
  named: ClientTrust | null,
): () => Promise<ClientTrust | null> {
  const first = named === null ? [] : readClientBundle(named.pem);
  let last: { readonly of: readonly ParsedCertificate[]; readonly trust: ClientTrust | null } | null = null;
  return () => {
    const anchors = issuers.inStates('next', 'active', 'retiring').flatMap((issuer) => issuer.anchors);
    const isSame = last?.of.length === anchors.length && anchors.every((anchor, i) => anchor === last?.of[i]);
    if (last === null || !isSame) last = { of: anchors, trust: trustIn([...first, ...anchors]) };
    return Promise.resolve(last.trust);
  };
}

function trustIn(certificates: readonly ParsedCertificate[]): ClientTrust | null {
  const once = new Map(certificates.map((one) => [one.fingerprintSha256, one]));
  const pem = encodeCertificates([...once.values()]);
  return pem === '' ? null : readClientTrust(pem);
}
