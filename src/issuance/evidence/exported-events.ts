import type { ChainLink } from '../../audit/audit-record.js';
import type { AuditEventReader } from '../../store/store.js';

/** The log does not have the events that an export needs next: they were archived meanwhile, or are lost. */
export class MissingEventsError extends Error {
  override readonly name = 'MissingEventsError';
}

/** The lines of an export with hashes: the events behind `after`, up to `end`. Throws as `linksBehind`. */
export async function* exportedEvents(
  reader: Pick<AuditEventReader, 'links'>,
  after: number,
  end: number,
  chunkEvents?: number,
): AsyncIterable<string> {
  for await (const { canonical, previousHash, hash } of linksBehind(reader, after, end, chunkEvents))
    yield `{"event":${canonical},"previousHash":"${previousHash}","hash":"${hash}"}`;
}

/** The events behind `after`, up to `end`. Throws `MissingEventsError` where one is not there, so that no export has a gap. */
export async function* linksBehind(
  reader: Pick<AuditEventReader, 'links'>,
  after: number,
  end: number,
  chunkEvents = 500,
): AsyncIterable<ChainLink> {
  for (let seq = after; seq < end;) {
    const links = await reader.links(seq, Math.min(chunkEvents, end - seq));
    if (links.length === 0) throw new MissingEventsError(`event ${seq + 1} is not in the database`);
    for (const link of links) {
      if (link.seq !== seq + 1) throw new MissingEventsError(`event ${seq + 1} is not in the database`);
      yield link;
      seq = link.seq;
    }
  }
}
