import type { AuditEvent } from '../../model/audit-event.js';
import type { AuditEventBody } from './schemas.js';

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
