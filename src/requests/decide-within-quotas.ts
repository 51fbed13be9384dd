import type { CertificateRequest } from '../model/certificate-request.js';
import type {
  ActiveCertificate,
  BlockedParty,
  Decision,
  DecisionFacts,
  QuotaLimit,
  QuotaUsage,
  RenewalFacts,
} from '../model/decision.js';
import { StoreBusyError } from '../model/errors.js';
import { type NeededFacts, decide, neededFacts } from '../policy/decide.js';
import { type PolicySet, type RequestToDecide, quotaLimits } from '../policy/policy-set.js';
import type { Conflict, Operation, Step } from '../store/steps/step.js';
import { type IssuanceContext, type IssuingCluster, factsOf, issuingCluster, phase } from '../context/context.js';
import { type PartiesOfRequest, unlessBlocked } from '../context/standing.js';
import type { PreparedSigning } from '../signing/signer.js';
import type { SupposedInDirectory } from '../model/directory.js';
import { type Privileges, privilegesOf } from '../model/blast-radius.js';
import { directoryFacts } from '../access/directory-facts.js';

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
  context: IssuanceContext,
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

/** The step that follows from a decision, and the attempt that it begins, if any. */
interface Plan<T> {
  readonly requestId: string;
  readonly step: Step;
  readonly signing: PreparedSigning | null;
  /** The answer once the step is committed. */
  readonly end: T;
  /** The answer to a conflict that no other decision resolves. */
  readonly otherwise: (conflict: Conflict) => T;
}

const rounds = 3;

/**
 * Decides and commits, unless `plan` has an answer without a step. Where the writer finds a quota used up that was
 * not when facts were gathered, another round decides with what the writer found. The policy whose quota that is then
 * permits no more, so most often the second round records a denial; the third is for another policy with a quota of
 * its own. It is the same where the writer finds that one of the parties is blocked, that the certificate to renew is
 * revoked, or that another issuer is active than the one that was to sign. Throws `StoreBusyError` where that goes on
 * for longer.
 */
export async function decideWithinQuotas<T>(
  context: IssuanceContext,
  asked: RequestToDecide & FactsSubject,
  plan: (decided: DecidedNow) => Promise<Plan<T> | { readonly end: T }>,
): Promise<T> {
  const usedUp: UsedUpQuota[] = [];
  let outdated = 0;
  while (usedUp.length < rounds && outdated < rounds) {
    const decided = await phase(context, 'decide', asked.cluster, () =>
      decideNow(context, asked, usedUp, context.clock(), outdated === 0),
    );
    const planned = await plan(decided);
    if (!('step' in planned)) return planned.end;
    const { requestId, step, signing } = planned;
    const result = await context.attempts.commitBeginning(context.store, requestId, step, signing);
    if (result.committed) return planned.end;
    switch (result.conflict.kind) {
      case 'quota':
        usedUp.push(result.conflict);
        break;
      case 'issuer':
        // Another issuer is active by now: the attempt is prepared anew, by that one.
        await issuingCluster(context, asked.cluster).issuers?.refresh();
        outdated += 1;
        break;
      case 'blocked':
      case 'revocation':
        outdated += 1;
        break;
      default:
        return planned.otherwise(result.conflict);
    }
  }
  throw new StoreBusyError('quotas, blocks or issuers change faster than the request can be decided on');
}

/**
 * The conditions of each step that records a request or begins an attempt: none of the parties is blocked, and the
 * certificate to renew is not revoked. So nothing is begun once a block or a revocation is committed.
 */
export const conditionsOf = (
  request: PartiesOfRequest & Pick<CertificateRequest, 'renewal'>,
  now: Date,
): readonly Operation[] => [
  unlessBlocked(request, now),
  ...(request.renewal ? [{ op: 'requireUnrevoked' as const, fingerprintSha256: request.renewal.of }] : []),
];

/**
 * Operations that check the deciding policy's quota, and that of a lineage, once more, before the one that makes the
 * request's certificate count.
 */
export function quotaOperations(
  decision: Decision,
  request: Pick<CertificateRequest, 'id' | 'cluster' | 'username' | 'groups' | 'requester' | 'renewal'>,
  now: Date,
): readonly Operation[] {
  if (decision.outcome === 'denied') return [];
  const { id, cluster, username, groups, requester, renewal } = request;
  const subject = { cluster, username, groups, requester: requester.name, lineage: renewal?.lineage };
  const except = { exceptRequest: id, ...(renewal && { exceptLineage: renewal.lineage }) };
  return quotaLimits(decision.quota, subject).map((bound) => ({ op: 'requireQuota', ...bound, ...except, now }));
}

/** A quota that the writer found used up: its count is at least as true as what was read before. */
type UsedUpQuota = Extract<Conflict, { readonly kind: 'quota' }>;

