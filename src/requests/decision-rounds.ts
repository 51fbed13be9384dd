import type { CertificateRequest } from '../model/certificate-request.js';
import type { BlockedParty, Decision, DecisionFacts } from '../model/decision.js';
import { StoreBusyError } from '../model/errors.js';
import { decide, neededFacts } from '../policy/decide.js';
import { type PolicySet, type RequestToDecide, quotaLimits } from '../policy/policy-set.js';
import type { Conflict } from '../store/steps/statement.js';
import type { Step, Write } from '../store/steps/step.js';
import { requireQuota } from '../store/tables/quotas.js';
import { requireUnrevoked } from '../store/tables/revocation-table.js';
import { type Context, issuingCluster, phase } from '../context/context.js';
import { type PartiesOfRequest, unlessBlocked } from '../context/standing.js';
import type { PreparedSigning } from '../signing/signer.js';
import { type FactsSubject, gatherFacts, type UsedUpQuota } from './gather-facts.js';

/** A decision, and what it rests on. */
export interface DecidedNow {
  readonly decision: Decision;
  readonly facts: DecisionFacts;
  readonly policySet: PolicySet;
  readonly now: Date;
}

/**
 * Decides under the policies in force, with facts as they are now. `usedUp` as in `gatherFacts`. A step that is
 * committed requires that nobody is blocked (`forCommit`). So the blocks are looked up only for a name that was
 * blocked before, and for a request that is denied anyway: the caller is told every reason at once.
 */
export async function decideNow(
  context: Context,
  asked: RequestToDecide & FactsSubject,
  usedUp: readonly UsedUpQuota[] = [],
  now = context.clock(),
  forCommit = false,
): Promise<DecidedNow> {
  // Read once: other policies may come into force before the decision is recorded.
  const policySet = context.policySet();
  const needed = neededFacts(policySet, asked.cluster, asked.requester);
  const gathered = await gatherFacts(context, asked, needed, now, usedUp);
  const decideOn = (facts: DecisionFacts): DecidedNow => {
    return { decision: decide(asked, asked.requester, facts, policySet, now), facts, policySet, now };
  };
  const unblocked = forCommit && !context.identityBlocks.isSuspect(asked) ? decideOn(gathered) : null;
  if (unblocked?.decision.outcome === 'permitted') return unblocked;
  const blocked = await context.identityBlocks.of(asked, now);
  return unblocked !== null && blocked.length === 0 ? unblocked : decideOn(withBlocked(gathered, blocked));
}

export const withBlocked = (facts: DecisionFacts, blocked: readonly BlockedParty[]): DecisionFacts =>
  blocked.length === 0 ? facts : { ...facts, blocked };

const mostRounds = 3;

/**
 * The rounds in which a flow decides and commits what follows. The writer may find what the facts of a decision did not
 * show yet: a quota is used up, a party is blocked, the certificate to renew is revoked, or another issuer is active
 * than the attempt names. Then the flow decides once more, with what the writer found. A policy whose quota is used up
 * permits no more, so most often the second round records a denial. The third round is for another policy with a
 * quota of its own.
 */
export class DecisionRounds {
  readonly #usedUp: UsedUpQuota[] = [];
  #outdated = 0;

  constructor(
    private readonly context: Context,
    private readonly asked: RequestToDecide & FactsSubject,
  ) {}

  /** Decides with facts as they are now. Throws `StoreBusyError` once three rounds were not enough. */
  async decide(): Promise<DecidedNow> {
    const { context, asked } = this;
    if (this.#usedUp.length >= mostRounds || this.#outdated >= mostRounds)
      throw new StoreBusyError('quotas, blocks or issuers change faster than the request can be decided on');
    return phase(context, 'decide', asked.cluster, () =>
      decideNow(context, asked, this.#usedUp, context.clock(), this.#outdated === 0),
    );
  }

  /**
   * Commits the step that follows from the decision. `signing`: of the attempt that the step begins; null where it
   * begins none. Answers null once the step is committed, `again` if another round resolves the conflict, and otherwise
   * the conflict.
   */
  async commit(requestId: string, step: Step, signing: PreparedSigning | null): Promise<Conflict | 'again' | null> {
    const { context } = this;
    const result = await context.attempts.commitBeginning(context.store, requestId, step, signing);
    if (result.committed) return null;
    const { conflict } = result;
    switch (conflict.kind) {
      case 'quota':
        this.#usedUp.push(conflict);
        return 'again';
      case 'issuer':
        // Another issuer is active by now: the next round prepares the attempt for it.
        await issuingCluster(context, this.asked.cluster).issuers?.refresh();
        this.#outdated += 1;
        return 'again';
      case 'blocked':
      case 'revocation':
        this.#outdated += 1;
        return 'again';
      default:
        return conflict;
    }
  }
}

/**
 * The conditions of each step that records a request or begins an attempt: none of the parties is blocked, and the
 * certificate to renew is not revoked. So nothing is begun once a block or a revocation is committed.
 */
export const conditionsOf = (
  request: PartiesOfRequest & Pick<CertificateRequest, 'renewal'>,
  now: Date,
): readonly Write[] => [
  unlessBlocked(request, now),
  ...(request.renewal ? [requireUnrevoked(request.renewal.of)] : []),
];

/**
 * Operations that check the deciding policy's quota, and that of a lineage, once more, before the one that makes the
 * request's certificate count.
 */
export function quotaOperations(
  decision: Decision,
  request: Pick<CertificateRequest, 'id' | 'cluster' | 'username' | 'groups' | 'requester' | 'renewal'>,
  now: Date,
): readonly Write[] {
  if (decision.outcome === 'denied') return [];
  const { id, cluster, username, groups, requester, renewal } = request;
  const subject = { cluster, username, groups, requester: requester.name, lineage: renewal?.lineage };
  const except = { exceptRequest: id, ...(renewal && { exceptLineage: renewal.lineage }) };
  return quotaLimits(decision.quota, subject).map((bound) => requireQuota({ ...bound, ...except, now }));
}
