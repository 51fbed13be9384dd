import type { Context } from '../context/context.js';
import { labelDetails, renewalDetails, violationDetails } from '../context/request-steps.js';
import { mayReadBlastRadius, whyNotPermitted } from '../callers/permissions.js';
import { auditEvent } from '../model/audit-event.js';
import type { BlastRadius } from '../model/blast-radius.js';
import type { Decision, DecisionFacts } from '../model/decision.js';
import type { SupposedInDirectory } from '../model/directory.js';
import { done, type Outcome } from '../model/outcome.js';
import type { Principal, Requester } from '../model/principal.js';
import type { NeededFacts } from '../policy/decide.js';
import { configuredCluster } from '../policy/policy-set.js';
import type { EvaluatedDraft } from '../policy/workers/draft-pool.js';
import { decideNow, withBlocked } from './decision-rounds.js';
import { drafted, type DraftingContext, draftOf } from './drafts.js';
import { gatherFacts } from './gather-facts.js';
import { type EvaluationAsk, resolveEvaluation } from './resolve-renewal.js';
import type { ResolvedAsk } from './resolve-ask.js';

/** The decision on a hypothetical request, and everything that it rests on. */
export interface Evaluation {
  readonly asked: Omit<ResolvedAsk, 'issuing' | 'csr' | 'requester' | 'renewalFacts'> & {
    /** Whether the caller keeps the key. */
    readonly certificationRequest: boolean;
  };
  readonly requester: Requester;
  readonly decision: Decision;
  readonly facts: DecisionFacts;
  readonly policySetDigest: string;
  /** Whether it was decided under policies that are not in force. */
  readonly draft: boolean;
  /** The identity's access on the cluster now; null where it is not known, absent if the caller may not see it. */
  readonly blastRadius?: BlastRadius | null;
}

/**
 * Decides on a hypothetical request, of the caller or of a supposed requester, under the policies in force (null) or
 * under a draft. It leaves only an audit event behind, and not even that where a form of the browser asks what its own
 * caller may do. Throws `PoliciesBusyError`
 * where too many drafts wait.
 */
export async function evaluatePolicies(
  context: DraftingContext,
  principal: Principal,
  { directory: supposed, requester: supposedRequester, record, ...ask }: EvaluationAsk,
  policies: readonly string[] | null,
): Promise<Outcome<Evaluation>> {
  const isOwn = policies === null && supposedRequester === undefined;
  const refusal = isOwn ? null : whyNotPermitted(principal, 'draft-policies');
  const resolved = refusal ?? (await resolveEvaluation(context, principal, ask, supposedRequester));
  if (!resolved.ok) return resolved;
  const now = context.clock();
  const { issuing, csr, requester, renewalFacts: _, ...asked } = resolved.value;
  // A request that is not made has no id, and nothing to be left out of a count.
  const dryRun = { ...resolved.value, id: '', supposed };
  const evaluated = await drafted(async () => {
    if (policies !== null) return evaluateDraft(context, policies, dryRun, now, principal.name);
    const { policySet, ...decided } = await decideNow(context, dryRun, [], now);
    return { ...decided, digest: policySet.digest };
  });
  if (!evaluated.ok) return evaluated;
  const { decision, facts, digest } = evaluated.value;
  // Nothing but the form may go on without a record: a stolen token cannot look around unseen.
  const ofForm = record === false && principal.method === 'session' && isOwn && supposed === undefined;
  const supposes = { draft: policies !== null, ...(supposedRequester && { requester: requester.name }) };
  if (!ofForm) await recordEvaluation(context, principal.name, resolved.value, evaluated.value, supposes, now);
  return done({
    asked: { ...asked, certificationRequest: csr !== null },
    requester,
    decision,
    facts,
    policySetDigest: digest,
    draft: policies !== null,
    ...(!ofForm &&
      mayReadBlastRadius(principal) && {
        blastRadius: issuing.roleBindings?.blastRadius(asked.username, asked.groups) ?? null,
      }),
  });
}

/** The ask of a dry run, and what it supposes of the username in the directory. */
type DryRun = ResolvedAsk & { readonly id: string; readonly supposed: SupposedInDirectory | undefined };

function evaluateDraft(
  context: DraftingContext,
  policies: readonly string[],
  dryRun: DryRun,
  now: Date,
  caller: string,
): Promise<EvaluatedDraft> {
  // The rest can be posted to a thread.
  const { issuing: _issuing, csr: _csr, ...request } = dryRun;
  const { requester, cluster } = dryRun;
  const factsOf = async (needed: NeededFacts) =>
    withBlocked(await gatherFacts(context, dryRun, needed, now), await context.identityBlocks.of(dryRun, now));
  const clusters = [...context.clusters.values()].map(({ cluster }) => configuredCluster(cluster));
  const question = { request, requester, cluster, now };
  return context.drafts.evaluate(draftOf(policies, clusters), question, factsOf, caller);
}

/** The event is the caller's, whoever is supposed to ask. */
async function recordEvaluation(
  context: Context,
  caller: string,
  { cluster, username, groups, keyAlgorithm, expirationSeconds, labels, renewal }: ResolvedAsk,
  { decision, digest }: EvaluatedDraft,
  supposes: { readonly draft: boolean; readonly requester?: string },
  now: Date,
): Promise<void> {
  const details = {
    username,
    groups,
    keyAlgorithm,
    expirationSeconds,
    ...labelDetails(labels),
    outcome: decision.outcome,
    policy: decision.policy,
    violations: violationDetails(decision.violations),
    policySetDigest: digest,
    ...supposes,
    ...renewalDetails({ renewal }),
  };
  await context.store.writer.commit({
    operations: [],
    events: [auditEvent('PolicyEvaluated', now, caller, details, { cluster })],
  });
}
