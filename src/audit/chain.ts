import { hash } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import type { AuditEvent, ChainVerification, UnchainedEvent } from '../model/audit-event.js';
import { canonicalJson } from './canonical-json.js';

/** Where the chain ends: number and hash of its last event. */
export interface ChainHead {
  readonly seq: number;
  readonly hash: string;
}

/** Where every chain begins. */
export const genesis: ChainHead = { seq: 0, hash: '0'.repeat(64) };

/** The hash of an event: SHA-256(previousHash ‖ canonical), of both as text. */
export const linkHash = (previousHash: string, canonical: string): string =>
  hash('sha256', previousHash + canonical, 'hex');

/** Whether `event` follows `head` untouched: its number, its link, its hash, and every field that was hashed. */
function followsInChain(head: ChainHead, event: AuditEvent): boolean {
  return (
    event.seq === head.seq + 1 &&
    event.previousHash === head.hash &&
    event.hash === linkHash(head.hash, event.canonical) &&
    event.canonical === canonicalOrNull(event)
  );
}

/** RFC 8785 text of an event without its two hashes; the instant is RFC 3339 UTC with milliseconds. */
function canonicalEvent(seq: number, event: UnchainedEvent): string {
  return canonicalJson({
    at: event.at.toISOString(),
    cluster: event.cluster,
    details: event.details,
    fingerprintSha256: event.fingerprintSha256,
    principal: event.principal,
    requestId: event.requestId,
    seq,
    type: event.type,
  });
}

/** A stored event may be damaged beyond canonical form: here that is an answer, not a fault. */
function canonicalOrNull(event: AuditEvent): string | null {
  try {
    return canonicalEvent(event.seq, event);
  } catch {
    return null;
  }
}

/** The events that verification reads. */
export interface ChainReader {
  /** Events with `seq` > `afterSeq`, in order, at most `limit`. */
  chunk(afterSeq: number, limit: number): Promise<readonly AuditEvent[]>;
  head(): Promise<ChainHead>;
}

/**
 * Recomputes the whole chain, up to the event that is the last one when it starts. Between chunks the event loop gets
 * its turn, so that issuing goes on meanwhile.
 */
export async function verifyChain(reader: ChainReader, chunkSize = 200): Promise<ChainVerification> {
  const end = await reader.head();
  let head = genesis;
  const broken = (): ChainVerification => ({
    valid: false,
    events: head.seq,
    head: end.hash,
    firstInvalidSeq: head.seq + 1,
  });
  while (head.seq < end.seq) {
    const events = await reader.chunk(head.seq, Math.min(chunkSize, end.seq - head.seq));
    if (events.length === 0) return broken();
    for (const event of events) {
      if (!followsInChain(head, event)) return broken();
      head = event;
    }
    await setImmediate();
  }
  // The log only grows, so its former head must still be in its place.
  if (head.seq !== end.seq || head.hash !== end.hash) return broken();
  return { valid: true, events: head.seq, head: head.hash, firstInvalidSeq: null };
}
