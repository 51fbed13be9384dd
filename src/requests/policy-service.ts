import { mayReadBlastRadius, whyNotPermitted } from '../identity/permissions.js';
import { auditEvent } from '../model/audit-event.js';
import type { BlastRadius } from '../model/blast-radius.js';
import type { Decision, DecisionFacts } from '../model/decision.js';
import type { SupposedInDirectory, SupposedUser } from '../model/directory.js';
import { done, refused, type Outcome, type Refused } from '../model/outcome.js';
import type { Principal, Requester } from '../model/principal.js';
import type { RecordedRequestRange, ReplayItem } from '../model/replay.js';
import { offersTo } from '../policy/offers.js';
import { configuredCluster, type ConfiguredCluster, type PolicySet } from '../policy/policy-set.js';
import type { NeededFacts } from '../policy/decide.js';
import { policyJsonSchema } from '../policy/policy-schema.js';
import { describePolicySet } from '../policy/parse-policy-set.js';
import type { DraftPool, EvaluatedDraft } from '../policy/workers/draft-pool.js';
import { DraftRefusedError, draftPath, type Draft } from '../policy/workers/draft.js';
import type { IssuanceContext } from '../context/context.js';
import { labelDetails, renewalDetails, violationDetails } from '../context/request-steps.js';
import { resolveEvaluation, type EvaluationAsk } from './resolve-renewal.js';
import type { ResolvedAsk } from './resolve-ask.js';
import { decideNow, withBlocked } from './decision-rounds.js';
import { gatherFacts } from './gather-facts.js';
import { draftRefusal, replayItems } from './replay.js';

/** Reads drafts and decides under them, beside the event loop. */
type Drafts = Pick<DraftPool, 'evaluate' | 'replay'>;

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

/** A draft, and the requests that it decides again. The default of `before` is now. */
interface ReplayAsk extends Partial<RecordedRequestRange> {
  /** YAML, as in policy files. */
  readonly policies: readonly string[];
  /** Supposed of these usernames, in place of what the directory told when their requests were decided. */
  readonly directory?: readonly SupposedUser[];
}

/** A replay that has begun. */
export interface Replay extends RecordedRequestRange {
  readonly policySetDigest: string;
  /** The items as they are found, several at a time. Ending the generator early ends the replay. */
  readonly items: AsyncGenerator<readonly ReplayItem[], void, void>;
}

export type PolicyService = ReturnType<typeof policyService>;

