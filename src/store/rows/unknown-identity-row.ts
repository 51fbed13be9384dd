import type { Columns } from '../columns.js';
import type { Prisma } from '../generated/sqlite/client.js';
import type { UnknownIdentity } from '../step.js';

type UnknownIdentityRow = Prisma.UnknownIdentityGetPayload<object>;

export function unknownIdentityRow(identity: UnknownIdentity): Columns<UnknownIdentityRow> {
  return {
    cluster: identity.cluster,
    fingerprintSha256: identity.fingerprintSha256,
    objectUid: identity.objectUid,
    recordedAt: identity.recordedAt,
  };
}
