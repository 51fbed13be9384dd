import { StoreUnavailableError } from '../model/errors.js';
import type { StoreMeasures, StoreQueue } from '../model/measures.js';
import type { Reads } from './lists/list.js';
import type { MigrationOptions } from './schema/migrations.js';
import type { Writer } from './steps/step.js';
import { ApiTokenTable } from './tables/api-token-table.js';
import { AuditArchiveTable } from './tables/audit-archive-table.js';
import { AuditEventTable } from './tables/audit-event-table.js';
import { CertificateTable } from './tables/certificate-table.js';
import { ChangeTable } from './tables/change-table.js';
import { RequestTable } from './tables/request-table.js';
import { ClusterIssuerTable } from './tables/cluster-issuer-table.js';
import { ClusterProbeTable } from './tables/cluster-tables.js';
import { DirectoryTable } from './tables/directory-table.js';
import { ExpiryNoticeTable } from './tables/expiry-notice-table.js';
import { IdentityTable } from './tables/identity-table.js';
import { IdentityBlockTable } from './tables/identity-block-table.js';
import { RevocationTable } from './tables/revocation-table.js';
import { FigureCounts } from './tables/figures.js';
import { IdempotencyKeyTable } from './tables/idempotency-key-table.js';
import { CheckpointTables } from './tables/checkpoint-tables.js';
import { Inventory } from './tables/inventory.js';
import { PolicySetTable } from './tables/policy-set-table.js';
import { QuotaCounts } from './tables/quotas.js';
import { RecordedRequests } from './tables/recorded-requests.js';
import { RestorationTable } from './tables/restoration-table.js';
import { TimelineTable } from './tables/timeline-table.js';
import { SessionTable } from './tables/session-table.js';
import { WebhookDeliveryTable } from './tables/webhook-delivery-table.js';
import { OrderedWriter, type Batches } from './writer/ordered-writer.js';

/** The tables of a database. */
export function tablesOn(reads: Reads) {
  const { prisma, readRows } = reads;
  const identityBlocks = new IdentityBlockTable(readRows);
  return {
    requests: new RequestTable(reads),
    recordedRequests: new RecordedRequests(readRows),
    certificates: new CertificateTable(reads),
    identities: new IdentityTable(reads, identityBlocks),
    timeline: new TimelineTable(reads, identityBlocks),
    revocations: new RevocationTable(prisma),
    identityBlocks,
    directory: new DirectoryTable(reads),
    expiryNotices: new ExpiryNoticeTable(prisma),
    auditEvents: new AuditEventTable(reads),
    checkpoints: new CheckpointTables(reads),
    changes: new ChangeTable(reads),
    restorations: new RestorationTable(prisma),
    auditArchives: new AuditArchiveTable(prisma),
    apiTokens: new ApiTokenTable(reads),
    sessions: new SessionTable(prisma),
    idempotencyKeys: new IdempotencyKeyTable(prisma),
    policySets: new PolicySetTable(prisma),
    issuers: new ClusterIssuerTable(reads),
    clusterProbes: new ClusterProbeTable(prisma),
    quotas: new QuotaCounts(reads),
    webhookDeliveries: new WebhookDeliveryTable(prisma),
    figures: new FigureCounts(reads),
    /** Certificates and their requests, for inspections. */
    inventory: new Inventory(reads),
  };
}

type Tables = ReturnType<typeof tablesOn>;

/** The public methods of each table. A test may put an object with the same methods in its place. */
type TableMethods = { readonly [Name in keyof Tables]: Pick<Tables[Name], keyof Tables[Name]> };

/** Everything that kubepass stores: the tables to read it, and the one writer. */
export interface Store extends TableMethods {
  readonly writer: Writer;
  /** Whether the writer would take a step now, as far as is known: its queue has room, and commits work. */
  hasRoom(): boolean;
  /** The steps that wait for the writer. */
  queue(): StoreQueue;
  /**
   * Runs `work` while no other process on this database runs its own; for work at start that two must not do at once.
   */
  alone<T>(work: () => Promise<T>): Promise<T>;
  /** Answers when the database does. Throws after a failed commit, until a commit succeeds. For `/readyz`. */
  ping(): Promise<void>;
  /**
   * Why the database has not the triggers and other objects that the migrations make, in words that go on after its
   * name; null: it has them.
   */
  whyNotSchema(): Promise<string | null>;
  /** Lets queued steps finish, then closes. */
  close(): Promise<void>;
}

/** The audit log and its checkpoints, opened for reading alone. */
export interface LogReader extends Pick<Store, 'auditEvents' | 'checkpoints' | 'whyNotSchema'> {
  close(): Promise<void>;
}

export interface StoreOptions extends MigrationOptions {
  /** How many steps may wait to be committed (default 1000). */
  readonly queueLimit?: number;
  /** How many steps share one commit at most (default 100). */
  readonly batchLimit?: number;
  /** Is told of each commit. */
  readonly measures?: StoreMeasures;
}

/** The parts of a store that are the same on every database. The writer is to be closed. */
export function storeParts(
  batches: Batches,
  reads: Reads,
  { queueLimit = 1000, batchLimit = 100, measures }: StoreOptions,
): Omit<Store, 'writer' | 'alone' | 'whyNotSchema' | 'close'> & { readonly writer: OrderedWriter } {
  const writer = new OrderedWriter(batches, { queue: queueLimit, batch: batchLimit }, measures);
  const tables = tablesOn(reads);
  return {
    writer,
    hasRoom: writer.hasRoom,
    queue: writer.queue,
    ...tables,
    async ping() {
      const { failingSince } = writer;
      if (failingSince !== null)
        throw new StoreUnavailableError(`commits have failed since ${failingSince.toISOString()}`);
      await tables.auditEvents.head();
    },
  };
}
