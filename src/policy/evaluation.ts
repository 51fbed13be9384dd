import type { TraceCheck, TraceEntry, Violation } from '../model/decision.js';

/** How one guardrail or policy judges a request: its line in the trace, and its objections. */
export interface Evaluation {
  readonly entry: TraceEntry;
  readonly violations: readonly Violation[];
}

/** What is being judged by whom, for the trace and the objections. */
export type Judge = Pick<TraceEntry, 'kind' | 'name'>;

export function notApplicable(judge: Judge, checks: readonly TraceCheck[]): Evaluation {
  return { entry: { ...judge, verdict: 'notApplicable', checks }, violations: [] };
}

/** Permits where nothing is objected. */
export function judged(
  judge: Judge,
  checks: readonly TraceCheck[],
  objections: readonly Omit<Violation, 'source'>[],
): Evaluation {
  return {
    entry: { ...judge, verdict: objections.length === 0 ? 'permits' : 'denies', checks },
    violations: objections.map((objection) => ({ source: judge.name, ...objection })),
  };
}

/**
 * Fails closed: what cannot be evaluated denies. The error's own text may hold anything and goes nowhere; the trace
 * is recomputed from recorded facts where the cause is looked for.
 */
export function failClosed(judge: Judge, evaluate: () => Evaluation): Evaluation {
  try {
    return evaluate();
  } catch {
    const check = { check: 'evaluation', passed: false, expected: 'completes', found: 'failed' };
    const message = `${judge.kind} "${judge.name}" could not be evaluated`;
    return judged(judge, [check], [{ reason: 'EvaluationFailed', message }]);
  }
}
