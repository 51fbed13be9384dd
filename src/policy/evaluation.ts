import type { ApprovalStage, TraceCheck, TraceEntry, Violation } from '../model/decision.js';
import type { Asked } from './asked.js';

/** How one guardrail or policy judges a request: its line in the trace, and its objections. */
export interface Evaluation {
  readonly entry: TraceEntry;
  readonly violations: readonly Violation[];
  /** The least approval that a guardrail asks for; empty where it asks for none. */
  readonly stages: readonly ApprovalStage[];
}

/** What one guardrail or policy finds, check by check. It grows in place: there are many to a decision. */
export class Findings {
  readonly checks: TraceCheck[] = [];
  readonly violations: Violation[] = [];

  constructor(
    private readonly kind: TraceEntry['kind'],
    private readonly name: string,
  ) {}

  /** A check of whether the rule speaks about the request at all: nothing is said against it where it fails. */
  note(check: string, passed: boolean, expected: string, found: string): void {
    this.checks.push({ check, passed, expected, found });
  }

  holds(check: string, expected: string, found: string): void {
    this.checks.push({ check, passed: true, expected, found });
  }

  /** A check that fails. `reason` is what the caller is told, with a message for each value that is not permitted. */
  fails(check: string, expected: string, found: string, reason: string, ...messages: readonly string[]): void {
    this.checks.push({ check, passed: false, expected, found, reason });
    for (const message of messages) this.objects(reason, message);
  }

  /** A check that could not be made: it does not hold. */
  cannotTell(check: string, expected: string, message: string): void {
    this.fails(check, expected, 'could not be evaluated', 'EvaluationFailed', message);
  }

  objects(reason: string, message: string): void {
    this.violations.push({ source: this.name, reason, message });
  }

  notApplicable(): Evaluation {
    return this.evaluation('notApplicable', none);
  }

  /** Permits where nothing is objected. `stages` is what a guardrail then asks for. */
  judged(stages: readonly ApprovalStage[] = none): Evaluation {
    return this.violations.length === 0 ? this.evaluation('permits', stages) : this.evaluation('denies', none);
  }

  private evaluation(verdict: TraceEntry['verdict'], stages: readonly ApprovalStage[]): Evaluation {
    const { kind, name, checks, violations } = this;
    return { entry: { kind, name, verdict, checks }, violations, stages };
  }
}

const none: readonly ApprovalStage[] = [];

/**
 * Fails closed: what cannot be evaluated denies. The error's own text may hold anything and goes nowhere; the trace
 * is recomputed from recorded facts where the cause is looked for.
 */
export function failClosed<Rule extends { readonly name: string }>(
  kind: TraceEntry['kind'],
  rule: Rule,
  asked: Asked,
  evaluate: (rule: Rule, asked: Asked) => Evaluation,
): Evaluation {
  try {
    return evaluate(rule, asked);
  } catch {
    const findings = new Findings(kind, rule.name);
    findings.cannotTell('evaluation', 'completes', `${kind} "${rule.name}" could not be evaluated`);
    return findings.judged();
  }
}
