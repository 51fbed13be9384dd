import { createHash } from 'node:crypto';
import { canonicalJson } from '../../src/audit/canonical-json.js';
import type { ChainHead } from '../../src/audit/hash-chain.js';
import type { AuditEvent, UnchainedEvent } from '../../src/model/audit-event.js';

/** The event that follows `head`, made by the definition of the log instead of the service's packing of records. */
export function chainedEvent(head: ChainHead, event: UnchainedEvent): AuditEvent {
  const seq = head.seq + 1;
  const canonical = canonicalJson({ ...event, at: event.at.toISOString(), seq });
  const hash = createHash('sha256').update(head.hash, 'utf8').update(canonical, 'utf8').digest('hex');
  return { ...event, seq, canonical, previousHash: head.hash, hash };
}
