import { callerOf } from '../http/hooks/authentication.js';
import { granted } from '../http/problems/refusal-to-problem.js';
import { json, operation } from '../http/answers/responses.js';
import {
  closed,
  dnsLabelOf,
  idOf,
  instantOf,
  instantTextOf,
  integerOf,
  messageOf,
  namedObject,
  nameOf,
  nullable,
  oneOf,
  principalNameOf,
  sha256Of,
  textOf,
  viewOf,
} from '../http/schemas/schema-parts.js';
import type { App } from '../http/server/types.js';
import { Type } from 'typebox';
import { restorationEvidence } from '../model/restoration.js';
import type { Restorations } from './detect-restorations.js';

const eventsOf = (description: string) =>
  integerOf(description, 4711, { minimum: 0, maximum: Number.MAX_SAFE_INTEGER });

const RestorationSchema = closed({
  id: idOf('UUID.'),
  detectedAt: instantOf('When it became known.'),
  detectedBy: oneOf(
    restorationEvidence,
    'What showed it: `command`, the restore command; `checkpoint`, a checkpoint that is kept beside the database; ' +
      '`revocations`, those that the list beside it, or a running replica, knew; `clusters`, certificates of a cluster; ' +
      '`head`, the end of the log that a running replica had seen.',
  ),
  events: eventsOf('How many events the log had.'),
  knownUntil: nullable(instantOf('When the last of them happened.'), 'Null: the log had no events.'),
  signedEvents: nullable(
    eventsOf('The largest size that a checkpoint is known to have had before. No size up to it is signed again.'),
    'Null: none is known.',
  ),
  acknowledgedAt: nullable(instantOf('When an admin acknowledged it.'), 'Null: nobody has.'),
  acknowledgedBy: nullable(principalNameOf('Who acknowledged it.', 'jane@example.com'), 'Null: nobody has.'),
});

const LostCertificateSchema = closed({
  cluster: dnsLabelOf('The cluster that signed it.', 'prod'),
  fingerprintSha256: sha256Of('SHA-256 of the certificate'),
  serialNumber: nullable(
    textOf('Its serial number, lower-case hex.', '41968c2e7a1bfc3d8e4f5a6b7c8d9e0f', {
      maxLength: 64,
      pattern: '^-?[0-9a-f]*$',
    }),
    'Null: the certificate cannot be read.',
  ),
  username: nullable(nameOf('Its username.', 'jane'), 'Null: the certificate cannot be read.'),
  notAfter: nullable(instantTextOf('When it ends.'), 'Null: the certificate cannot be read.'),
});

const RestoredSchema = namedObject('Restored', 'Whether the database was put back from a backup.', {
  restored: Type.Boolean({
    description: 'Whether the database was put back and no admin has acknowledged that.',
    examples: [true],
  }),
  restorations: Type.Array(RestorationSchema, {
    maxItems: 10_000,
    description: 'Each restore of the database, oldest first.',
  }),
  mayBeUnknown: Type.Array(messageOf('A sentence.', 'an admin acknowledges this with POST /v1/restored/acknowledge'), {
    maxItems: 100,
    description: 'What the service may not know. Empty where that is acknowledged.',
  }),
  certificates: Type.Array(LostCertificateSchema, {
    maxItems: 500,
    description:
      'Certificates that a cluster signed for this log, and that the database does not know; oldest first. The audit log ' +
      'has them as `UnknownIdentityIssued` with `lost: true`.',
  }),
});

const restoredView = viewOf(RestoredSchema);

export interface RestoredContext {
  readonly restored: Pick<Restorations, 'read' | 'acknowledge'>;
}

export function addRestored(app: App, { restored }: RestoredContext): void {
  app.get(
    '/restored',
    operation({
      config: { action: 'read-audit-events' },
      operationId: 'getRestored',
      tags: ['operators'],
      summary: 'Read whether the database was put back from a backup',
      description:
        'The answer also says what the service may not know. `GET /readyz?verbose=true` says the same in short, without a token.',
      response: {
        200: json(RestoredSchema, {
          description: 'Whether the database was put back, and what may not be known.',
        }),
      },
    }),
    async (request) => restoredView(granted(await restored.read(callerOf(request)))),
  );

  app.post(
    '/restored/acknowledge',
    operation({
      config: { action: 'acknowledge-restored', budgetUse: 'writing' },
      operationId: 'acknowledgeRestored',
      tags: ['operators'],
      summary: 'Acknowledge that the database was put back from a backup',
      description:
        'Needs the role admin. Says that you have looked at what the service may not know: `restored` is false from now on. ' +
        'The audit log records who said so: `RestoredAcknowledged`. If nothing is left to acknowledge, nothing changes.',
      response: {
        200: json(RestoredSchema, {
          description: 'It is acknowledged, now or before.',
        }),
      },
    }),
    async (request) => restoredView(granted(await restored.acknowledge(callerOf(request)))),
  );
}
