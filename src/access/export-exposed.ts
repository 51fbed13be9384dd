import { csvForm } from '../http/answers/exports.js';
import type { IdentityBody } from './identity-schemas.js';

type Exposure = NonNullable<IdentityBody['residualExposure']>[number];

const columns: Readonly<
  Record<string, (row: { readonly identity: IdentityBody; readonly exposure: Exposure }) => string>
> = {
  username: ({ identity }) => identity.username,
  leftAt: ({ identity }) => identity.leftAt ?? '',
  blockedAt: ({ identity }) => identity.blocked?.blockedAt ?? '',
  blockedBy: ({ identity }) => identity.blocked?.blockedBy ?? '',
  blockReason: ({ identity }) => identity.blocked?.reason ?? '',
  cluster: ({ exposure }) => exposure.cluster,
  fingerprintSha256: ({ exposure }) => exposure.fingerprintSha256,
  notAfter: ({ exposure }) => exposure.notAfter,
  enforcement: ({ exposure }) => exposure.enforcement,
  continues: ({ exposure }) => exposure.continues.join('; '),
  omitted: ({ identity }) => String(identity.omitted ?? false),
};

/** A record for each certificate that still works. */
export const exposedForm = csvForm(columns, (identity: IdentityBody) =>
  (identity.residualExposure ?? []).map((exposure) => ({ identity, exposure })),
);
