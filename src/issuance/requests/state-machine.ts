import type { RequestState } from '../../model/certificate-request.js';
import type { MoveRequest } from '../../store/step.js';

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

/**
 * A compare-and-set on a request. Throws where no request makes that move: a mistake of ours, found before it is
 * stored. An attempt that is taken over stays `issuing`; a request whose approval is not the last stays `pending`.
 */
export function moveRequest(id: string, from: MoveRequest['from'], to: MoveRequest['to']): MoveRequest {
  const takeover = from.state === 'issuing' && to.state === 'issuing';
  const approval = from.state === 'pending' && to.state === 'pending' && from.approvals !== undefined;
  if (!takeover && !approval && !canMove(from.state, to.state))
    throw new Error(`request ${id} cannot move from ${from.state} to ${to.state}`);
  return { op: 'moveRequest', id, from, to };
}
