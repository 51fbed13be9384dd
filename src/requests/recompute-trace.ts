import { BoundedMap } from '../model/bounded-map.js';
import type { CertificateRequest } from '../model/certificate-request.js';
import type { Decision, TraceEntry } from '../model/decision.js';
import { parsePolicySet } from '../policy/parse-policy-set.js';
import type { PolicySet } from '../policy/policy-set.js';
import { recomputeDecision } from '../policy/recorded-decision.js';
import type { IssuanceContext } from '../context/context.js';
import { isProbe } from '../context/request-steps.js';

/** The full trace of a recorded decision, computed again from the record. */
export interface RecomputedTrace {
  /** Null where it cannot be made again. */
  readonly trace: readonly TraceEntry[] | null;
  /** Why there is no trace, or why it may not be the one of then; null where it is. */
  readonly note: string | null;
}

/** How many earlier policy sets are kept parsed: readers of decisions meet few of them. */
const keptSets = 8;

/** Stored policy sets by digest. The sets that were read last are kept parsed. */
export class RecordedPolicySets {
  /** In the order of their last use. Null: the texts cannot be read under today's rules. */
  readonly #parsed = new BoundedMap<string, PolicySet | null>(keptSets);

  constructor(private readonly context: Pick<IssuanceContext, 'store' | 'policySet'>) {}

  /** Undefined: the texts are not stored. */
  async find(digest: string): Promise<PolicySet | null | undefined> {
    const current = this.context.policySet();
    if (current.digest === digest) return current;
    const known = this.#parsed.get(digest);
    const found = known === undefined ? await this.#read(digest) : known;
    if (found === undefined) return undefined;
    this.#parsed.set(digest, found);
    return found;
  }

  async #read(digest: string): Promise<PolicySet | null | undefined> {
    const texts = await this.context.store.policySets.find(digest);
    if (texts === null) return undefined;
    const parsed = parsePolicySet(texts);
    // The digest must be that of the texts.
    return parsed.ok && parsed.policySet.digest === digest ? parsed.policySet : null;
  }
}

/** Explains the decision on a request: each guardrail and policy, each check, what it expected and what it found. */
export async function recomputeTrace(sets: RecordedPolicySets, request: CertificateRequest): Promise<RecomputedTrace> {
  if (isProbe(request))
    return { trace: null, note: 'kubepass asked for this itself, to probe the cluster: no policy was asked' };
  const policySet = await sets.find(request.decision.policySetDigest);
  if (policySet === undefined) return { trace: null, note: 'the policy set that was in force is not stored' };
  if (policySet === null)
    return { trace: null, note: 'the policy set that was in force cannot be read by this version of kubepass' };
  const decision = recomputeDecision(request, policySet);
  const note = isAsRecorded(decision, request)
    ? null
    : 'this version of kubepass decides otherwise on the same request: the verdicts are those of then, the trace is not';
  return { trace: decision.trace, note };
}

function isAsRecorded({ outcome, policy, trace }: Decision, { decision }: CertificateRequest): boolean {
  const verdicts = trace.filter(({ kind }) => kind === 'policy');
  return (
    outcome === decision.outcome &&
    policy === decision.policy &&
    verdicts.length === decision.verdicts.length &&
    verdicts.every(({ name, verdict }, i) => {
      const recorded = decision.verdicts[i];
      return name === recorded?.name && verdict === recorded.verdict;
    })
  );
}
