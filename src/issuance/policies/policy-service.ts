import { may, mayReadBlastRadius } from '../../identity/permissions.js';
import { auditEvent } from '../../model/audit-event.js';
import type { DecisionFacts } from '../../model/decision.js';
import { done, refused, type Outcome, type Refused } from '../../model/outcome.js';
import type { Principal, Requester } from '../../model/principal.js';
import { configuredCluster, type ConfiguredCluster } from '../../policy/configured-cluster.js';
import { decide } from '../../policy/decide.js';
import { neededFacts, type NeededFacts } from '../../policy/needed-facts.js';
import { policyJsonSchema } from '../../policy/json-schema.js';
import { describePolicySet } from '../../policy/parse-policy-set.js';
import type { DraftPool, EvaluatedDraft } from '../../policy/workers/draft-pool.js';
import { DraftRefusedError, draftPath } from '../../policy/workers/draft-refused-error.js';
import type { Draft } from '../../policy/workers/draft-task.js';
import type { PolicyService } from '../../services.js';
import { draftRefusal } from './draft-refusal.js';
import type { IssuanceContext } from '../context.js';
import { violationDetails } from '../events.js';
import { lookUpFacts } from './gather-facts.js';
import { replayItems } from './replay-items.js';
import { resolveAsk, type ResolvedAsk } from '../requests/resolve-ask.js';

/** Where drafts are read and decided under: beside the event loop. */
export type Drafts = Pick<DraftPool, 'evaluate' | 'replay'>;

/** The policies in force, what they would say, and what others would. */
export function policyService(context: IssuanceContext, drafts: Drafts): PolicyService {
  return {
    list() {
      const policySet = context.policySet();
      return { digest: policySet.digest, items: describePolicySet(policySet) };
    },

    schema: () => policyJsonSchema,

    async evaluate(principal, ask, policies) {
      const refusal = policies === null ? null : whyNotDraft(principal);
      const resolved = refusal ?? (await resolveAsk(context, ask, principal.name));
      if (!resolved.ok) return resolved;
      const { groups, roles, name } = principal;
      const requester = { name, groups, roles };
      const now = context.clock();
      const evaluated = await drafted(() =>
        policies === null
          ? evaluateInForce(context, resolved.value, requester, now)
          : evaluateDraft(context, drafts, policies, resolved.value, requester, now),
      );
      if (!evaluated.ok) return evaluated;
      await recordEvaluation(context, requester, resolved.value, evaluated.value, policies !== null, now);
      const { issuing, csr, ...asked } = resolved.value;
      const { decision, facts, digest } = evaluated.value;
      return done({
        asked: { ...asked, cluster: issuing.cluster.name, certificationRequest: csr !== null },
        requester,
        decision,
        facts,
        policySetDigest: digest,
        draft: policies !== null,
        ...(mayReadBlastRadius(principal) && { blastRadius: issuing.blastRadius(asked.username, asked.groups) }),
      });
    },

    async replay(principal, { policies, after, before, cluster }) {
      const now = context.clock();
      const range = {
        ...(cluster !== undefined && { cluster }),
        ...(after !== undefined && { after }),
        // What is asked for from now on would never let it end.
        before: before === undefined || before > now ? now : before,
      };
      const refusal = whyNotDraft(principal) ?? whyNotPeriod(after, range.before);
      if (refusal) return refusal;
      const opened = await drafted(() => drafts.replay(draftOf(policies, [])));
      if (!opened.ok) return opened;
      const items = replayItems(context, principal.name, opened.value, range);
      // From here on whoever has the items need only end them: the session is closed with them.
      await items.next();
      return done({ policySetDigest: opened.value.digest, ...range, items });
    },
  };
}

function whyNotDraft(principal: Principal): Refused | null {
  if (may(principal, 'draft-policies')) return null;
  return refused({ kind: 'not-permitted', message: 'trying policies out takes the role auditor or admin' });
}

function whyNotPeriod(after: Date | undefined, before: Date): Refused | null {
  if (after === undefined || after < before) return null;
  const errors = [{ pointer: '/after', message: 'must lie before `before` and before now' }];
  return refused({ kind: 'invalid-request', errors });
}

/** A draft as the caller sent it; what was recorded is replayed whatever clusters there are now. */
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

async function evaluateInForce(
  context: IssuanceContext,
  ask: ResolvedAsk,
  requester: Requester,
  now: Date,
): Promise<EvaluatedDraft> {
  const policySet = context.policySet();
  const needed = neededFacts(policySet, ask.issuing.cluster.name, requester);
  const facts = await factsFor(context, ask, requester, needed, now);
  return { decision: decide(ask, requester, facts, policySet, now), facts, digest: policySet.digest };
}

function evaluateDraft(
  context: IssuanceContext,
  drafts: Drafts,
  policies: readonly string[],
  ask: ResolvedAsk,
  requester: Requester,
  now: Date,
): Promise<EvaluatedDraft> {
  const { username, groups, keyAlgorithm, expirationSeconds, namespace, reason, collector } = ask;
  const request = { username, groups, keyAlgorithm, expirationSeconds, namespace, reason, collector };
  const question = { request, requester, cluster: ask.issuing.cluster.name, now };
  const factsOf = (needed: NeededFacts) => factsFor(context, ask, requester, needed, now);
  const clusters = [...context.clusters.values()].map(({ cluster }) => configuredCluster(cluster));
  return drafts.evaluate(draftOf(policies, clusters), question, factsOf);
}

/** What the decision rests on. */
function factsFor(
  context: IssuanceContext,
  { issuing, username, groups }: ResolvedAsk,
  requester: Requester,
  needed: NeededFacts,
  now: Date,
): Promise<DecisionFacts> {
  // A request that is not made has no id, and nothing to be left out of a count.
  const subject = { id: '', cluster: issuing.cluster.name, username, groups, requester };
  return lookUpFacts(context, subject, needed, now);
}

async function recordEvaluation(
  context: IssuanceContext,
  requester: Requester,
  { issuing, username, groups, keyAlgorithm, expirationSeconds }: ResolvedAsk,
  { decision, digest }: EvaluatedDraft,
  draft: boolean,
  now: Date,
): Promise<void> {
  const details = {
    username,
    groups,
    keyAlgorithm,
    expirationSeconds,
    outcome: decision.outcome,
    policy: decision.policy,
    violations: violationDetails(decision.violations),
    policySetDigest: digest,
    draft,
  };
  await context.store.writer.commit({
    operations: [],
    events: [auditEvent('PolicyEvaluated', now, requester.name, details, { cluster: issuing.cluster.name })],
  });
}
