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
  /**
   * The last event that is in an archive, behind which the events of the database begin; genesis where there is none.
   */
  start(): Promise<ChainHead>;
}

/**
 * Recomputes the chain behind the last archive, up to the event that is the last one when it starts. Between chunks the
 * event loop gets its turn, so that issuing goes on meanwhile. Where events are archived meanwhile, it goes on behind
 * them.
 */
export async function verifyChain(reader: ChainReader, chunkSize = 200): Promise<ChainVerification> {
  let start = await reader.start();
  const end = await reader.head();
  let head = start;
  while (head.seq < end.seq) {
    const events = await reader.chunk(head.seq, Math.min(chunkSize, end.seq - head.seq));
    const last = lastInChain(head, events);
    head = last;
    if (events.length === 0 || last !== events.at(-1)) {
      const moved = await reader.start();
      if (moved.seq <= head.seq) break;
      start = head = moved;
    }
    await setImmediate();
  }
  // The log tells of each archive, so at least that event lies behind it.
  const hasRest = start.seq === 0 || (await reader.head()).seq > start.seq;
  // The log only grows, so its former head must still be in its place, or be archived.
  const valid = hasRest && (head.seq > end.seq || (head.seq === end.seq && head.hash === end.hash));
  return {
    valid,
    events: head.seq,
    archivedEvents: start.seq,
    head: end.hash,
    firstInvalidSeq: valid ? null : head.seq + 1,
  };
}

/** The last of the events that follow one another from `head` on; `head` itself where none does. */
function lastInChain(head: ChainHead, events: readonly AuditEvent[]): ChainHead {
  let last = head;
  for (const event of events) {
    if (!followsInChain(last, event)) break;
    last = event;
  }
  return last;
}
