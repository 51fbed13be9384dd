import { directoryFacts } from '../access/directory-facts.js';
import { factsOf, type Context, type IssuingCluster, issuingCluster } from '../context/context.js';
import { type Privileges, privilegesOf } from '../model/blast-radius.js';
import type { CertificateRequest } from '../model/certificate-request.js';
import {
  type ActiveCertificate,
  boundKey,
  type DecisionFacts,
  type QuotaLimit,
  type QuotaUsage,
  type RenewalFacts,
} from '../model/decision.js';
import type { SupposedInDirectory } from '../model/directory.js';
import type { NeededFacts } from '../policy/decide.js';
import type { Conflict } from '../store/steps/statement.js';

/** A quota that the writer found used up: its count is at least as true as what was read before. */
export type UsedUpQuota = Extract<Conflict, { readonly kind: 'quota' }>;

/** The subject of facts: a recorded request, or an ask, whose id is empty. */
export type FactsSubject = Pick<CertificateRequest, 'id' | 'cluster' | 'username' | 'groups' | 'requester'> &
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
  context: Context,
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
async function renewalNow({ store }: Context, { id, renewalFacts, decision }: FactsSubject): Promise<RenewalFacts> {
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
  { store }: Context,
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
  const counted = await store.quotas.found(limits, id, now, renewal?.lineage);
  const found = counted.map(({ count }, i) =>
    Math.max(count, ...usedUp.filter(({ limit }) => isSame(limit, limits[i])).map((conflict) => conflict.found)),
  );
  const nextEnds = limits.flatMap((limit, i) => {
    const end = counted[i]?.nextEnd ?? null;
    return end === null ? [] : [[boundKey(limit), end.toISOString()] as const];
  });
  const [livePerUsername = 0, livePerRequester = 0, issuancesPerHour = 0, ...perGroup] = found;
  return {
    livePerUsername,
    livePerGroup: Object.fromEntries(groups.map((group, i) => [group, perGroup[i] ?? 0])),
    livePerRequester,
    issuancesPerHour,
    ...(renewal && { livePerLineage: found.at(-1) ?? 0 }),
    ...(nextEnds.length > 0 && { nextEnds: Object.fromEntries(nextEnds) }),
  };
}

/** Limits of one request that have the same kind differ in nothing but the group. */
function isSame(a: QuotaLimit, b: QuotaLimit | undefined): boolean {
  if (a.kind !== b?.kind) return false;
  return a.kind !== 'livePerGroup' || b.kind !== 'livePerGroup' || a.group === b.group;
}

async function activeCertificates(
  { store }: Context,
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
