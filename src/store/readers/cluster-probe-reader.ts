import type { StoredClusterProbe } from '../../model/cluster-probe.js';
import type { PrismaClient } from '../generated/sqlite/client.js';
import { clusterProbeColumns, clusterProbeOf } from '../tables/cluster-tables.js';
import type { ClusterProbeReader as ClusterProbeReaderPort } from '../store.js';

export class ClusterProbeReader implements ClusterProbeReaderPort {
  constructor(private readonly prisma: PrismaClient) {}

  async find(cluster: string): Promise<StoredClusterProbe | null> {
    const row = await this.prisma.clusterProbe.findUnique({ where: { cluster }, select: clusterProbeColumns });
    return row && clusterProbeOf(row);
  }
}
