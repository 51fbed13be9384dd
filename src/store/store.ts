import type { ApiTokenReader } from '../identity/api-tokens.js';
import type { AuditEvent, AuditEventFilter, AuditEventPage } from '../model/audit-event.js';
import type { Certificate, CertificateFilter, ListedCertificate } from '../model/certificate.js';
import type {
  DirectoryGroup,
  DirectoryMember,
  DirectoryPage,
  DirectoryPerson,
  DirectoryRange,
  DirectoryStanding,
  DirectoryUser,
  GroupCondition,
  UserCondition,
} from '../model/directory.js';
import type { IdentityFilter } from '../model/identity.js';
import type { IdentityBlock, StoredIdentityBlock } from '../model/identity-block.js';
import type { Requester } from '../model/principal.js';
import type { RevokedCertificate } from '../model/revocation.js';
import type { CertificateRequest, RequestFilter, TimelineEntry } from '../model/certificate-request.js';
import type { StoredClusterProbe } from '../model/cluster-probe.js';
import type { Restoration } from '../model/restoration.js';
import type { Page, PageQuery, Visibility } from '../model/page.js';
import type { WebhookDelivery, WebhookDeliveryFilter } from '../model/webhook-delivery.js';
import type { RecordedRequest, RecordedRequestRange } from '../model/replay.js';
import type { SessionReader } from '../identity/sessions/session-reader.js';
import type { ChainLink } from '../audit/audit-record.js';
import type { SignedCheckpoint } from '../audit/checkpoint.js';
import type { InventoryReader } from '../inspection/inventory.js';
import type { CertificateCount, RecordFigures } from '../model/record-figures.js';
import type { StoreQueue } from '../model/measures.js';
import type { IdempotencyEntry, IdempotencyScope } from '../model/idempotency.js';
import type { QuotaLimit } from '../model/decision.js';
import type { PolicySetTexts, Writer } from './step.js';

/** Everything that kubepass stores: ports to read it, and the one writer. */
export interface Store {
  readonly writer: Writer;
  /** Whether the writer would take a step now, as far as is known: its queue has room, and commits work. */
  hasRoom(): boolean;
  /** The steps that wait for the writer. */
  queue(): StoreQueue;
  readonly requests: RequestReader;
  readonly recordedRequests: RecordedRequestReader;
  readonly certificates: CertificateReader;
  readonly identities: IdentityReader;
  readonly revocations: RevocationReader;
  readonly identityBlocks: IdentityBlockReader;
  readonly expiryNotices: ExpiryNoticeReader;
  readonly directory: DirectoryReader;
  /** Certificates and their requests, for inspections. */
  readonly inventory: InventoryReader;
  readonly auditEvents: AuditEventReader;
  readonly checkpoints: CheckpointReader;
  readonly restorations: RestorationReader;
  readonly auditArchives: AuditArchiveReader;
  readonly apiTokens: ApiTokenReader;
  readonly sessions: SessionReader;
  readonly idempotencyKeys: IdempotencyReader;
  readonly policySets: PolicySetReader;
  readonly certificateAuthorities: CertificateAuthorityPinReader;
  readonly clusterProbes: ClusterProbeReader;
  readonly quotas: QuotaReader;
  readonly webhookDeliveries: WebhookDeliveryReader;
  readonly figures: FigureReader;
  /** Runs `work` while no other process on this database runs its own; for work at start that two must not do at once. */
  alone<T>(work: () => Promise<T>): Promise<T>;
  /** Answers when the database does. Throws after a failed commit, until a commit succeeds. For `/readyz`. */
  ping(): Promise<void>;
  /**
   * Why the database has not the triggers and other objects that the migrations make, in words that go on after its name; null: it
   * has them.
   */
  whyNotSchema(): Promise<string | null>;
  /** Lets queued steps finish, then closes. */
  close(): Promise<void>;
}

