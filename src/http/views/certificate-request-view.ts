import type { BlastRadius } from '../../model/blast-radius.js';
import type { Certificate } from '../../model/certificate.js';
import type { CertificateRequest, TimelineEntry } from '../../model/certificate-request.js';
import type { CertificateRequestBody } from '../schemas/certificate-request.js';
import { blastRadiusView } from './blast-radius-view.js';
import { certificateView } from './certificate-view.js';
import { recordedDecisionView } from './decision-view.js';

export function certificateRequestView(view: {
  readonly request: CertificateRequest;
  readonly certificate: Certificate | null;
  readonly timeline?: readonly TimelineEntry[];
  readonly blastRadius?: BlastRadius | null;
}): CertificateRequestBody {
  const { request, certificate, timeline, blastRadius } = view;
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
    requester: request.requester.name,
    collector: request.collector,
    createdAt: request.createdAt.toISOString(),
    expiresAt: request.expiresAt?.toISOString() ?? null,
    decision: recordedDecisionView(request),
    approvals: request.approvals.map(({ principal, at, comment }) => ({ principal, at: at.toISOString(), comment })),
    certificate: certificate && certificateView(certificate),
    failure: request.failure && { ...request.failure },
    ...(timeline && { timeline: timeline.map((entry) => ({ ...entry, at: entry.at.toISOString() })) }),
    ...(blastRadius !== undefined && { blastRadius: blastRadius && blastRadiusView(blastRadius) }),
  };
}
