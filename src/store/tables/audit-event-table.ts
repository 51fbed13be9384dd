import type { AuditEvent, AuditEventType } from '../../model/audit-event.js';
import type { Columns } from '../columns.js';
import type { Prisma } from '../generated/sqlite/client.js';

export const auditEventColumns = {
  seq: true,
  at: true,
  type: true,
  principal: true,
  cluster: true,
  requestId: true,
  fingerprintSha256: true,
  canonical: true,
  previousHash: true,
  hash: true,
} as const satisfies Prisma.AuditEventSelect;

type AuditEventRow = Prisma.AuditEventGetPayload<{ select: typeof auditEventColumns }>;

export function auditEventRow(event: AuditEvent): Columns<AuditEventRow> {
  return {
    seq: event.seq,
    at: event.at,
    type: event.type,
    principal: event.principal,
    cluster: event.cluster,
    requestId: event.requestId,
    fingerprintSha256: event.fingerprintSha256,
    canonical: event.canonical,
    previousHash: event.previousHash,
    hash: event.hash,
  };
}

export function auditEventOf(row: AuditEventRow): AuditEvent {
  return {
    seq: Number(row.seq),
    at: row.at,
    type: row.type as AuditEventType,
    principal: row.principal,
    cluster: row.cluster,
    requestId: row.requestId,
    fingerprintSha256: row.fingerprintSha256,
    details: detailsIn(row.canonical),
    canonical: row.canonical,
    previousHash: row.previousHash,
    hash: row.hash,
  };
}

/**
 * Details are kept in the canonical text and nowhere else. Where somebody has damaged the text they read as empty:
 * the rest of the log stays readable, and verification finds the event.
 */
function detailsIn(canonical: string): AuditEvent['details'] {
  try {
    const event: unknown = JSON.parse(canonical);
    if (typeof event !== 'object' || event === null || !('details' in event)) return {};
    const { details } = event;
    return typeof details === 'object' && details !== null && !Array.isArray(details)
      ? (details as AuditEvent['details'])
      : {};
  } catch {
    return {};
  }
}
