import { PrismaBetterSqlite3 } from '@prisma/adapter-better-sqlite3';
import { StoreUnavailableError, type PolicySetTexts } from '../step.js';
import { storedJson } from '../columns.js';
import { createPrivateFile } from '../create-private-file.js';
import { PrismaClient } from '../generated/sqlite/client.js';
import { migrateSqlite } from '../migrate.js';
import { ApiTokenReader } from '../readers/api-token-reader.js';
import { AuditEventReader } from '../readers/audit-event-reader.js';
import { CertificateReader } from '../readers/certificate-reader.js';
import { CertificateRequestReader } from '../readers/certificate-request-reader.js';
import { ClusterProbeReader } from '../readers/cluster-probe-reader.js';
import { IdempotencyKeyReader } from '../readers/idempotency-key-reader.js';
import { QuotaReader } from '../readers/quota-reader.js';
import { WebhookDeliveryReader } from '../readers/webhook-delivery-reader.js';
import type { Store } from '../store.js';
import { SqliteInventoryReader } from './inventory-reader.js';
import { connectForWriting, OrderedWriter } from './ordered-writer.js';

export interface SqliteStoreOptions {
  /** Path of the database file; its directory exists. */
  readonly file: string;
  /** How long to wait for another process's lock, in milliseconds (default 2000). */
  readonly busyTimeoutMs?: number;
  /** How many steps may wait to be committed (default 1000). */
  readonly queueLimit?: number;
  /** How many steps share one commit at most (default 100). */
  readonly batchLimit?: number;
}

/**
 * Opens the store, created and migrated where need be. Reads go through Prisma on a read-only connection of their own,
 * writes through the ordered writer: no read can join, or be lost with, a transaction that is under way.
 */
export async function openSqliteStore(options: SqliteStoreOptions): Promise<Store> {
  const { file, busyTimeoutMs = 2000, queueLimit = 1000, batchLimit = 100 } = options;
  // SQLite's files beside the database take over its mode.
  createPrivateFile(file);
  migrateSqlite(file);
  const writer = new OrderedWriter(connectForWriting(file, busyTimeoutMs), { queue: queueLimit, batch: batchLimit });
  const prisma = new PrismaClient({
    adapter: new PrismaBetterSqlite3({ url: file, readonly: true, fileMustExist: true, timeout: busyTimeoutMs }),
  });
  await prisma.$connect();
  const auditEvents = new AuditEventReader(prisma);
  const inventory = new SqliteInventoryReader(file, busyTimeoutMs);
  return {
    writer,
    requests: new CertificateRequestReader(prisma),
    certificates: new CertificateReader(prisma),
    inventory,
    auditEvents,
    apiTokens: new ApiTokenReader(prisma),
    idempotencyKeys: new IdempotencyKeyReader(prisma),
    policySets: {
      async find(digest) {
        const row = await prisma.policySet.findUnique({ where: { digest }, select: { texts: true } });
        return row && storedJson<PolicySetTexts>(row.texts);
      },
    },
    certificateAuthorities: {
      async pinnedSpkiSha256(cluster) {
        const row = await prisma.certificateAuthorityPin.findUnique({
          where: { cluster },
          select: { spkiSha256: true },
        });
        return row?.spkiSha256 ?? null;
      },
    },
    clusterProbes: new ClusterProbeReader(prisma),
    quotas: new QuotaReader(prisma),
    webhookDeliveries: new WebhookDeliveryReader(prisma),
    async ping() {
      const { failingSince } = writer;
      if (failingSince !== null)
        throw new StoreUnavailableError(`commits have failed since ${failingSince.toISOString()}`);
      await auditEvents.head();
    },
    async close() {
      // The last connection to close puts the write-ahead log into the database, and only one that writes can.
      inventory.close();
      await prisma.$disconnect();
      await writer.close();
    },
  };
}
