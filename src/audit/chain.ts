import { hash } from 'node:crypto';
import type { AuditEvent, AuditEventDraft } from '../model/audit-event.js';
import { canonicalJson } from './canonical-json.js';

/** Where the chain ends: number and hash of its last event. */
export interface ChainHead {
  readonly seq: number;
  readonly hash: string;
}

/** Where every chain begins. */
export const genesis: ChainHead = { seq: 0, hash: '0'.repeat(64) };

/** The event that follows `head`. Throws `NotCanonicalizableError` where its details have no canonical form. */
export function appendToChain(head: ChainHead, draft: AuditEventDraft): AuditEvent {
  const seq = head.seq + 1;
  const canonical = canonicalEvent(seq, draft);
  // Member by member: what comes from another thread is slow to spread.
  return {
    seq,
    at: draft.at,
    type: draft.type,
    principal: draft.principal,
    cluster: draft.cluster,
    requestId: draft.requestId,
    fingerprintSha256: draft.fingerprintSha256,
    details: draft.details,
    canonical,
    previousHash: head.hash,
    hash: linkHash(head.hash, canonical),
  };
}

/** Whether `event` follows `head`, untouched: number, link, hash, and every field the one that was hashed. */
export function followsInChain(head: ChainHead, event: AuditEvent): boolean {
  return (
    event.seq === head.seq + 1 &&
    event.previousHash === head.hash &&
    event.hash === linkHash(head.hash, event.canonical) &&
    event.canonical === canonicalOrNull(event)
  );
}

/** RFC 8785 text of an event without its two hashes; the instant is RFC 3339 UTC with milliseconds. */
function canonicalEvent(seq: number, draft: AuditEventDraft): string {
  return canonicalJson({
    at: draft.at.toISOString(),
    cluster: draft.cluster,
    details: draft.details,
    fingerprintSha256: draft.fingerprintSha256,
    principal: draft.principal,
    requestId: draft.requestId,
    seq,
    type: draft.type,
  });
}

/** What was read may be damaged beyond canonical form: that is an answer here, not a fault. */
function canonicalOrNull(event: AuditEvent): string | null {
  try {
    return canonicalEvent(event.seq, event);
  } catch {
    return null;
  }
}

function linkHash(previousHash: string, canonical: string): string {
  return hash('sha256', previousHash + canonical, 'hex');
}
