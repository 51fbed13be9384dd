import { whyNotCount } from '../../identity/permissions.js';
import { approvalStages, awaitedStages, type CertificateRequest } from '../../model/certificate-request.js';
import type { PrincipalSelector } from '../../model/decision.js';
import type { Principal } from '../../model/principal.js';
import { matchesPrincipal } from '../../policy/matches-principal.js';

/** The stage that an approval of the principal counts for, and whether it is the last that is missing; or why for none. */
export type ApprovalTurn =
  { readonly ok: true; readonly stage: number; readonly last: boolean } | { readonly ok: false; readonly why: string };

/**
 * Stages come one after the other, as they were fixed when the request was recorded: an approval counts for the first
 * that is not full, and for no other. Whether the principal may decide on the request at all is `whyNotDecide`.
 */
export function approvalTurn(principal: Principal, request: CertificateRequest): ApprovalTurn {
  const twice = whyNotCount(principal, request);
  if (twice !== null) return { ok: false, why: twice };
  const stages = approvalStages(request).length;
  const [current, ...later] = awaitedStages(request);
  if (current === undefined)
    return { ok: false, why: `the request does not wait for approval, it is ${request.state}` };
  if (isNamed(current.approvers, principal))
    return { ok: true, stage: current.stage, last: later.length === 0 && current.needed === 1 };
  const turn = `it is the turn of stage ${current.stage + 1} of ${stages}, which names other approvers`;
  const own = later.find(({ approvers }) => isNamed(approvers, principal));
  return { ok: false, why: own === undefined ? turn : `${turn}; yours is stage ${own.stage + 1}` };
}

/** Why the principal may not deny a request that it may decide on; null where it may: it is named by one of the stages. */
export function whyNotDeny(principal: Principal, request: CertificateRequest): string | null {
  if (approvalStages(request).some(({ approvers }) => isNamed(approvers, principal))) return null;
  return 'every stage of the approval names others, and only who may approve may deny';
}

const isNamed = (approvers: PrincipalSelector | undefined, principal: Principal): boolean =>
  approvers === undefined || matchesPrincipal(approvers, principal);
