import type { CertificateRequest } from '../../model/certificate-request.js';
import type { Refusal } from '../../model/outcome.js';
import type { IssuanceContext } from '../context.js';

export function stateConflict(request: CertificateRequest, message: string): Refusal {
  return { kind: 'state-conflict', state: request.state, requestId: request.id, message };
}

/** Somebody else moved the request between reading it and writing to it. */
export function movedOn(request: CertificateRequest): Refusal {
  return stateConflict(request, 'the request has moved on meanwhile: read it again');
}

/** Why a pending or approved request can no longer go on: its time is over, whether or not it was ended yet; or null. */
export function lapsed(request: CertificateRequest, now: Date): Refusal | null {
  if (request.expiresAt === null || request.expiresAt > now) return null;
  return stateConflict(request, `the request lapsed at ${request.expiresAt.toISOString()}`);
}

/** Why nothing can be issued for a request whose cluster was taken out of the configuration since; or null. */
export function clusterGone({ clusters }: IssuanceContext, request: CertificateRequest): Refusal | null {
  if (clusters.has(request.cluster)) return null;
  return stateConflict(request, `cluster ${JSON.stringify(request.cluster)} is no longer configured`);
}
