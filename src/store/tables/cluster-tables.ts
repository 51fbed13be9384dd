import type { ClusterProbe, StoredClusterProbe } from '../../model/cluster.js';
import { Prisma } from '../generated/sqlite/browser.js';
import type { PrismaClient } from '../generated/sqlite/client.js';
import { insertUnique, rowOf, storedJson } from '../steps/statement.js';
import type { Write } from '../steps/step.js';

/** Keeps the latest probe, in whichever order probes arrive. */
export const rememberProbe = ({ cluster, probedAt, result }: StoredClusterProbe): Write => ({
  statements: () => ({
    sql: `INSERT INTO "ClusterProbe" ("cluster", "probedAt", "result") VALUES (?, ?, ?) ON CONFLICT ("cluster")
      DO UPDATE SET "probedAt" = excluded."probedAt", "result" = excluded."result"
        WHERE "ClusterProbe"."probedAt" <= excluded."probedAt"`,
    parameters: [cluster, probedAt, result],
  }),
});

/** A user certificate that a cluster signed for somebody else. */
interface UnknownIdentity {
  readonly cluster: string;
  readonly fingerprintSha256: string;
  /** `metadata.uid` of the CertificateSigningRequest object. */
  readonly objectUid: string;
  readonly recordedAt: Date;
}

/** Conflicts where the identity is recorded already. */
export const insertUnknownIdentity = (identity: UnknownIdentity): Write => ({
  statements: () =>
    insertUnique('UnknownIdentity', rowOf(Prisma.UnknownIdentityScalarFieldEnum, identity), {
      kind: 'unique',
      what: 'fingerprintSha256',
    }),
});

/** Reads the table of probes. */
export class ClusterProbeTable {
  constructor(private readonly prisma: PrismaClient) {}

  /** The latest probe of the cluster. */
  async find(cluster: string): Promise<StoredClusterProbe | null> {
    const row = await this.prisma.clusterProbe.findUnique({ where: { cluster } });
    // Probes that were recorded before any of them tried a revocation have no such member.
    return row && { ...row, result: { revocation: null, ...storedJson<Omit<ClusterProbe, 'revocation'>>(row.result) } };
  }
}
