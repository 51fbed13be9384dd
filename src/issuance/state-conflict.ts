import type { CertificateRequest } from '../model/certificate-request.js';
import type { Refusal } from '../model/outcome.js';

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