export interface RequestReader {
  find(id: string): Promise<CertificateRequest | null>;
  /** The requesters of these requests, as they were then, by the ids. A request that does not exist is left out. */
  requestersOf(ids: readonly string[]): Promise<ReadonlyMap<string, Requester>>;
  /** Newest first; with a prefix of usernames, by username. */
  list(filter: RequestFilter & Visibility, page: PageQuery): Promise<Page<CertificateRequest>>;
  /**
   * Lists the pending requests that are wanted, newest first. It examines at most 1000 requests for a page, so a page may be
   * short or empty although others follow.
   */
  listPending(
    filter: RequestFilter,
    isWanted: (request: CertificateRequest) => boolean | Promise<boolean>,
    page: PageQuery,
  ): Promise<Page<CertificateRequest>>;
  /** Requests that recovery must finish: those in `issuing`, and `approved` ones that came with a CSR. Oldest first. */
  unfinished(): Promise<readonly CertificateRequest[]>;
  /** Pending and approved requests whose `expiresAt` has passed, oldest first, at most 500. */
  lapsed(now: Date): Promise<readonly CertificateRequest[]>;
  /** The usernames, among these, with a pending or approved request, or with more requests than it looks at. */
  waitingAmong(usernames: readonly string[]): Promise<ReadonlySet<string>>;
  /**
   * At most `limit` of the pending and approved requests that one of these names is requested in, asked for, or collects.
   * `clusters` null: on each.
   */
  waitingOf(
    names: readonly string[],
    clusters: readonly string[] | null,
    limit: number,
  ): Promise<readonly CertificateRequest[]>;
  /** The usernames, among these, for which a certificate is being signed. */
  issuingAmong(usernames: readonly string[]): Promise<ReadonlySet<string>>;
  /** Requests of the cluster whose latest attempt was for one of these keys, in no particular order. */
  attemptedFor(cluster: string, spkiSha256s: readonly string[]): Promise<readonly CertificateRequest[]>;
}

export interface RecordedRequestReader {
  /** The requests behind `afterId` (null: from the first on), in the order of their creation, at most `limit`. */
  chunk(range: RecordedRequestRange, afterId: string | null, limit: number): Promise<readonly RecordedRequest[]>;
}

export interface CertificateReader {
  /** The valid certificates of a username on a cluster without orphans and revoked ones, newest first, at most 100. */
  activeOf(cluster: string, username: string, now: Date): Promise<readonly ListedCertificate[]>;
  findByFingerprint(fingerprintSha256: string): Promise<Certificate | null>;
  /** Whether a certificate of the lineage has this key, or a request whose certificate is still to come. */
  hasKeyInLineage(lineage: string, spkiSha256: string): Promise<boolean>;
  /** The certificates with these fingerprints that exist, in no particular order. */
  findByFingerprints(fingerprintsSha256: readonly string[]): Promise<readonly Certificate[]>;
  /** The unexpired certificates of a username, those first that end last: orphans too, and superseded ones. */
  unexpiredOf(username: string, wanted: UnexpiredCertificates): Promise<readonly ListedCertificate[]>;
  /** The usernames, among these, with a certificate that has not expired, revoked or not. */
  holdersAmong(usernames: readonly string[], now: Date): Promise<ReadonlySet<string>>;
  /**
   * The unexpired certificates of other usernames that one of these principals asked for or collects, those first that end
   * last.
   */
  requestedForOthers(principals: readonly string[], wanted: ForOthers): Promise<readonly ListedCertificate[]>;
  /**
   * Newest first; with a filter on expiry, or on a status other than `revoked`, soonest expiring first; else with a prefix of
   * usernames, by username. `now` goes with a status.
   */
  list(
    filter: CertificateFilter & Visibility & { readonly now?: Date },
    page: PageQuery,
  ): Promise<Page<ListedCertificate>>;
  /**
   * The next certificates that end behind `after` and not later than `until`, of at most 500 those whose end is still to be
   * told at this distance. Orphans, revoked and superseded ones are left out, and those that live less than twice as long.
   */
  expiring(seconds: number, after: EndOfCertificate, until: Date): Promise<ExpiringCertificates>;
}

