import type { CertificateRequest } from '../../model/certificate-request.js';
import type { ApprovalStage, PrincipalSelector, TraceEntry } from '../../model/decision.js';
import type { CertificateRequestDetails, Evaluation } from '../../services.js';
import type { DecisionBody, RecordedDecisionBody } from './decision.js';
import { blastRadiusView } from './blast-radius-view.js';

export function evaluationView({ decision, facts, policySetDigest, draft, blastRadius }: Evaluation): DecisionBody {
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
    trace: traceView(decision.trace),
    ...(blastRadius !== undefined && { blastRadius: blastRadius && blastRadiusView(blastRadius) }),
  };
}

export function recordedDecisionView(
  { decision, requester }: CertificateRequest,
  recomputed?: CertificateRequestDetails['recomputed'],
): RecordedDecisionBody {
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
    ...(recomputed && { trace: recomputed.trace && traceView(recomputed.trace), traceNote: recomputed.note }),
  };
}

const traceView = (trace: readonly TraceEntry[]): DecisionBody['trace'] =>
  trace.map((entry) => ({ ...entry, checks: entry.checks.map((check) => ({ ...check })) }));

export const stageView = ({ count, approvers }: ApprovalStage): RecordedDecisionBody['stages'][number] => ({
  count,
  ...(approvers && { approvers: approversView(approvers) }),
});

export function approversView({ names, groups, roles }: PrincipalSelector) {
  return {
    ...(names && { names: [...names] }),
    ...(groups && { groups: [...groups] }),
    ...(roles && { roles: [...roles] }),
  };
}
