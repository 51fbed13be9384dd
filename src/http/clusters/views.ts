import type { CertificateAuthorityBundle } from '../../model/cluster.js';
import { missingPermissions, type ClusterProbe } from '../../model/cluster-probe.js';
import { enforcementOf, type Enforcement } from '../../model/enforcement.js';
import type { ClusterView } from '../../issuance/clusters/cluster-service.js';
import type { CertificateAuthoritiesBody, ClusterBody } from './schemas.js';

export function clusterView({ cluster, probe }: ClusterView): ClusterBody {
  return {
    name: cluster.name,
    server: cluster.server,
    signer: cluster.signer,
    allowPrivilegedGroups: [...cluster.allowPrivilegedGroups],
    nameAlphabet: cluster.nameAlphabet,
    readsRoleBindings: cluster.readsRoleBindings,
    revocation: enforcementView(enforcementOf(cluster.revocation, probe && probe.result.revocation)),
    probedAt: probe && probe.probedAt.toISOString(),
    probe: probe && probeView(probe.result),
  };
}

export function enforcementView({ mode, verifiedAt, delaySeconds, continues }: Enforcement): ClusterBody['revocation'] {
  return { mode, verifiedAt: verifiedAt && verifiedAt.toISOString(), delaySeconds, continues: [...continues] };
}

function probeView(probe: ClusterProbe): NonNullable<ClusterBody['probe']> {
  return {
    reachable: probe.reachable,
    version: probe.version,
    username: probe.username,
    permissions: probe.permissions.map(({ permission, purpose, required, held }) => ({
      permission,
      purpose,
      required,
      held,
    })),
    missingPermissions: [...missingPermissions(probe)],
    signs: probe.signs,
    reason: probe.reason,
    message: probe.message,
    advice: probe.advice,
    accepts: probe.accepts,
    acceptedAs: probe.acceptedAs,
    requestId: probe.requestId,
    lifetimeCap: probe.lifetimeCap && { ...probe.lifetimeCap },
    revocation: probe.revocation && { ...probe.revocation },
  };
}

export function certificateAuthorityView({
  pem,
  certificates,
}: CertificateAuthorityBundle): CertificateAuthoritiesBody['serving'] {
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
