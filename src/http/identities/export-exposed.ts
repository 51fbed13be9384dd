import { csvForm } from '../answers/exports.js';
import { certificateSha256 } from '../schemas/example-certificate.js';
import type { IdentityBody } from './schemas.js';

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

/** An export of one certificate. */
export const exampleExposed =
  exposedForm.head +
  exposedForm.lines({
    username: 'jane@corp.example',
    clusters: [],
    leftAt: '2026-11-25T12:00:00.000Z',
    blocked: {
      username: 'jane@corp.example',
      clusters: null,
      reason: 'cessationOfOperation',
      comment: null,
      until: null,
      blockedAt: '2026-11-25T12:00:00.000Z',
      blockedBy: 'hr-system',
    },
    residualExposure: [
      {
        cluster: 'demo',
        fingerprintSha256: certificateSha256,
        notAfter: '2026-11-26T12:00:00.000Z',
        enforcement: 'none',
        continues: ['everything, until the certificate expires or its bindings are removed'],
      },
    ],
    omitted: false,
  });
