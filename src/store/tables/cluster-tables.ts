import type { ClusterProbe, StoredClusterProbe } from '../../model/cluster.js';
import { Prisma } from '../generated/sqlite/browser.js';
import type { PrismaClient } from '../generated/sqlite/client.js';
import { insertUnique, rowOf, storedJson, type StatementsBy } from '../steps/statement.js';

export const clusterStatements = {
  /** Records the latest probe; an older one changes nothing. */
  rememberProbe: ({ probe: { cluster, probedAt, result } }) => ({
    sql: `INSERT INTO "ClusterProbe" ("cluster", "probedAt", "result") VALUES (?, ?, ?) ON CONFLICT ("cluster")
      DO UPDATE SET "probedAt" = excluded."probedAt", "result" = excluded."result"
        WHERE "ClusterProbe"."probedAt" <= excluded."probedAt"`,
    parameters: [cluster, probedAt, result],
  }),

  insertUnknownIdentity: ({ identity }) =>
    insertUnique('UnknownIdentity', rowOf(Prisma.UnknownIdentityScalarFieldEnum, identity), {
      kind: 'unique',
      what: 'fingerprintSha256',
    }),
} satisfies Partial<StatementsBy>;

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
