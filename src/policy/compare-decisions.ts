import { isDeepStrictEqual } from 'node:util';
import type { Decision, RecordedDecision, TraceEntry, DecisionFacts } from '../model/decision.js';
import type {
  ReplayChange,
  RecordedRequest,
  Replayed,
  ReplayedRequest,
  ReplaySide,
  RuleDifference,
  UnrecordedFact,
} from '../model/replay.js';
import { decide, type NeededFacts, neededFacts, verdictsOf } from './decide.js';
import type { PolicySet, Policy } from './policy-set.js';
import type { Expression } from './cel/compile-expression.js';
import { compileGlobs } from './selector.js';

/** The answer shows so many of the rules that differ, and so many of the failed checks of each. */
const mostRules = 20;
const mostChecks = 20;
/** An expectation may list a thousand globs, so longer texts are cut off. */
const mostCharacters = 500;

/** Decides recorded requests again under another policy set. */
export class Replayer {
  /** The set in favour of the request, by the facts that are missing. */
  readonly #favourable = new Map<string, PolicySet>();

  constructor(private readonly policySet: PolicySet) {}

  /**
   * Compares the recorded decision with the one that this set gives for the same request, requester, facts and time. If
   * a fact was not recorded and could make a difference, the result is `undecidable`.
   */
  replay(recorded: RecordedRequest): Replayed {
    const request = replayedRequest(recorded);
    try {
      const found = this.#decide(recorded);
      if ('unrecorded' in found) return { kind: 'undecidable', request, facts: found.unrecorded };
      const was = recordedSide(recorded);
      const wouldBe = decidedSide(found);
      const changes = changesBetween(was, wouldBe);
      if (changes.length === 0) return { kind: 'unchanged' };
      const why = differences(recorded.decision, found);
      return {
        kind: 'changed',
        request,
        changes,
        was,
        wouldBe,
        why: why.slice(0, mostRules),
        whyOmitted: Math.max(0, why.length - mostRules),
      };
    } catch {
      return { kind: 'failed', request };
    }
  }

  #decide(recorded: RecordedRequest): Decision | Undecidable {
    const { askedExpirationSeconds: asked } = recorded.decision;
    if (asked !== undefined) return this.#decideAs(recorded, asked);
    // It may have been asked for, or have been left to policy.
    const given = this.#decideAs(recorded, recorded.expirationSeconds);
    const left = this.#decideAs(recorded, null);
    if ('unrecorded' in given) return given;
    if ('unrecorded' in left) return left;
    const same = isDeepStrictEqual(decidedSide(given), decidedSide(left));
    return same ? given : { unrecorded: ['askedExpirationSeconds'] };
  }

  #decideAs(recorded: RecordedRequest, expirationSeconds: number | null): Decision | Undecidable {
    const { cluster, requester, decision } = recorded;
    const { facts, decidedAt } = decision;
    const request = { ...recorded, expirationSeconds };
    const missing = missingFacts(neededFacts(this.policySet, cluster, requester), facts);
    if (missing.length === 0) return decide(request, requester, facts, this.policySet, decidedAt);
    const best = decide(request, requester, facts, this.#inFavour(missing), decidedAt);
    if (best.outcome === 'denied') return best;
    const worst = decide(request, requester, facts, this.policySet, decidedAt);
    return isDeepStrictEqual(decidedSide(best), decidedSide(worst)) ? best : { unrecorded: missing };
  }

  #inFavour(missing: readonly LookedUpFact[]): PolicySet {
    const key = missing.join();
    const known = this.#favourable.get(key) ?? inFavour(this.policySet, missing);
    this.#favourable.set(key, known);
    return known;
  }
}

/** The facts that could make a difference and were not recorded. */
interface Undecidable {
  readonly unrecorded: readonly UnrecordedFact[];
}

function replayedRequest({ id, cluster, username, groups, requester, decision }: RecordedRequest): ReplayedRequest {
  return { id, cluster, username, groups, requester: requester.name, decidedAt: decision.decidedAt };
}

const recordedSide = ({ decision, expirationSeconds }: RecordedRequest): ReplaySide =>
  sideOf(decision, decision.stages, decision.outcome === 'permitted' ? expirationSeconds : null);

const decidedSide = (decision: Decision): ReplaySide =>
  decision.outcome === 'permitted'
    ? sideOf(decision, decision.stages, decision.expirationSeconds)
    : sideOf(decision, [], null);

function sideOf(
  { outcome, approval, policy, violations }: Pick<RecordedDecision, 'outcome' | 'approval' | 'policy' | 'violations'>,
  stages: ReplaySide['stages'],
  expirationSeconds: number | null,
): ReplaySide {
  const reasons = [...new Set(violations.map(({ reason }) => reason))].sort();
  return { outcome, approval, policy, stages, expirationSeconds, reasons };
}

