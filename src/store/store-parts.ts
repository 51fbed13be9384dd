import { storedJson } from './columns.js';
import type { PrismaClient } from './generated/sqlite/client.js';
import type { PolicySetTexts } from './step.js';
import type { Store } from './store.js';
import { ApiTokenReader } from './readers/api-token-reader.js';
import { AuditEventReader } from './readers/audit-event-reader.js';
import { CertificateReader } from './readers/certificate-reader.js';
import { CertificateRequestReader } from './readers/certificate-request-reader.js';
import { ClusterProbeReader } from './readers/cluster-probe-reader.js';
import { IdempotencyKeyReader } from './readers/idempotency-key-reader.js';
import { WebhookDeliveryReader } from './readers/webhook-delivery-reader.js';

/** The read ports that go through Prisma: the same on every database. */
export type PrismaReaders = Omit<
  Store,
  'writer' | 'inventory' | 'quotas' | 'recordedRequests' | 'alone' | 'ping' | 'close'
>;

export function prismaReaders(prisma: PrismaClient): PrismaReaders {
  return {
    requests: new CertificateRequestReader(prisma),
    certificates: new CertificateReader(prisma),
    auditEvents: new AuditEventReader(prisma),
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
    webhookDeliveries: new WebhookDeliveryReader(prisma),
  };
}
