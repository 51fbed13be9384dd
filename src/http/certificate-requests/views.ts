import { awaitedStages } from '../../model/certificate-request.js';
import type { CertificateRequestDetails } from '../../issuance/requests/read-requests.js';
import type { CertificateRequestView } from '../../issuance/requests/request-view.js';
import { certificateView } from '../certificates/schemas.js';
import { blastRadiusView } from './blast-radius.js';
import { approversView, recordedDecisionView } from './decision.js';
import type { CertificateRequestBody } from './schemas.js';
import { instantText } from '../../x509/strict/instant-text.js';

/** The request, with its details if one request is read. */
export function certificateRequestView(
  view: CertificateRequestView & Partial<CertificateRequestDetails>,
  now: Date,
): CertificateRequestBody {
  const { request, certificate, timeline, recomputed, blastRadius } = view;
  return {
    id: request.id,
    state: request.state,
    cluster: request.cluster,
    username: request.username,
    groups: [...request.groups],
    keyAlgorithm: request.keyAlgorithm,
    publicKey: request.publicKey && { ...request.publicKey },
    expirationSeconds: request.expirationSeconds,
    namespace: request.namespace,
    reason: request.reason,
    labels: { ...request.labels },
    requester: request.requester.name,
    collector: request.collector,
    renewalOf: request.renewal?.of ?? null,
    createdAt: instantText(request.createdAt),
    expiresAt: request.expiresAt?.toISOString() ?? null,
    decision: recordedDecisionView(request, recomputed),
    approvals: request.approvals.map(({ principal, at, comment, stage = 0 }) => ({
      principal,
      at: at.toISOString(),
      comment,
      stage,
    })),
    awaiting: awaitedStages(request).map(({ stage, needed, approvers }) => ({
      stage,
      needed,
      ...(approvers && { approvers: approversView(approvers) }),
    })),
    certificate: certificate && certificateView(certificate, now),
    failure: request.failure && { ...request.failure },
    ...(timeline && { timeline: timeline.map((entry) => ({ ...entry, at: entry.at.toISOString() })) }),
    ...(blastRadius !== undefined && { blastRadius: blastRadius && blastRadiusView(blastRadius) }),
  };
}
