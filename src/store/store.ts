import type { InventoryReader } from '../inspections/inventory.js';
import type { StoreQueue } from '../model/measures.js';
import type { Writer } from './steps/step.js';
import type { ApiTokenTable } from './tables/api-token-table.js';
import type { AuditArchiveTable } from './tables/audit-archive-table.js';
import type { AuditEventTable } from './tables/audit-event-table.js';
import type { CertificateTable } from './tables/certificate-table.js';
import type { CheckpointTables } from './tables/checkpoint-tables.js';
import type { CertificateAuthorityPinTable, ClusterProbeTable } from './tables/cluster-tables.js';
import type { DirectoryTable } from './tables/directory-table.js';
import type { ExpiryNoticeTable } from './tables/expiry-notice-table.js';
import type { FigureCounts } from './tables/figures.js';
import type { IdempotencyKeyTable } from './tables/idempotency-key-table.js';
import type { IdentityBlockTable } from './tables/identity-block-table.js';
import type { IdentityTable } from './tables/identity-table.js';
import type { PolicySetTable } from './tables/policy-set-table.js';
import type { QuotaCounts } from './tables/quotas.js';
import type { RecordedRequests } from './tables/recorded-requests.js';
import type { RequestTable } from './tables/request-table.js';
import type { RestorationTable } from './tables/restoration-table.js';
import type { RevocationTable } from './tables/revocation-table.js';
import type { SessionTable } from './tables/session-table.js';
import type { WebhookDeliveryTable } from './tables/webhook-delivery-table.js';

/** The public methods of a table. A test may put an object with the same methods in its place. */
type Methods<Table> = Pick<Table, keyof Table>;

/** Everything that kubepass stores: the tables to read it, and the one writer. */
export interface Store {
  readonly writer: Writer;
  /** Whether the writer would take a step now, as far as is known: its queue has room, and commits work. */
  hasRoom(): boolean;
  /** The steps that wait for the writer. */
  queue(): StoreQueue;
  readonly requests: Methods<RequestTable>;
  readonly recordedRequests: Methods<RecordedRequests>;
  readonly certificates: Methods<CertificateTable>;
  readonly identities: Methods<IdentityTable>;
  readonly revocations: Methods<RevocationTable>;
  readonly identityBlocks: Methods<IdentityBlockTable>;
  readonly expiryNotices: Methods<ExpiryNoticeTable>;
  readonly directory: Methods<DirectoryTable>;
  /** Certificates and their requests, for inspections. */
  readonly inventory: InventoryReader;
  readonly auditEvents: Methods<AuditEventTable>;
  readonly checkpoints: Methods<CheckpointTables>;
  readonly restorations: Methods<RestorationTable>;
  readonly auditArchives: Methods<AuditArchiveTable>;
  readonly apiTokens: Methods<ApiTokenTable>;
  readonly sessions: Methods<SessionTable>;
  readonly idempotencyKeys: Methods<IdempotencyKeyTable>;
  readonly policySets: Methods<PolicySetTable>;
  readonly certificateAuthorities: Methods<CertificateAuthorityPinTable>;
  readonly clusterProbes: Methods<ClusterProbeTable>;
  readonly quotas: Methods<QuotaCounts>;
  readonly webhookDeliveries: Methods<WebhookDeliveryTable>;
  readonly figures: Methods<FigureCounts>;
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

/** The audit log and its checkpoints, opened for reading alone. */
export interface LogReader extends Pick<Store, 'auditEvents' | 'checkpoints' | 'whyNotSchema'> {
  close(): Promise<void>;
}
