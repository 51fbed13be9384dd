import type { AuditEventReader } from '../../store/store.js';

/** The log does not have the events that an export needs next: they were archived meanwhile, or are lost. */
export class MissingEventsError extends Error {
  override readonly name = 'MissingEventsError';
}

/**
 * The lines of an export with hashes: the events behind `after`, up to `end`. Throws `MissingEventsError` where one is not
 * there, so that no export has a gap.
 */
export async function* exportedEvents(
  reader: Pick<AuditEventReader, 'chunk'>,
  after: number,
  end: number,
  chunkEvents = 500,
): AsyncIterable<string> {
  for (let seq = after; seq < end;) {
    const events = await reader.chunk(seq, Math.min(chunkEvents, end - seq));
    if (events.length === 0) throw new MissingEventsError(`event ${seq + 1} is not in the database`);
    for (const { seq: own, canonical, previousHash, hash } of events) {
      if (own !== seq + 1) throw new MissingEventsError(`event ${seq + 1} is not in the database`);
      yield `{"event":${canonical},"previousHash":"${previousHash}","hash":"${hash}"}`;
      seq = own;
    }
  }
}
