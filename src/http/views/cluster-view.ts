import type { CertificateAuthority } from '../../model/certificate-authority.js';
import type { Cluster } from '../../model/cluster.js';
import type { CertificateAuthoritiesBody, ClusterBody } from '../schemas/cluster.js';

export function clusterView(cluster: Cluster): ClusterBody {
  return {
    name: cluster.name,
    server: cluster.server,
    signer: cluster.signer,
    allowPrivilegedGroups: [...cluster.allowPrivilegedGroups],
    nameAlphabet: cluster.nameAlphabet,
  };
}

export function certificateAuthorityView({
  pem,
  certificates,
}: CertificateAuthority): CertificateAuthoritiesBody['serving'] {
  return {
    pem,
    certificates: certificates.map((certificate) => ({
      fingerprintSha256: certificate.fingerprintSha256,
      serialNumber: certificate.serialNumber,
      subject: certificate.subject,
      issuer: certificate.issuer,
      notBefore: certificate.notBefore.toISOString(),
      notAfter: certificate.notAfter.toISOString(),
    })),
  };
}
