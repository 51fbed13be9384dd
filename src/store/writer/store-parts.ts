import { StoreUnavailableError } from '../../model/errors.js';
import type { PrismaClient } from '../generated/sqlite/client.js';
import type { OrderedWriter } from './ordered-writer.js';
import type { ReadRows, SqlDialect } from '../steps/statement.js';
import type { Store } from '../store.js';
import { ApiTokenTable } from '../tables/api-token-table.js';
import { AuditArchiveTable } from '../tables/audit-archive-table.js';
import { AuditEventTable } from '../tables/audit-event-table.js';
import { CertificateTable } from '../tables/certificate-table.js';
import { RequestTable } from '../tables/request-table.js';
import { CertificateAuthorityPinTable, ClusterProbeTable } from '../tables/cluster-tables.js';
import { DirectoryTable } from '../tables/directory-table.js';
import { ExpiryNoticeTable } from '../tables/expiry-notice-table.js';
import { IdentityTable } from '../tables/identity-table.js';
import { IdentityBlockTable } from '../tables/identity-block-table.js';
import { RevocationTable } from '../tables/revocation-table.js';
import { FigureCounts } from '../tables/figures.js';
import { IdempotencyKeyTable } from '../tables/idempotency-key-table.js';
import { CheckpointTables } from '../tables/checkpoint-tables.js';
import { PolicySetTable } from '../tables/policy-set-table.js';
import { QuotaCounts } from '../tables/quotas.js';
import { RecordedRequests } from '../tables/recorded-requests.js';
import { RestorationTable } from '../tables/restoration-table.js';
import { SessionTable } from '../tables/session-table.js';
import { WebhookDeliveryTable } from '../tables/webhook-delivery-table.js';

/** The parts of a store that are the same on every database, on what differs: the writer and three ways to read. */
export function storeParts(
  writer: OrderedWriter,
  prisma: PrismaClient,
  dialect: SqlDialect,
  readRows: ReadRows,
): Omit<Store, 'inventory' | 'alone' | 'whyNotSchema' | 'close'> {
  const reads = { readRows, dialect };
  const identityBlocks = new IdentityBlockTable(prisma, readRows);
  const auditEvents = new AuditEventTable(prisma, reads);
  return {
    writer,
    hasRoom: () => writer.hasRoom,
    queue: () => writer.queue,
    requests: new RequestTable(prisma, reads),
    recordedRequests: new RecordedRequests(readRows),
    certificates: new CertificateTable(prisma, reads),
    identities: new IdentityTable(reads, identityBlocks),
    revocations: new RevocationTable(prisma),
    identityBlocks,
    directory: new DirectoryTable(reads),
    expiryNotices: new ExpiryNoticeTable(prisma),
    auditEvents,
    checkpoints: new CheckpointTables(prisma, readRows),
    restorations: new RestorationTable(prisma),
    auditArchives: new AuditArchiveTable(prisma),
    apiTokens: new ApiTokenTable(prisma, reads),
    sessions: new SessionTable(prisma),
    idempotencyKeys: new IdempotencyKeyTable(prisma),
    policySets: new PolicySetTable(prisma),
    certificateAuthorities: new CertificateAuthorityPinTable(prisma),
    clusterProbes: new ClusterProbeTable(prisma),
    quotas: new QuotaCounts(dialect, readRows),
    webhookDeliveries: new WebhookDeliveryTable(prisma),
    figures: new FigureCounts(reads),
    async ping() {
      const { failingSince } = writer;
      if (failingSince !== null)
        throw new StoreUnavailableError(`commits have failed since ${failingSince.toISOString()}`);
      await auditEvents.head();
    },
  };
}
