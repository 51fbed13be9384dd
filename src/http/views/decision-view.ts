import type { CertificateRequest } from '../../model/certificate-request.js';
import type { ApprovalStage } from '../../model/decision.js';
import type { Evaluation } from '../../services.js';
import type { DecisionBody, RecordedDecisionBody } from '../schemas/decision.js';

export function evaluationView({ decision, facts, policySetDigest, draft }: Evaluation): DecisionBody {
  const permitted = decision.outcome === 'permitted';
  return {
    policySetDigest,
    draft,
    outcome: decision.outcome,
    approval: decision.approval,
    policy: decision.policy,
    stages: permitted ? decision.stages.map(stageView) : [],
    expirationSeconds: permitted ? decision.expirationSeconds : null,
    expiresAfterSeconds: permitted ? decision.expiresAfterSeconds : null,
    quota: permitted ? { ...decision.quota } : {},
    usage: facts.usage ? { ...facts.usage, livePerGroup: { ...facts.usage.livePerGroup } } : null,
    kubeconfig: permitted ? { ...decision.kubeconfig } : { namespace: null, contextName: null },
    violations: decision.violations.map((violation) => ({ ...violation })),
    trace: decision.trace.map((entry) => ({ ...entry, checks: entry.checks.map((check) => ({ ...check })) })),
  };
}

export function recordedDecisionView({ decision, requester }: CertificateRequest): RecordedDecisionBody {
  return {
    outcome: decision.outcome,
    approval: decision.approval,
    policy: decision.policy,
    stages: decision.stages.map(stageView),
    violations: decision.violations.map((violation) => ({ ...violation })),
    verdicts: decision.verdicts.map(({ name, verdict, reasons }) => ({ name, verdict, reasons: [...reasons] })),
    requester: { name: requester.name, groups: [...requester.groups], roles: [...requester.roles] },
    policySetDigest: decision.policySetDigest,
    decidedAt: decision.decidedAt.toISOString(),
  };
}

export function stageView({ count, approvers }: ApprovalStage): RecordedDecisionBody['stages'][number] {
  if (approvers === undefined) return { count };
  const { names, groups, roles } = approvers;
  return {
    count,
    approvers: {
      ...(names && { names: [...names] }),
      ...(groups && { groups: [...groups] }),
      ...(roles && { roles: [...roles] }),
    },
  };
}