/** A certificate's place in the order of their ends. */
export interface EndOfCertificate {
  readonly notAfter: Date;
  readonly n: bigint;
}

export interface ExpiringCertificates {
  readonly untold: readonly ListedCertificate[];
  /** The last one that was looked at; null where none is left behind it. */
  readonly last: EndOfCertificate | null;
}

export interface ForOthers {
  /** Whether revoked ones are wanted too. */
  readonly revokedToo: boolean;
  readonly now: Date;
  readonly limit: number;
}

export interface UnexpiredCertificates {
  /** Revoked ones, or else all others. */
  readonly revoked: boolean;
  /** Null: of all clusters. */
  readonly clusters: readonly string[] | null;
  readonly now: Date;
  /** Where given: only those that end at this instant or earlier. */
  readonly endsAtMost?: Date | undefined;
  readonly limit: number;
}

export interface IdentityReader {
  /** Identities with live certificates by username; with `blocked: true`, blocked ones by folded username. */
  list(filter: IdentityFilter, now: Date, page: PageQuery): Promise<Page<LiveIdentity>>;
  /** Whether there is or was a certificate for this username. */
  isKnown(username: string): Promise<boolean>;
  /** The other spellings of a name in requests. `folded`: the form in which names are compared, which is not among them. */
  spellings(folded: string): Promise<readonly string[]>;
}

/** A username with its live certificates, at most `countedCertificates` of them, those first that end last. */
export interface LiveIdentity {
  readonly username: string;
  readonly live: readonly { readonly cluster: string; readonly groups: readonly string[]; readonly notAfter: Date }[];
  /** Null where no block holds on any cluster. */
  readonly block: IdentityBlock | null;
}

export interface RevocationReader {
  /** The revocations behind `after`, in the order of their commits, at most `limit`. */
  chunk(after: bigint, limit: number): Promise<readonly StoredRevocation[]>;
  /** As `chunk`, those alone whose certificate has not expired. */
  unexpired(now: Date, after: bigint, limit: number): Promise<readonly StoredRevocation[]>;
  /** The highest number of a revocation; 0 where there is none. */
  lastN(): Promise<bigint>;
  find(fingerprintSha256: string): Promise<RevokedCertificate | null>;
  /** The fingerprints, among these, of revoked certificates. */
  known(fingerprintsSha256: readonly string[]): Promise<ReadonlySet<string>>;
}

/** `n` grows in the order of the commits, on every replica. */
export interface StoredRevocation extends RevokedCertificate {
  readonly n: bigint;
}

export interface IdentityBlockReader {
  /** The number of the last block; 0: there is none. */
  lastN(): Promise<bigint>;
  /** The folded names of the blocks behind this number, in the order of the numbers, at most `limit`. */
  namesBehind(n: bigint, limit: number): Promise<readonly { readonly n: bigint; readonly folded: string }[]>;
  /** The blocks of these names, in the form in which names are compared; in no particular order. */
  find(folded: readonly string[]): Promise<readonly StoredIdentityBlock[]>;
  /** All blocks behind this name, in the order of the folded names, at most `limit`. */
  chunk(afterFolded: string, limit: number): Promise<readonly (StoredIdentityBlock & { readonly folded: string })[]>;
}

