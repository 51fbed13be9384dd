import type { AuditEvent } from '../model/audit-event.js';
import type { Certificate } from '../model/certificate.js';
import type { CertificateRequest, RequestState } from '../model/certificate-request.js';
import type { StoredClusterProbe } from '../model/cluster-probe.js';
import type { Page, PageQuery } from '../model/page.js';
import type { WebhookDelivery, WebhookDeliveryState } from '../model/webhook-delivery.js';
import type { RecordedRequest } from '../model/replay.js';
import type { ApiTokenReader } from '../identity/api-tokens.js';
import type { InventoryReader } from '../inspection/inventory.js';
import type { IdempotencyEntry, IdempotencyScope, PolicySetTexts, QuotaLimit, Writer } from './step.js';

/** Everything kubepass keeps: read ports, and the one writer. */
export interface Store {
  readonly writer: Writer;
  readonly requests: RequestReader;
  readonly recordedRequests: RecordedRequestReader;
  readonly certificates: CertificateReader;
  /** Certificates and their requests, for inspections. */
  readonly inventory: InventoryReader;
  readonly auditEvents: AuditEventReader;
  readonly apiTokens: ApiTokenReader;
  readonly idempotencyKeys: IdempotencyReader;
  readonly policySets: { find(digest: string): Promise<PolicySetTexts | null> };
  readonly certificateAuthorities: { pinnedSpkiSha256(cluster: string): Promise<string | null> };
  readonly clusterProbes: ClusterProbeReader;
  readonly quotas: QuotaReader;
  /** Runs `work` while no other process on this database runs its own; what two must not do at once at start. */
  alone<T>(work: () => Promise<T>): Promise<T>;
  readonly webhookDeliveries: WebhookDeliveryReader;
  /** Answers when the database does. Throws where the last commit failed, until one works again. For `/readyz`. */
  ping(): Promise<void>;
  /** Lets queued steps finish, then closes. */
  close(): Promise<void>;
}

export interface RequestFilter {
  readonly state?: RequestState;
  readonly cluster?: string;
  readonly username?: string;
  readonly requester?: string;
  /** Only requests that this principal asked for or collects. */
  readonly visibleTo?: string;
}

export interface RequestReader {
  find(id: string): Promise<CertificateRequest | null>;
  /** Newest first. */
  list(filter: RequestFilter, page: PageQuery): Promise<Page<CertificateRequest>>;
  /**
   * Newest first, the pending ones that are wanted. Looks at 1000 at most for a page, which may so hold fewer than asked
   * for, or none, and be followed by others all the same.
   */
  listPending(
    filter: RequestFilter,
    isWanted: (request: CertificateRequest) => boolean,
    page: PageQuery,
  ): Promise<Page<CertificateRequest>>;
  /** Requests in `issuing`, and `approved` ones that came with a CSR: what recovery must finish. Oldest first. */
  unfinished(): Promise<readonly CertificateRequest[]>;
  /** Pending and approved requests whose `expiresAt` has passed, oldest first, at most 500. */
  lapsed(now: Date): Promise<readonly CertificateRequest[]>;
  /** Requests of the cluster whose latest attempt was for one of these keys, in no particular order. */
  attemptedFor(cluster: string, spkiSha256s: readonly string[]): Promise<readonly CertificateRequest[]>;
}

/** Which recorded requests: of one cluster, created at `after` or later and before `before`. */
export interface RecordedRequestRange {
  readonly cluster?: string;
  readonly after?: Date;
  readonly before: Date;
}

export interface RecordedRequestReader {
  /** Those behind `afterId` (null: from the first on), in the order of their creation, at most `limit`. */
  chunk(range: RecordedRequestRange, afterId: string | null, limit: number): Promise<readonly RecordedRequest[]>;
}

export interface CertificateFilter {
  readonly cluster?: string;
  readonly username?: string;
  readonly group?: string;
  readonly serialNumber?: string;
  readonly expiresBefore?: Date;
  readonly expiresAfter?: Date;
  /** Only certificates whose request this principal asked for or collects. */
  readonly visibleTo?: string;
}

export interface CertificateReader {
  /** The valid certificates of a username on a cluster, orphans left out, newest first, at most 100. */
  activeOf(cluster: string, username: string, now: Date): Promise<readonly Certificate[]>;
  findByFingerprint(fingerprintSha256: string): Promise<Certificate | null>;
  /** Those of the fingerprints that are known, in no particular order. */
  findByFingerprints(fingerprintsSha256: readonly string[]): Promise<readonly Certificate[]>;
  /** Newest first; with a filter on expiry, soonest expiring first. */
  list(filter: CertificateFilter, page: PageQuery): Promise<Page<Certificate>>;
}

export interface AuditEventFilter {
  readonly type?: string;
  readonly principal?: string;
  readonly cluster?: string;
  readonly requestId?: string;
  readonly fingerprintSha256?: string;
  readonly after?: Date;
  readonly before?: Date;
}

export interface AuditEventReader {
  /** Oldest first, so that a follower can keep its cursor and come back. */
  list(filter: AuditEventFilter, page: PageQuery): Promise<Page<AuditEvent>>;
  /** The whole history of one request, oldest first. */
  ofRequest(requestId: string): Promise<readonly AuditEvent[]>;
  /** Events with `seq` > `afterSeq`, in order, at most `limit`: for verification and export in chunks. */
  chunk(afterSeq: number, limit: number): Promise<readonly AuditEvent[]>;
  /** Number and hash of the last committed event. */
  head(): Promise<{ readonly seq: number; readonly hash: string }>;
}

export interface IdempotencyReader {
  find(scope: IdempotencyScope): Promise<IdempotencyEntry | null>;
}

export interface ClusterProbeReader {
  /** The latest probe of the cluster. */
  find(cluster: string): Promise<StoredClusterProbe | null>;
}

export interface QuotaReader {
  /**
   * What counts against each of these limits, in their order; `exceptRequest` as in `RequireQuota`. 10,000 stands for
   * that many or more.
   */
  found(limits: readonly QuotaLimit[], exceptRequest: string, now: Date): Promise<readonly number[]>;
}

export interface WebhookDeliveryFilter {
  readonly state?: WebhookDeliveryState;
  readonly webhook?: string;
  readonly requestId?: string;
}

export interface WebhookDeliveryReader {
  find(id: string): Promise<WebhookDelivery | null>;
  /** Newest first. */
  list(filter: WebhookDeliveryFilter, page: PageQuery): Promise<Page<WebhookDelivery>>;
  /** What is due for this webhook and has no attempt under way, what has been due for longest first. */
  due(webhook: string, now: Date, limit: number): Promise<readonly WebhookDelivery[]>;
  /** What waits for any webhook but these, in no particular order. */
  waitingForOthers(webhooks: readonly string[], limit: number): Promise<readonly WebhookDelivery[]>;
}
