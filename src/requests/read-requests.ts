import {
  isParty,
  may,
  mayReadBlastRadius,
  mayReadCertificate,
  mayReadRequest,
  whyNotDecide,
} from '../callers/permissions.js';
import type { BlastRadius } from '../model/blast-radius.js';
import type { Certificate } from '../model/certificate.js';
import type { CertificateRequest, RequestFilter, TimelineEntry } from '../model/certificate-request.js';
import type { Decision, TraceEntry } from '../model/decision.js';
import { type Outcome, type Page, type PageQuery, type Visibility, done, refused } from '../model/outcome.js';
import type { Principal } from '../model/principal.js';
import { type CertificateRequestView, withCertificate } from './create-request.js';
import { type CollectedKubeconfig, usualKeyPath, withKeyPath } from './collect-kubeconfig.js';
import type { Context } from '../context/context.js';
import { counting } from '../context/standing.js';
import { isProbe, stateConflict } from '../context/request-steps.js';
import { turnNow } from './decide-request.js';
import { actionsOn, type RequestActions } from './request-actions.js';
import type { AuditEvent } from '../model/audit-event.js';
import { joined } from '@kubepass/inspect/formats';
import type { Store } from '../store/store.js';
import { BoundedMap } from '../model/bounded-map.js';
import { parsePolicySet } from '../policy/parse-policy-set.js';
import type { PolicySet } from '../policy/policy-set.js';
import { recomputeDecision } from '../policy/decide.js';

interface CertificateRequestFilter extends RequestFilter {
  /** Only pending requests that the calling principal could approve now. A page may be short although more follow. */
  readonly awaiting?: 'me';
  /** Only requests that the calling principal approved or denied, those first that it decided on last. */
  readonly decided?: 'me';
  /** Only requests that the calling principal asked for or collects. */
  readonly mine?: 'true';
}

/** One request, with the parts that a list leaves out. */
export interface CertificateRequestDetails extends CertificateRequestView {
  readonly timeline: readonly TimelineEntry[];
  /** The trace of its decision, computed again from the facts that were recorded. */
  readonly recomputed: RecomputedTrace;
  /** The identity's access on the cluster now; null where it is not known, absent if the caller may not see it. */
  readonly blastRadius?: BlastRadius | null;
  readonly actions: RequestActions;
}

/** How long a reader waits for a certificate that is being signed. */
const readerWaitSeconds = 5;

export async function listRequests(
  context: Context,
  principal: Principal,
  { awaiting, decided, mine, ...others }: CertificateRequestFilter,
  page: PageQuery,
): Promise<Page<CertificateRequestView>> {
  const filter = {
    ...others,
    ...(decided && { decidedBy: principal.name, decidedSince: principal.nameSince }),
    ...((mine || !may(principal, 'read-all-requests')) && { visibleTo: principal.name }),
  };
  const { items, nextCursor } =
    awaiting === 'me'
      ? await listAwaiting(context, principal, filter, page)
      : await context.store.requests.list(filter, page);
  const listed = filter.visibleTo === undefined ? items : items.filter((request) => isParty(principal, request));
  return { items: await withCertificates(context, listed), nextCursor };
}

/** The requests that the principal could approve now: it is their stage's turn, and nothing excludes them. */
async function listAwaiting(
  context: Context,
  principal: Principal,
  filter: RequestFilter & Visibility,
  page: PageQuery,
): Promise<Page<CertificateRequest>> {
  const states = [filter.state ?? 'pending'].flat();
  // Nobody counts twice.
  const nothing = !may(principal, 'approve-requests') || !states.includes('pending') || filter.decidedBy !== undefined;
  if (nothing) return { items: [], nextCursor: null };
  const isAwaited = async (request: CertificateRequest) =>
    whyNotDecide(principal, request) === null && (await turnNow(context, principal, request)).ok;
  return context.store.requests.listPending(filter, isAwaited, page);
}

/** The context of an explanation of a recorded decision. */
export interface ExplainingContext extends Context {
  readonly recordedPolicySets: RecordedPolicySets;
}

