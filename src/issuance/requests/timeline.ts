import type { AuditEvent } from '../../model/audit-event.js';
import type { TimelineEntry } from '../../model/certificate-request.js';
import { joined } from '../../model/quote.js';
import type { Store } from '../../store/store.js';

/** The history of a request, oldest first. Events that left the database are shown as they were. */
export async function timelineOf(
  { auditEvents, auditArchives }: Pick<Store, 'auditEvents' | 'auditArchives'>,
  id: string,
): Promise<readonly TimelineEntry[]> {
  // The events are read first: those that are pruned meanwhile are among what is kept of them.
  const events = await auditEvents.ofRequest(id);
  if (events[0]?.type === 'CertificateRequested') return events.map(timelineEntry);
  const { entries, through } = await auditArchives.timelineOf(id);
  return [...entries, ...events.filter(({ seq }) => seq > through).map(timelineEntry)];
}

/** An event as the timeline of its request shows it. */
export function timelineEntry({ at, type, principal, details }: AuditEvent): TimelineEntry {
  return { at, type, principal, message: messageOf(details) };
}

/** The part of the details that a person reads first: a comment, a message, the violations, or the reason. */
function messageOf(details: AuditEvent['details']): string | null {
  const { comment, message, violations, reason } = details as {
    comment?: unknown;
    message?: unknown;
    violations?: unknown;
    reason?: unknown;
  };
  if (typeof comment === 'string') return comment;
  if (typeof message === 'string') return message;
  if (Array.isArray(violations))
    return joined(violations.map((violation: { message?: string }) => violation.message ?? ''));
  return typeof reason === 'string' ? reason : null;
}
