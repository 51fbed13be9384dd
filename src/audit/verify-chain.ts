import { setImmediate } from 'node:timers/promises';
import type { AuditEvent, ChainVerification } from '../model/audit-event.js';
import { type ChainHead, followsInChain, genesis } from './chain.js';

/** The events that verification reads. */
export interface ChainReader {
  /** Events with `seq` > `afterSeq`, in order, at most `limit`. */
  chunk(afterSeq: number, limit: number): Promise<readonly AuditEvent[]>;
  head(): Promise<ChainHead>;
}

/**
 * Recomputes the whole chain, up to the event that is last when it starts. `events` counts those that hold, from the
 * first on; `firstInvalidSeq` is the number at which the chain breaks, or where an event is missing. Between chunks
 * the event loop gets its turn, so that issuing goes on meanwhile.
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