function changesBetween(was: ReplaySide, wouldBe: ReplaySide): readonly ReplayChange[] {
  if (was.outcome !== wouldBe.outcome) return [was.outcome === 'permitted' ? 'permittedToDenied' : 'deniedToPermitted'];
  if (was.outcome === 'denied') return isDeepStrictEqual(was.reasons, wouldBe.reasons) ? [] : ['reasonsChanged'];
  const changes: ReplayChange[] = [];
  if (was.approval !== wouldBe.approval || !isDeepStrictEqual(was.stages, wouldBe.stages))
    changes.push('approvalChanged');
  if (was.policy !== wouldBe.policy) changes.push('policyChanged');
  if (was.expirationSeconds !== wouldBe.expirationSeconds) changes.push('lifetimeChanged');
  return changes;
}

/** The rules whose verdicts or reasons differ. */
function differences(before: RecordedDecision, { violations, trace }: Decision): readonly RuleDifference[] {
  const then = objectionsOf(before);
  const now = objectionsOf({ verdicts: verdictsOf(trace), violations });
  const entries = new Map(trace.map((entry) => [entry.name, entry]));
  return [...new Set([...entries.keys(), ...then.keys(), ...now.keys()])].flatMap((name) => {
    const entry = entries.get(name);
    const [was, wouldBe] = [then.get(name), now.get(name)];
    if (isDeepStrictEqual(was, wouldBe)) return [];
    return {
      kind: entry?.kind ?? (was ?? wouldBe)?.kind ?? 'policy',
      name,
      was: was?.verdict ?? null,
      wouldBe: entry?.verdict ?? wouldBe?.verdict ?? null,
      reasons: was?.reasons ?? [],
      failing: failingChecks(entry?.checks ?? []),
    };
  });
}

type RuleVerdict = Pick<RuleDifference, 'kind' | 'reasons'> & { readonly verdict: TraceEntry['verdict'] };

/** The verdicts by the names of the rules: guardrails that deny, and policies that apply. */
function objectionsOf({
  verdicts,
  violations,
}: Pick<RecordedDecision, 'verdicts' | 'violations'>): ReadonlyMap<string, RuleVerdict> {
  const policies = new Set(verdicts.map(({ name }) => name));
  const found = new Map<string, RuleVerdict>();
  for (const { source, reason } of violations) {
    if (policies.has(source)) continue;
    found.set(source, {
      kind: 'guardrail',
      verdict: 'denies',
      reasons: [...(found.get(source)?.reasons ?? []), reason],
    });
  }
  for (const { name, verdict, reasons } of verdicts)
    if (verdict !== 'notApplicable') found.set(name, { kind: 'policy', verdict, reasons });
  return found;
}

function failingChecks(checks: TraceEntry['checks']): RuleDifference['failing'] {
  return checks
    .filter(({ passed }) => !passed)
    .slice(0, mostChecks)
    .map(({ passed: _, ...check }) => ({ ...check, expected: clipped(check.expected), found: clipped(check.found) }));
}

const clipped = (text: string): string => (text.length > mostCharacters ? `${text.slice(0, mostCharacters)}…` : text);

type LookedUpFact = keyof NeededFacts;

/** The facts that a decision may use and that were not looked up. */
function missingFacts(needed: NeededFacts, facts: DecisionFacts): readonly LookedUpFact[] {
  return (['usage', 'active', 'blastRadius', 'directory'] as const).filter(
    (fact) => needed[fact] && facts[fact] === undefined,
  );
}

/**
 * The set without every check that depends on these facts, so each of them comes out in the favour of the request. A
 * request that this set denies is denied whatever the facts are. `decide` assumes the opposite of a missing fact, so
 * the decision under the real facts lies between the two.
 */
function inFavour(policySet: PolicySet, missing: readonly LookedUpFact[]): PolicySet {
  const usage = missing.includes('usage');
  const active = missing.includes('active');
  const blastRadius = missing.includes('blastRadius');
  const directory = missing.includes('directory');
  const isMissing = ({ reads }: Expression) => (active && reads.has('active')) || (directory && reads.has('directory'));
  return {
    ...policySet,
    policies: policySet.policies.map((policy) => ({
      ...policy,
      quota: usage ? {} : policy.quota,
      validations: policy.validations.filter((one) => !isMissing(one.expression)),
      // A member of each directory group gets every group of them.
      ...(directory && policy.allowed.groupsFromDirectory && { allowed: withEveryGroup(policy.allowed) }),
    })),
    guardrails: policySet.guardrails.filter(
      ({ resolvesTo, matchConditions }) =>
        !(blastRadius && resolvesTo !== null) && !matchConditions.some(({ expression }) => isMissing(expression)),
    ),
  };
}

function withEveryGroup({ groups, groupsFromDirectory = new Map(), ...others }: Policy['allowed']): Policy['allowed'] {
  const given = [...groupsFromDirectory.values()].flatMap(({ patterns }) => patterns);
  return { ...others, groupsFromDirectory, groups: compileGlobs([...(groups?.patterns ?? []), ...given]) };
}
