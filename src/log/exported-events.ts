import type { ChainLink } from '../audit/audit-record.js';
import type { Store } from '../store/store.js';

/** How many events of an export are read at once and in memory: the event loop waits a few milliseconds for them. */
export const exportedAtOnce = 100;

/** The log does not have the events that come next: they were archived meanwhile, or are lost. */
export class MissingEventsError extends Error {
  override readonly name = 'MissingEventsError';
}

/** The line of an event in an export with hashes. */
export const lineWithHashes = ({ canonical, previousHash, hash }: ChainLink): string =>
  `{"event":${canonical},"previousHash":"${previousHash}","hash":"${hash}"}`;

/**
 * The events behind `after`, up to `end`. Throws `MissingEventsError` where events were archived meanwhile, so that
 * they are not taken for lost ones. The export of a log from which somebody deleted events has that gap: it is for
 * `kubepass-verify` to find.
 */
export async function* exportedLinks(
  reader: Pick<Store['auditEvents'], 'links' | 'start'>,
  after: number,
  end: number,
): AsyncIterable<ChainLink> {
  for (let seq = after; seq < end;) {
    const links = await reader.links(seq, Math.min(exportedAtOnce, end - seq));
    const next = links[0]?.seq ?? end + 1;
    if (next !== seq + 1 && (await reader.start()).seq > seq)
      throw new MissingEventsError('events were archived during the export');
    yield* links.filter((link) => link.seq <= end);
    seq = links.at(-1)?.seq ?? end;
  }
}

/** The same for an archive. Throws `MissingEventsError` where any event is not there. */
export async function* linksWithoutGap(
  reader: Pick<Store['auditEvents'], 'links' | 'start'>,
  after: number,
  end: number,
): AsyncIterable<ChainLink> {
  let last = after;
  for await (const link of exportedLinks(reader, after, end)) {
    if (link.seq !== last + 1) break;
    last = link.seq;
    yield link;
  }
  if (last !== end) throw new MissingEventsError(`event ${last + 1} is not in the database`);
}