export interface DirectoryReader {
  /** A deleted one too. */
  user(id: string): Promise<DirectoryUser | null>;
  /** The listed user of this name, in the form in which names are compared. */
  userNamed(folded: string): Promise<DirectoryUser | null>;
  /** The last user of this name who is not listed any more. */
  lastNamed(folded: string): Promise<DirectoryUser | null>;
  /** Listed users for whom all conditions hold, by position. */
  users(conditions: readonly UserCondition[], range: DirectoryRange): Promise<DirectoryPage<DirectoryUser>>;
  group(id: string): Promise<DirectoryGroup | null>;
  groups(conditions: readonly GroupCondition[], range: DirectoryRange): Promise<DirectoryPage<DirectoryGroup>>;
  /** The first members of a group. */
  members(groupId: string, limit: number): Promise<readonly DirectoryMember[]>;
  /** The same, with their names. */
  peopleIn(groupId: string, limit: number): Promise<readonly DirectoryPerson[]>;
  /** The people with these ids who are listed, and in this group; null: in any group or none. */
  peopleAmong(ids: readonly string[], groupId: string | null): Promise<readonly DirectoryPerson[]>;
  /** As `bearersOf`, with what decisions need of them. */
  standingsOf(folded: readonly string[]): Promise<readonly DirectoryStanding[]>;
  /** Everybody who is or was the bearer of a username that folds to one of these, oldest first; deleted ones too. */
  bearersOf(folded: readonly string[]): Promise<readonly DirectoryUser[]>;
  groupsOf(userIds: readonly string[]): Promise<GroupsOfUser>;
  /** Losses of which something may be left to do, oldest first, behind the one of this number. */
  losses(behind: bigint, limit: number): Promise<readonly DirectoryLoss[]>;
  /** Whether there is or was a user. */
  isInUse(): Promise<boolean>;
  /** People who are here under a name that was somebody else's, oldest first, behind the one of this number. */
  reused(behind: bigint, limit: number): Promise<readonly ReusedName[]>;
  /** Listed users, oldest first. */
  list(filter: DirectoryUserFilter, page: PageQuery): Promise<Page<DirectoryUser>>;
}

/** Somebody with a name that was somebody else's. */
export interface ReusedName {
  readonly n: bigint;
  readonly user: DirectoryUser;
}

/** People who were in a group that is not theirs any more. */
export interface DirectoryLoss {
  readonly n: bigint;
  /** At most a hundred. */
  readonly users: readonly DirectoryPerson[];
  /** The principal who changed the group. */
  readonly lostBy: string;
}

/** Groups by the id of a user; a user without groups is not in it. */
export type GroupsOfUser = ReadonlyMap<string, readonly DirectoryGroup[]>;

export interface DirectoryUserFilter {
  readonly active?: boolean;
  readonly userName?: string;
  readonly username?: string;
}

export interface ExpiryNoticeReader {
  /** Up to which `notAfter` certificates were looked at for this distance; null: for none yet. */
  through(seconds: number): Promise<Date | null>;
}

export interface AuditEventReader {
  /** Oldest first, so that a follower can keep its cursor and continue later. Events that an archive has are left out. */
  list(filter: AuditEventFilter, page: PageQuery): Promise<AuditEventPage>;
  /** All events of one request that are still in the database, oldest first. */
  ofRequest(requestId: string): Promise<readonly AuditEvent[]>;
  /** Events with `seq` > `afterSeq`, in order, at most `limit`: for verification and export in chunks. */
  chunk(afterSeq: number, limit: number): Promise<readonly AuditEvent[]>;
  /** The same events without reading what is in them: for exports. */
  links(afterSeq: number, limit: number): Promise<readonly ChainLink[]>;
  /** The RFC 8785 texts of these events. It stops at the first missing event. */
  canonicalTexts(afterSeq: number, limit: number): Promise<readonly string[]>;
  /** Number and hash of the last committed event. */
  head(): Promise<{ readonly seq: number; readonly hash: string }>;
  /** Number and hash of the last event that an archive has; `seq` is 0 where there is none. */
  start(): Promise<{ readonly seq: number; readonly hash: string }>;
}

/** Events that left the database, or may leave it. */
export interface AuditArchiveReader {
  /** Null where there is none. */
  last(): Promise<AuditArchive | null>;
  /** The archives with these files, in no particular order. */
  named(files: readonly string[]): Promise<readonly AuditArchive[]>;
  /** Archives with records that are still in the database, oldest first. */
  unpruned(): Promise<readonly AuditArchive[]>;
  /** The oldest records, at most `limit`, whose last event is behind `after` and not behind `through`. */
  records(after: number, through: number, limit: number): Promise<readonly StoredAuditRecord[]>;
  /** The number up to which every event is earlier than the instant. */
  endBefore(instant: Date): Promise<number>;
  /** The timeline of the request's events that left the database, oldest first. `through`: the last of them; 0: none. */
  timelineOf(requestId: string): Promise<{ readonly entries: readonly TimelineEntry[]; readonly through: number }>;
}

