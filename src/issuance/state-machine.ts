import type { RequestState } from '../model/certificate-request.js';

/**
 * Which moves a request can make. `issuing` goes back to `approved` where an attempt was abandoned, and `approved`
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

export function isFinal(state: RequestState): boolean {
  return moves[state].length === 0;
}