/** A request with everything that is known about it, for a reader who asks why. */
export async function findRequest(
  context: ExplainingContext,
  principal: Principal,
  id: string,
): Promise<Outcome<CertificateRequestDetails>> {
  const request = await context.store.requests.find(id);
  if (request === null || !mayReadRequest(principal, request)) return refused({ kind: 'not-found' });
  const { cluster, username, groups } = request;
  return done({
    ...(await withCertificate(context, request)),
    timeline: await timelineOf(context.store, id),
    recomputed: await recomputeTrace(context.recordedPolicySets, request),
    actions: await actionsOn(context, principal, request),
    ...(mayReadBlastRadius(principal) && {
      blastRadius: context.clusters.get(cluster)?.roleBindings?.blastRadius(username, groups) ?? null,
    }),
  });
}

export async function findCertificateOfRequest(
  context: Context,
  principal: Principal,
  id: string,
): Promise<Outcome<Certificate>> {
  const issued = await issuedRequest(context, principal, id);
  return issued.ok ? done(issued.value.certificate) : issued;
}

/** A kubeconfig of a request that was issued; it names the file in which the caller holds the key. */
export async function kubeconfigWithKeyPath(
  context: Context,
  principal: Principal,
  id: string,
  clientKeyPath = usualKeyPath,
): Promise<Outcome<CollectedKubeconfig>> {
  const issued = await issuedRequest(context, principal, id);
  return issued.ok ? withKeyPath(context, issued.value, clientKeyPath) : issued;
}

async function issuedRequest(
  context: Context,
  principal: Principal,
  id: string,
): Promise<Outcome<{ readonly request: CertificateRequest; readonly certificate: Certificate }>> {
  await context.attempts.waitForEnd(id, readerWaitSeconds);
  const request = await context.store.requests.find(id);
  if (request === null || !(mayReadCertificate(principal, request) || mayReadRequest(principal, request)))
    return refused({ kind: 'not-found' });
  const { certificate } = await withCertificate(context, request);
  if (certificate === null)
    return refused(stateConflict(request, `there is no certificate yet: the request is ${request.state}`));
  return done({ request, certificate });
}

/** The history of a request, oldest first. Events that left the database are shown as they were. */
export async function timelineOf(
  { auditEvents, auditArchives }: Pick<Store, 'auditEvents' | 'auditArchives'>,
  id: string,
): Promise<readonly TimelineEntry[]> {
  // The events are read first: those that are pruned meanwhile are among what is kept of them.
  const events = await auditEvents.ofRequest(id);
  if (events[0]?.type === 'CertificateRequested') return events.map(timelineEntry);
  const { entries, through } = await auditArchives.timelineOf(id);
  return [...entries, ...events.filter(({ seq }) => seq > through).map(timelineEntry)];
}

/** An event as the timeline of its request shows it. */
export function timelineEntry({ at, type, principal, details }: AuditEvent): TimelineEntry {
  return { at, type, principal, message: messageOf(details) };
}

/** The part of the details that a person reads first: a comment, a message, the violations, or the reason. */
function messageOf(details: AuditEvent['details']): string | null {
  const { comment, message, violations, reason } = details as Readonly<Record<string, unknown>>;
  if (typeof comment === 'string') return comment;
  if (typeof message === 'string') return message;
  if (Array.isArray(violations))
    return joined(violations.map((violation: { message?: string }) => violation.message ?? ''));
  return typeof reason === 'string' ? reason : null;
}

export async function withCertificates(
  context: Context,
  requests: readonly CertificateRequest[],
): Promise<readonly CertificateRequestView[]> {
  const wanted = requests.flatMap(({ fingerprintSha256 }) => fingerprintSha256 ?? []);
  const found = wanted.length === 0 ? [] : await context.store.certificates.findByFingerprints(wanted);
  const byFingerprint = new Map(found.map((certificate) => [certificate.fingerprintSha256, certificate]));
  return Promise.all(
    requests.map(async (request) => ({
      request: await counting(context, request),
      certificate: byFingerprint.get(request.fingerprintSha256 ?? '') ?? null,
    })),
  );
}

/** The full trace of a recorded decision, computed again from the record. */
interface RecomputedTrace {
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

  constructor(private readonly context: Pick<Context, 'store' | 'policySet'>) {}

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
async function recomputeTrace(sets: RecordedPolicySets, request: CertificateRequest): Promise<RecomputedTrace> {
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