/** A file that has some events of the log. */
export interface AuditArchive {
  readonly firstSeq: number;
  readonly lastSeq: number;
  /** Its name, without the directory. */
  readonly file: string;
  /** The file's; lower-case hex. */
  readonly sha256: string;
  /** The hash of its last event in the chain. */
  readonly lastHash: string;
  readonly archivedAt: Date;
}

/** A record of the log with its events. */
export interface StoredAuditRecord {
  readonly lastSeq: number;
  readonly requestId: string | null;
  readonly at: Date;
  readonly events: readonly AuditEvent[];
}

/** Reads checkpoints, and the hashes that proofs are made from. */
export interface CheckpointReader {
  /** The name of the log; null where it has none yet. */
  instanceId(): Promise<string | null>;
  /** The largest one; null where none is kept. */
  last(): Promise<SignedCheckpoint | null>;
  /** Oldest first. */
  keys(): Promise<readonly StoredCheckpointKey[]>;
  /** 256 hashes of 32 octets; null where the tile is not complete, or not kept yet. */
  tile(level: number, n: number): Promise<Uint8Array | null>;
  /** How many tiles of a level are kept. They are kept in order. */
  tileCount(level: number): Promise<number>;
}

export interface StoredCheckpointKey {
  readonly verifierKey: string;
  readonly addedAt: Date;
  /** When it was taken away; null while it signs. */
  readonly retiredAt: Date | null;
}

/** The audit log and its checkpoints, opened for reading alone. */
export interface LogReader extends Pick<Store, 'auditEvents' | 'checkpoints' | 'whyNotSchema'> {
  close(): Promise<void>;
}

export interface RestorationReader {
  /** Oldest first. */
  all(): Promise<readonly Restoration[]>;
}

export interface IdempotencyReader {
  find(scope: IdempotencyScope): Promise<IdempotencyEntry | null>;
}

export interface PolicySetReader {
  find(digest: string): Promise<PolicySetTexts | null>;
}

export interface CertificateAuthorityPinReader {
  pinnedSpkiSha256(cluster: string): Promise<string | null>;
}

export interface ClusterProbeReader {
  /** The latest probe of the cluster. */
  find(cluster: string): Promise<StoredClusterProbe | null>;
}

export interface QuotaReader {
  /**
   * Counts against each of these limits, in their order; exceptions as in `RequireQuota`. 10,000 means 10,000 or more.
   */
  found(
    limits: readonly QuotaLimit[],
    exceptRequest: string,
    now: Date,
    exceptLineage?: string,
  ): Promise<readonly number[]>;
}

export interface WebhookDeliveryReader {
  find(id: string): Promise<WebhookDelivery | null>;
  /** Newest first. */
  list(filter: WebhookDeliveryFilter, page: PageQuery): Promise<Page<WebhookDelivery>>;
  /** The due deliveries of this webhook without an attempt under way, longest due first. */
  due(webhook: string, now: Date, limit: number): Promise<readonly WebhookDelivery[]>;
  /** The waiting deliveries of all webhooks but these, in no particular order. */
  waitingForOthers(webhooks: readonly string[], limit: number): Promise<readonly WebhookDelivery[]>;
}

export interface FigureReader {
  /**
   * Counts the live certificates, along the index of their ends and a thousand at a time; `pause` is awaited in between, and
   * so lets others have the event loop. Null where `pause` answers that this shall end.
   */
  certificates(now: Date, pause: () => Promise<'go on' | 'end'>): Promise<CertificateCount | null>;
  /** Counts by indexes, each up to 100,000. */
  records(now: Date): Promise<Omit<RecordFigures, 'auditEvents' | 'checkpoint'>>;
}
