import { Type, type Static } from 'typebox';
import { auditEventTypes, type AuditEvent } from '../../model/audit-event.js';
import { pageOf, pageParameters } from '../pages.js';
import {
  closed,
  dnsLabelOf,
  idOf,
  instantOf,
  namedObject,
  nullable,
  oneOf,
  sha256Of,
  principalNameOf,
} from '../schema-parts.js';

export const AuditEventSchema = namedObject('AuditEvent', 'One event of the append-only chain.', {
  seq: Type.Integer({ minimum: 1, description: '1, 2, 3 … without gaps.', examples: [42] }),
  at: instantOf('When it happened.'),
  type: oneOf(auditEventTypes, 'What happened.'),
  principal: nullable(principalNameOf('A principal.', 'hr-system'), 'Who did it; null: kubepass itself.'),
  cluster: nullable(dnsLabelOf('A cluster.', 'demo')),
  requestId: nullable(idOf('A certificate request.')),
  fingerprintSha256: nullable(sha256Of('A certificate’s SHA-256')),
  details: Type.Record(Type.String({ maxLength: 256 }), Type.Unknown(), {
    description: 'More about the event; its members depend on `type`.',
  }),
  previousHash: sha256Of('Hash of the event before; 64 zeros before the first'),
  hash: sha256Of('SHA-256 of `previousHash` and the canonical event (RFC 8785)'),
});
export type AuditEventBody = Static<typeof AuditEventSchema>;

export const AuditEventListSchema = pageOf(AuditEventSchema, 'Audit events, oldest first.');

export const ChainVerificationSchema = namedObject('ChainVerification', 'The result of checking the chain.', {
  valid: Type.Boolean({ description: 'Whether the chain is intact from the first event to the last.' }),
  events: Type.Integer({ minimum: 0, description: 'How many events were checked.', examples: [42] }),
  head: sha256Of('Hash of the last event; 64 zeros for an empty log'),
  firstInvalidSeq: nullable(
    Type.Integer({ minimum: 0 }),
    'The first event at which the chain is broken; null if it is intact.',
  ),
});

export const AuditEventQuerySchema = closed({
  type: Type.Optional(oneOf(auditEventTypes, 'Only events of this type.')),
  principal: Type.Optional(principalNameOf('Only events caused by this principal.', 'hr-system')),
  cluster: Type.Optional(dnsLabelOf('Only events about this cluster.', 'demo')),
  requestId: Type.Optional(
    Type.String({ minLength: 1, maxLength: 64, description: 'Only events about this certificate request.' }),
  ),
  fingerprintSha256: Type.Optional(sha256Of('Only events about the certificate with this SHA-256')),
  after: Type.Optional(instantOf('Only events after this instant.')),
  before: Type.Optional(instantOf('Only events before this instant.')),
  ...pageParameters,
});

export function auditEventView(event: AuditEvent): AuditEventBody {
  return {
    seq: event.seq,
    at: event.at.toISOString(),
    type: event.type,
    principal: event.principal,
    cluster: event.cluster,
    requestId: event.requestId,
    fingerprintSha256: event.fingerprintSha256,
    details: { ...event.details },
    previousHash: event.previousHash,
    hash: event.hash,
  };
}
