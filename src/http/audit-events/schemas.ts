import { Type, type Static } from 'typebox';
import { auditEventTypes } from '../../model/audit-event.js';
import {
  dnsLabelOf,
  instantOf,
  nameOf,
  named,
  nullable,
  oneOf,
  pageOf,
  pageParameters,
  requestIdOf,
  sha256Of,
} from '../field-schemas.js';

export const AuditEventSchema = named(
  'AuditEvent',
  Type.Object(
    {
      seq: Type.Integer({ minimum: 1, description: '1, 2, 3 … without gaps.', examples: [42] }),
      at: instantOf('When.'),
      type: oneOf(auditEventTypes, { description: 'What happened.' }),
      principal: nullable(nameOf('Who.', 'hr-system'), { description: 'Null: kubepass itself.' }),
      cluster: nullable(dnsLabelOf('A cluster.', 'demo')),
      requestId: nullable(requestIdOf('A certificate request.')),
      fingerprintSha256: nullable(sha256Of('A certificate’s SHA-256')),
      details: Type.Record(Type.String({ maxLength: 256 }), Type.Unknown(), { description: 'By type.' }),
      previousHash: sha256Of('Hash of the event before; 64 zeros before the first'),
      hash: sha256Of('SHA-256 of `previousHash` and the canonical event (RFC 8785)'),
    },
    { additionalProperties: false, description: 'One event of the append-only chain.' },
  ),
);
export type AuditEventBody = Static<typeof AuditEventSchema>;

export const AuditEventListSchema = pageOf(AuditEventSchema, 'Audit events, oldest first.');

export const ChainVerificationSchema = named(
  'ChainVerification',
  Type.Object(
    {
      valid: Type.Boolean({ description: 'Whether the chain holds from the first event to the last.' }),
      events: Type.Integer({ minimum: 0, description: 'How many events were checked.', examples: [42] }),
      head: sha256Of('Hash of the last event; 64 zeros for an empty log'),
      firstInvalidSeq: nullable(Type.Integer({ minimum: 0 }), { description: 'Where it breaks first.' }),
    },
    { additionalProperties: false, description: 'What checking the chain found.' },
  ),
);

export const AuditEventQuerySchema = Type.Object(
  {
    type: Type.Optional(oneOf(auditEventTypes, { description: 'Only of this type.' })),
    principal: Type.Optional(nameOf('Only caused by this principal.', 'hr-system')),
    cluster: Type.Optional(dnsLabelOf('Only about this cluster.', 'demo')),
    requestId: Type.Optional(
      Type.String({ minLength: 1, maxLength: 64, description: 'Only about this certificate request.' }),
    ),
    fingerprintSha256: Type.Optional(sha256Of('Only about the certificate with this SHA-256')),
    after: Type.Optional(instantOf('Only after this instant.')),
    before: Type.Optional(instantOf('Only before this instant.')),
    ...pageParameters,
  },
  { additionalProperties: false },
);
