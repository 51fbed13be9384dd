import type { CertificateRequest } from './certificate-request.js';
import type { ApprovalStage, PrincipalSelector } from './decision.js';

/** A stage that is not full yet: what is still missing of it. */
export interface AwaitedStage {
  /** Its place among the decision's stages, from 0. */
  readonly stage: number;
  /** How many more approvals it takes. */
  readonly needed: number;
  /** From whom; undefined: whoever holds role approver or admin. */
  readonly approvers: PrincipalSelector | undefined;
}

/** A decision that names no stage and wants a person all the same wants one. */
const oneApprover: readonly ApprovalStage[] = [{ count: 1 }];

/** The stages that a pending request goes through, in order, as they were fixed when it was recorded. */
export function approvalStages({ decision }: Pick<CertificateRequest, 'decision'>): readonly ApprovalStage[] {
  return decision.stages.length === 0 ? oneApprover : decision.stages;
}

/**
 * What a pending request still waits for, in order: it is the turn of the first of them. Empty for a request that is
 * not pending.
 */
export function awaitedStages(
  request: Pick<CertificateRequest, 'state' | 'decision' | 'approvals'>,
): readonly AwaitedStage[] {
  if (request.state !== 'pending') return [];
  return approvalStages(request).flatMap(({ count, approvers }, stage) => {
    // One that was recorded before there were several stages counts for the first.
    const given = request.approvals.filter((approval) => (approval.stage ?? 0) === stage).length;
    return given >= count ? [] : [{ stage, needed: count - given, approvers }];
  });
}
