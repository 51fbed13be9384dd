import type { KeyAlgorithm } from '../../model/key-algorithm.js';
import { idBound } from '../../model/new-id.js';
import type { Role } from '../../model/principal.js';
import type { RecordedRequest } from '../../model/recorded-request.js';
import { storedJson } from '../columns.js';
import type { Prisma, PrismaClient } from '../generated/sqlite/client.js';
import { decisionOf } from '../rows/certificate-request-row.js';
import type { RecordedRequestRange, RecordedRequestReader as RecordedRequestReaderPort } from '../store.js';

const columns = {
  id: true,
  cluster: true,
  username: true,
  groups: true,
  keyAlgorithm: true,
  expirationSeconds: true,
  namespace: true,
  reason: true,
  requesterName: true,
  requesterGroups: true,
  requesterRoles: true,
  collector: true,
  decision: true,
} as const satisfies Prisma.CertificateRequestSelect;

type Row = Prisma.CertificateRequestGetPayload<{ select: typeof columns }>;

/** Reads requests for being decided again: a chunk at a time, and nothing of what became of them later. */
export class RecordedRequestReader implements RecordedRequestReaderPort {
  constructor(private readonly prisma: PrismaClient) {}

  async chunk(
    { cluster, after, before }: RecordedRequestRange,
    afterId: string | null,
    limit: number,
  ): Promise<readonly RecordedRequest[]> {
    // Ids begin with the time of creation, so a period is a range of the primary key, and of the cluster's index.
    const from = afterId === null ? { gte: after === undefined ? '' : idBound(after) } : { gt: afterId };
    const rows = await this.prisma.certificateRequest.findMany({
      where: { ...(cluster !== undefined && { cluster }), id: { ...from, lt: idBound(before) } },
      orderBy: { id: 'asc' },
      take: limit,
      select: columns,
    });
    return rows.map(recordedRequestOf);
  }
}

function recordedRequestOf({ requesterName, requesterGroups, requesterRoles, ...row }: Row): RecordedRequest {
  return {
    ...row,
    groups: storedJson<string[]>(row.groups),
    keyAlgorithm: row.keyAlgorithm as KeyAlgorithm,
    requester: {
      name: requesterName,
      groups: storedJson<string[]>(requesterGroups),
      roles: storedJson<Role[]>(requesterRoles),
    },
    decision: decisionOf(row.decision),
  };
}
