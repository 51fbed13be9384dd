import type { ClusterProbe, StoredClusterProbe } from '../../model/cluster.js';
import type { Prisma, PrismaClient } from '../generated/sqlite/client.js';
import { insertUnique, storedJson, type Columns, type Statement } from '../steps/statement.js';
import type { UnknownIdentity } from '../steps/step.js';

const clusterProbeColumns = {
  cluster: true,
  probedAt: true,
  result: true,
} as const satisfies Prisma.ClusterProbeSelect;

type ClusterProbeRow = Prisma.ClusterProbeGetPayload<{ select: typeof clusterProbeColumns }>;

export function clusterProbeRow(probe: StoredClusterProbe): Columns<ClusterProbeRow> {
  return { cluster: probe.cluster, probedAt: probe.probedAt, result: probe.result };
}

type UnknownIdentityRow = Prisma.UnknownIdentityGetPayload<object>;

export function unknownIdentityRow(identity: UnknownIdentity): Columns<UnknownIdentityRow> {
  return {
    cluster: identity.cluster,
    fingerprintSha256: identity.fingerprintSha256,
    objectUid: identity.objectUid,
    recordedAt: identity.recordedAt,
  };
}

/** Records the latest probe; an older one changes nothing. */
export function rememberProbe(probe: StoredClusterProbe): Statement {
  const { cluster, probedAt, result } = clusterProbeRow(probe);
  return {
    sql: `INSERT INTO "ClusterProbe" ("cluster", "probedAt", "result") VALUES (?, ?, ?) ON CONFLICT ("cluster")
      DO UPDATE SET "probedAt" = excluded."probedAt", "result" = excluded."result"
        WHERE "ClusterProbe"."probedAt" <= excluded."probedAt"`,
    parameters: [cluster, probedAt, result],
  };
}

/** Pins a key. The same pin once more changes nothing; another one conflicts, because it matches no row. */
export const pinCertificateAuthority = (cluster: string, spkiSha256: string): Statement => ({
  sql: `INSERT INTO "CertificateAuthorityPin" ("cluster", "spkiSha256") VALUES (?, ?) ON CONFLICT ("cluster")
    DO UPDATE SET "spkiSha256" = excluded."spkiSha256"
      WHERE "CertificateAuthorityPin"."spkiSha256" = excluded."spkiSha256"`,
  parameters: [cluster, spkiSha256],
  unlessChanged: { kind: 'certificateAuthority', cluster },
});

export const insertUnknownIdentity = (identity: UnknownIdentity): Statement =>
  insertUnique('UnknownIdentity', unknownIdentityRow(identity), { kind: 'unique', what: 'fingerprintSha256' });

/** Reads the table of probes. */
export class ClusterProbeTable {
  constructor(private readonly prisma: PrismaClient) {}

  /** The latest probe of the cluster. */
  async find(cluster: string): Promise<StoredClusterProbe | null> {
    const row = await this.prisma.clusterProbe.findUnique({ where: { cluster }, select: clusterProbeColumns });
    return row && clusterProbeOf(row);
  }
}

/** Reads the table of pinned keys. */
export class CertificateAuthorityPinTable {
  constructor(private readonly prisma: PrismaClient) {}

  async pinnedSpkiSha256(cluster: string): Promise<string | null> {
    const row = await this.prisma.certificateAuthorityPin.findUnique({
      where: { cluster },
      select: { spkiSha256: true },
    });
    return row?.spkiSha256 ?? null;
  }
}

function clusterProbeOf(row: ClusterProbeRow): StoredClusterProbe {
  return { cluster: row.cluster, probedAt: row.probedAt, result: probeIn(row.result) };
}

/** Probes that were recorded before any of them tried a revocation have no such member. */
function probeIn(result: Prisma.JsonValue): ClusterProbe {
  return { revocation: null, ...storedJson<Omit<ClusterProbe, 'revocation'>>(result) };
}
