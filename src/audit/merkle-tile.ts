import { genesis, type ChainHead } from './hash-chain.js';
import { hashOctets } from './merkle-tree.js';

/**
 * A tile has so many neighbouring hashes of a level of the tree; so it covers a subtree that is eight levels higher.
 */
export const tileHashes = 256;

/** A tile of the lowest level: the leaves of the events from `n * 256 + 1` on, 32 octets each. */
export interface LeafTile {
  readonly n: number;
  readonly hashes: Buffer<ArrayBuffer>;
}

/** The number of the event up to which tiles are complete. */
export const completeBefore = (seq: number): number => seq - (seq % tileHashes);

/** Gathers the leaves of events, in order, and answers each tile of which it has all leaves. */
export class OpenTile {
  #hashes = newTile();
  #head = genesis;
  /** It has the leaves behind this event. */
  #behind = 0;

  /** Whether the log ends where the leaves do. */
  isAt({ seq, hash }: ChainHead): boolean {
    return this.#head.seq === seq && this.#head.hash === hash;
  }

  /** Begins anew, with the leaves of the events before this one, as hexadecimal. */
  beginAt(head: ChainHead, leaves: readonly string[] = []): void {
    this.#behind = head.seq - leaves.length;
    this.append(head, leaves);
  }

  /** Has no leaves any more, because the log may have lost events. */
  forget(): void {
    this.beginAt({ seq: -1, hash: '' });
  }

  /** Adds the leaves of the events up to `head`, and answers the tiles that they complete. */
  append(head: ChainHead, leaves: readonly string[]): readonly LeafTile[] {
    const complete: LeafTile[] = [];
    let seq = head.seq - leaves.length;
    for (const leaf of leaves) {
      this.#hashes.write(leaf, (seq % tileHashes) * hashOctets, 'hex');
      seq += 1;
      if (seq % tileHashes !== 0) continue;
      if (seq - tileHashes >= this.#behind) complete.push({ n: seq / tileHashes - 1, hashes: this.#hashes });
      this.#hashes = newTile();
    }
    this.#head = head;
    return complete;
  }
}

const newTile = (): Buffer<ArrayBuffer> => Buffer.alloc(tileHashes * hashOctets);