/** The policies in force, and decisions that they or others would make. */
export function policyService(context: IssuanceContext, drafts: Drafts) {
  return {
    list(_principal: Principal) {
      const policySet = context.policySet();
      return { digest: policySet.digest, items: describePolicySet(policySet) };
    },

    /** Says what the principal may ask for under the policies in force. It is no promise: `evaluate` knows the rest. */
    offers: (principal: Principal) =>
      offersTo(context.policySet(), [...context.clusters.keys()], principal, context.clock()),

    /** The files of the policies in force. */
    texts(principal: Principal): Outcome<Pick<PolicySet, 'digest' | 'texts'>> {
      return whyNotPermitted(principal, 'draft-policies') ?? done(context.policySet());
    },

    /** The JSON Schema of a document of a policy file. */
    schema: () => policyJsonSchema,

    /**
     * Decides on a hypothetical request, under the policies in force (null) or under a draft. It leaves only an audit
     * event behind. Throws `PoliciesBusyError` where too many drafts wait.
     */
    async evaluate(
      principal: Principal,
      { directory: supposed, ...ask }: EvaluationAsk,
      policies: readonly string[] | null,
    ): Promise<Outcome<Evaluation>> {
      const refusal = policies === null ? null : whyNotPermitted(principal, 'draft-policies');
      const resolved = refusal ?? (await resolveEvaluation(context, principal, ask));
      if (!resolved.ok) return resolved;
      const now = context.clock();
      const { issuing, csr, requester, renewalFacts: _, ...asked } = resolved.value;
      // A request that is not made has no id, and nothing to be left out of a count.
      const dryRun = { ...resolved.value, id: '', supposed };
      const evaluated = await drafted(async () => {
        if (policies !== null) return evaluateDraft(context, drafts, policies, dryRun, now);
        const { policySet, ...decided } = await decideNow(context, dryRun, [], now);
        return { ...decided, digest: policySet.digest };
      });
      if (!evaluated.ok) return evaluated;
      const { decision, facts, digest } = evaluated.value;
      await recordEvaluation(context, resolved.value, evaluated.value, policies !== null, now);
      return done({
        asked: { ...asked, certificationRequest: csr !== null },
        requester,
        decision,
        facts,
        policySetDigest: digest,
        draft: policies !== null,
        ...(mayReadBlastRadius(principal) && {
          blastRadius: issuing.roleBindings?.blastRadius(asked.username, asked.groups) ?? null,
        }),
      });
    },

    /** Decides the requests of a period again under a draft. Throws `PoliciesBusyError` while another replay runs. */
    async replay(
      principal: Principal,
      { policies, after, before, cluster, directory = [] }: ReplayAsk,
    ): Promise<Outcome<Replay>> {
      const now = context.clock();
      const range = {
        ...(cluster !== undefined && { cluster }),
        ...(after !== undefined && { after }),
        // Requests of the future would keep it from ending.
        before: before === undefined || before > now ? now : before,
      };
      const refusal = whyNotPermitted(principal, 'draft-policies') ?? whyNotPeriod(after, range.before);
      if (refusal) return refusal;
      const opened = await drafted(() => drafts.replay(draftOf(policies, [])));
      if (!opened.ok) return opened;
      const items = replayItems(context, principal.name, opened.value, range, directory);
      // From here on the session is closed when the items are ended.
      await items.next();
      return done({ policySetDigest: opened.value.digest, ...range, items });
    },
  };
}

function whyNotPeriod(after: Date | undefined, before: Date): Refused | null {
  if (after === undefined || after < before) return null;
  const errors = [{ pointer: '/after', message: 'must lie before `before` and before now' }];
  return refused({ kind: 'invalid-request', errors });
}

/**
 * A draft as the caller sent it. A replay names no clusters: recorded requests are replayed whatever clusters there
 * are now.
 */
function draftOf(policies: readonly string[], clusters: readonly ConfiguredCluster[]): Draft {
  return { texts: policies.map((text, i) => ({ path: draftPath(i), text })), clusters };
}

async function drafted<T>(work: () => Promise<T>): Promise<Outcome<T>> {
  try {
    return done(await work());
  } catch (error) {
    if (error instanceof DraftRefusedError) return refused(draftRefusal(error));
    throw error;
  }
}

/** The ask of a dry run, and what it supposes of the username in the directory. */
type DryRun = ResolvedAsk & { readonly id: string; readonly supposed: SupposedInDirectory | undefined };

function evaluateDraft(
  context: IssuanceContext,
  drafts: Drafts,
  policies: readonly string[],
  dryRun: DryRun,
  now: Date,
): Promise<EvaluatedDraft> {
  // The rest can be posted to a thread.
  const { issuing: _issuing, csr: _csr, ...request } = dryRun;
  const { requester, cluster } = dryRun;
  const factsOf = async (needed: NeededFacts) =>
    withBlocked(await gatherFacts(context, dryRun, needed, now), await context.identityBlocks.of(dryRun, now));
  const clusters = [...context.clusters.values()].map(({ cluster }) => configuredCluster(cluster));
  const question = { request, requester, cluster, now };
  return drafts.evaluate(draftOf(policies, clusters), question, factsOf, requester.name);
}

async function recordEvaluation(
  context: IssuanceContext,
  { requester, cluster, username, groups, keyAlgorithm, expirationSeconds, labels, renewal }: ResolvedAsk,
  { decision, digest }: EvaluatedDraft,
  draft: boolean,
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
    draft,
    ...renewalDetails({ renewal }),
  };
  await context.store.writer.commit({
    operations: [],
    events: [auditEvent('PolicyEvaluated', now, requester.name, details, { cluster })],
  });
}
