import type { ClusterCsr } from '../../model/cluster.js';
import type { ClusterCsrBody } from '../schemas/cluster-csr.js';

export function clusterCsrView(csr: ClusterCsr): ClusterCsrBody {
  const { request, certificate } = csr;
  return {
    name: csr.name,
    uid: csr.uid,
    createdAt: csr.createdAt.toISOString(),
    // Never below zero: the cluster's clock may be ahead.
    ageSeconds: Math.max(0, Math.floor((csr.seenAt.getTime() - csr.createdAt.getTime()) / 1000)),
    labels: { ...csr.labels },
    annotations: { ...csr.annotations },
    signerName: csr.signerName,
    username: csr.username,
    groups: [...csr.groups],
    usages: [...csr.usages],
    expirationSeconds: csr.expirationSeconds,
    status: csr.status,
    conditions: csr.conditions.map(({ type, status, reason, message, lastUpdateTime }) => ({
      type,
      status,
      reason,
      message,
      lastUpdateTime: lastUpdateTime && lastUpdateTime.toISOString(),
    })),
    request: {
      subject: request.subject,
      keyAlgorithm: request.keyAlgorithm,
      spkiSha256: request.spkiSha256,
      subjectAltNames: request.subjectAltNames.map(({ type, value }) => ({ type, value })),
      refusal: request.refusal && { reason: request.refusal.reason, message: request.refusal.message },
    },
    certificate: certificate && {
      fingerprintSha256: certificate.fingerprintSha256,
      serialNumber: certificate.serialNumber,
      subject: certificate.subject,
      notBefore: certificate.notBefore.toISOString(),
      notAfter: certificate.notAfter.toISOString(),
    },
    ours: csr.requestId !== null,
    requestId: csr.requestId,
  };
}
