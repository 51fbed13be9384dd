import type { ClusterProbe, StoredClusterProbe } from '../../model/cluster-probe.js';
import { type Columns, storedJson } from '../columns.js';
import type { Prisma } from '../generated/sqlite/client.js';

export const clusterProbeColumns = {
  cluster: true,
  probedAt: true,
  result: true,
} as const satisfies Prisma.ClusterProbeSelect;

type ClusterProbeRow = Prisma.ClusterProbeGetPayload<{ select: typeof clusterProbeColumns }>;

export function clusterProbeRow(probe: StoredClusterProbe): Columns<ClusterProbeRow> {
  return { cluster: probe.cluster, probedAt: probe.probedAt, result: probe.result };
}

export function clusterProbeOf(row: ClusterProbeRow): StoredClusterProbe {
  return { cluster: row.cluster, probedAt: row.probedAt, result: storedJson<ClusterProbe>(row.result) };
}
