import type { Restoration } from '../../model/restoration.js';

/** Events of one tile of the Merkle tree. An archive ends with one, so that each of its events is in a complete tile. */
export const tileEvents = 256;

type SignedBefore = Pick<Restoration, 'detectedBy' | 'events' | 'signedEvents'>;

/**
 * Whether a checkpoint of this size may be in the world with another root: of the events that the log had before a backup
 * took its place. Up to the last event of the backup both logs have the same events. Where the database went on before
 * anybody noticed, nobody knows where they part, and no size up to the one that was signed is safe.
 */
export function mayHaveAnotherRoot(size: number, restorations: readonly SignedBefore[]): boolean {
  return restorations.some(({ detectedBy, events, signedEvents }) => {
    if (signedEvents === null || size > signedEvents) return false;
    return size > events || (detectedBy === 'checkpoint' && signedEvents <= events);
  });
}

/**
 * With which event the next archive ends: a multiple of 256 above `after` and up to `most`, at best the largest up to
 * `wished`; null: it must wait. The file is longer than wished where every smaller size may have another root.
 */
export function endOfArchive(
  { after, wished, most }: { readonly after: number; readonly wished: number; readonly most: number },
  restorations: readonly SignedBefore[],
): number | null {
  const longest = Math.floor(most / tileEvents) * tileEvents;
  const first = Math.min(longest, Math.floor(wished / tileEvents) * tileEvents);
  for (let end = first; end > after; end -= tileEvents) if (!mayHaveAnotherRoot(end, restorations)) return end;
  for (let end = first + tileEvents; end <= longest; end += tileEvents)
    if (!mayHaveAnotherRoot(end, restorations)) return end;
  return null;
}
