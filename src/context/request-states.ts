import type { CertificateRequest, RequestState } from '../model/certificate-request.js';
import type { Refusal } from '../model/outcome.js';
import type { MoveRequest } from '../store/steps/step.js';
import type { IssuanceContext } from './context.js';

/**
 * The moves that a request can make. `issuing` goes back to `approved` where an attempt was abandoned, and `approved`
 * ends `denied` where policy, asked again before signing, no longer permits it.
 */
const moves: Record<RequestState, readonly RequestState[]> = {
  pending: ['approved', 'denied', 'cancelled', 'expired'],
  approved: ['issuing', 'cancelled', 'expired', 'denied'],
  issuing: ['issued', 'failed', 'approved'],
  issued: [],
  failed: [],
  denied: [],
  cancelled: [],
  expired: [],
};

export function canMove(from: RequestState, to: RequestState): boolean {
  return moves[from].includes(to);
}

/**
 * A compare-and-set on a request. Throws where no request makes that move, so that such a mistake of ours is not
 * stored. An attempt that is taken over stays `issuing`; a request whose approval is not the last one stays `pending`.
 */
export function moveRequest(id: string, from: MoveRequest['from'], to: MoveRequest['to']): MoveRequest {
  const takeover = from.state === 'issuing' && to.state === 'issuing';
  const approval = from.state === 'pending' && to.state === 'pending' && from.approvals !== undefined;
  if (!takeover && !approval && !canMove(from.state, to.state))
    throw new Error(`request ${id} cannot move from ${from.state} to ${to.state}`);
  return { op: 'moveRequest', id, from, to };
}

export function stateConflict(request: CertificateRequest, message: string): Refusal {
  return { kind: 'state-conflict', state: request.state, requestId: request.id, message };
}

/** Somebody else moved the request between reading it and writing to it. */
export function movedOn(request: CertificateRequest): Refusal {
  return stateConflict(request, 'the request has moved on meanwhile: read it again');
}

/**
 * Why a pending or approved request can no longer go on, whether or not it was ended yet: its time is over; or null.
 */
export function lapsed(request: CertificateRequest, now: Date): Refusal | null {
  if (request.expiresAt === null || request.expiresAt > now) return null;
  return stateConflict(request, `the request lapsed at ${request.expiresAt.toISOString()}`);
}

/** Why nothing can be issued for a request whose cluster was taken out of the configuration since; or null. */
export function clusterGone({ clusters }: IssuanceContext, request: CertificateRequest): Refusal | null {
  if (clusters.has(request.cluster)) return null;
  return stateConflict(request, `cluster ${JSON.stringify(request.cluster)} is no longer configured`);
}
