import type { ApprovalStage, TraceCheck, TraceEntry, Violation } from '../model/decision.js';

/** How one guardrail or policy judges a request: its line in the trace, and its objections. */
export interface Evaluation {
  readonly entry: TraceEntry;
  readonly violations: readonly Violation[];
  /** The least approval that a guardrail asks for; empty where it asks for none. */
  readonly stages: readonly ApprovalStage[];
}

/** What is being judged by whom, for the trace and the objections. */
export type Judge = Pick<TraceEntry, 'kind' | 'name'>;

/** A check with what a caller is told where it fails: one message for each value that is not permitted. */
export interface Finding {
  readonly check: TraceCheck;
  readonly messages: readonly string[];
}

/** A check that holds where nothing is said against it. `reason` is what the caller is told where something is. */
export function finding(
  check: string,
  expected: string,
  found: string,
  reason: string,
  messages: readonly string[],
): Finding {
  if (messages.length === 0) return { check: { check, passed: true, expected, found }, messages };
  return { check: { check, passed: false, expected, found, reason }, messages };
}

/** A check that could not be made: it does not hold. */
export function failedFinding(check: string, expected: string, message: string): Finding {
  return finding(check, expected, 'could not be evaluated', 'EvaluationFailed', [message]);
}

export function notApplicable(judge: Judge, checks: readonly TraceCheck[]): Evaluation {
  return { entry: { ...judge, verdict: 'notApplicable', checks }, violations: [], stages: [] };
}

/** Permits where all of what the findings check holds; `context` are checks that it does not depend on. */
export function judged(judge: Judge, context: readonly TraceCheck[], findings: readonly Finding[]): Evaluation {
  const checks = [...context];
  const violations: Violation[] = [];
  for (const { check, messages } of findings) {
    checks.push(check);
    for (const message of messages)
      violations.push({ source: judge.name, reason: check.reason ?? 'NotPermitted', message });
  }
  const verdict = violations.length === 0 ? 'permits' : 'denies';
  return { entry: { ...judge, verdict, checks }, violations, stages: [] };
}

/**
 * Fails closed: what cannot be evaluated denies. The error's own text may hold anything and goes nowhere; the trace
 * is recomputed from recorded facts where the cause is looked for.
 */
export function failClosed(judge: Judge, evaluate: () => Evaluation): Evaluation {
  try {
    return evaluate();
  } catch {
    const message = `${judge.kind} "${judge.name}" could not be evaluated`;
    return judged(judge, [], [failedFinding('evaluation', 'completes', message)]);
  }
}