/** The subject of facts: a recorded request, or an ask, whose id is empty. */
type FactsSubject = Pick<CertificateRequest, 'id' | 'cluster' | 'username' | 'groups' | 'requester'> &
  Partial<Pick<CertificateRequest, 'renewal' | 'decision' | 'collector' | 'createdAt'>> & {
    /** The facts of a renewal that is asked for; a recorded request has them in its decision. */
    readonly renewalFacts?: RenewalFacts | null;
    /** A dry run supposes this of the username. */
    readonly supposed?: SupposedInDirectory | undefined;
  };

/**
 * The facts of a decision as they are now. Facts that are not needed are not looked up. `usedUp` are the quotas for
 * which the writer refused to commit an earlier decision.
 */
export async function gatherFacts(
  context: IssuanceContext,
  subject: FactsSubject,
  needed: NeededFacts,
  now: Date,
  usedUp: readonly UsedUpQuota[] = [],
): Promise<DecisionFacts> {
  const issuing = issuingCluster(context, subject.cluster);
  const renews = (subject.renewal ?? null) !== null;
  // All of them are read at the same time.
  const [directory, usage, active, renewal] = await Promise.all([
    directoryFacts(context, subject, needed.directory, subject.supposed),
    needed.usage || renews ? usageOf(context, subject, now, usedUp) : undefined,
    needed.active ? activeCertificates(context, subject, now) : undefined,
    renews ? renewalNow(context, subject) : undefined,
  ]);
  return {
    ...factsOf(issuing.cluster),
    ...(directory && { directory }),
    ...(renewal && { renewal }),
    ...(usage && { usage }),
    ...(active && { active }),
    ...(needed.blastRadius && { blastRadius: privilegesIn(issuing, subject) }),
  };
}

/** Nothing of it can change but whether the renewed certificate was revoked. */
async function renewalNow(
  { store }: IssuanceContext,
  { id, renewalFacts, decision }: FactsSubject,
): Promise<RenewalFacts> {
  const known = renewalFacts ?? decision?.facts.renewal;
  if (!known) throw new Error(`request ${id} renews a certificate, and nothing is recorded about that`);
  return { ...known, revoked: (await store.revocations.find(known.of)) !== null };
}

/** Null where the cluster's role bindings are not at hand. */
function privilegesIn(issuing: IssuingCluster, { username, groups }: FactsSubject): Privileges | null {
  const blastRadius = issuing.roleBindings?.blastRadius(username, groups) ?? null;
  return blastRadius && privilegesOf(blastRadius);
}

/** The request itself is not counted, because it may be approved or under way already. */
async function usageOf(
  { store }: IssuanceContext,
  { id, cluster, username, groups, requester, renewal }: FactsSubject,
  now: Date,
  usedUp: readonly UsedUpQuota[],
): Promise<QuotaUsage> {
  const limits: readonly QuotaLimit[] = [
    { kind: 'livePerUsername', cluster, username },
    { kind: 'livePerRequester', cluster, requester: requester.name },
    { kind: 'issuancesPerHour', cluster, requester: requester.name },
    ...groups.map((group) => ({ kind: 'livePerGroup', cluster, group }) as const),
    ...(renewal ? [{ kind: 'livePerLineage', cluster, lineage: renewal.lineage } as const] : []),
  ];
  const found = (await store.quotas.found(limits, id, now, renewal?.lineage)).map((count, i) =>
    Math.max(count, ...usedUp.filter(({ limit }) => isSame(limit, limits[i])).map((conflict) => conflict.found)),
  );
  const [livePerUsername = 0, livePerRequester = 0, issuancesPerHour = 0, ...perGroup] = found;
  return {
    livePerUsername,
    livePerGroup: Object.fromEntries(groups.map((group, i) => [group, perGroup[i] ?? 0])),
    livePerRequester,
    issuancesPerHour,
    ...(renewal && { livePerLineage: found.at(-1) ?? 0 }),
  };
}

/** Limits of one request that have the same kind differ in nothing but the group. */
function isSame(a: QuotaLimit, b: QuotaLimit | undefined): boolean {
  if (a.kind !== b?.kind) return false;
  return a.kind !== 'livePerGroup' || b.kind !== 'livePerGroup' || a.group === b.group;
}

async function activeCertificates(
  { store }: IssuanceContext,
  { cluster, username }: FactsSubject,
  now: Date,
): Promise<readonly ActiveCertificate[]> {
  const certificates = await store.certificates.activeOf(cluster, username, now);
  return certificates.map(({ groups, notBefore, notAfter, serialNumber, publicKey }) => ({
    groups,
    notBefore: notBefore.toISOString(),
    notAfter: notAfter.toISOString(),
    serialNumber,
    keyAlgorithm: publicKey.algorithm,
  }));
}
