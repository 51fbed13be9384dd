import { BoundedMap } from '../../model/bounded-map.js';
import { setImmediate } from 'node:timers/promises';
import { leafHash, nodeHash, type TreeHashes } from '../../audit/merkle-tree.js';
import type { Operation, Writer } from '../../store/step.js';
import type { AuditEventReader, CheckpointReader } from '../../store/store.js';

/** A tile has so many hashes; so a tile of a level covers a subtree that is eight levels higher. */
const tileLevels = 8;
const tileHashes = 2 ** tileLevels;
const hashOctets = 32;
/** Tiles that are committed together. */
const tilesAtOnce = 16;
/** Tiles that are kept in memory: 8 KiB each. */
const mostTiles = 256;

/** The store, as far as the tree needs it. */
export interface TreeStore {
  readonly auditEvents: Pick<AuditEventReader, 'canonicalTexts'>;
  readonly checkpoints: Pick<CheckpointReader, 'tile' | 'tileCount'>;
  readonly writer: Pick<Writer, 'commit'>;
}

/**
 * The Merkle tree over the canonical texts of the audit log; leaf i is event i + 1. Complete tiles of its hashes are kept in
 * the database, and the few hashes behind the last one are computed from their events.
 */
export class TreeOfEvents implements TreeHashes {
  readonly #tiles = new BoundedMap<string, Buffer>(mostTiles);

  constructor(private readonly store: TreeStore) {}

  /**
   * Keeps the tiles that the first `size` events complete. `lease` stands in each commit, the first of which may keep no
   * tile. Answers whether all are kept: not so where it was stopped, or the lease is another process's. Between tiles the
   * event loop gets its turn, because the first call for a log that was never kept so may have millions of events to read.
   */
  async keepTiles(size: number, lease: () => Operation, isStopped: () => boolean = () => false): Promise<boolean> {
    const complete = Math.floor(size / tileHashes);
    if (!(await this.store.writer.commit({ operations: [lease()], events: [] })).committed) return false;
    let n = await this.store.checkpoints.tileCount();
    while (n < complete && !isStopped()) {
      const until = Math.min(complete, n + tilesAtOnce);
      const operations: Operation[] = [];
      for (; n < until; n += 1) {
        operations.push(await this.#completed(0, n));
        // A tile of a higher level is complete with the last tile below it.
        for (let [level, above] = [1, n]; above % tileHashes === tileHashes - 1; level += 1) {
          above = Math.floor(above / tileHashes);
          operations.push(await this.#completed(level, above));
        }
        await setImmediate();
      }
      const step = { operations: [lease(), ...operations], events: [] };
      if (!(await this.store.writer.commit(step)).committed) return false;
    }
    return !isStopped();
  }

  async subtree(level: number, index: number): Promise<Buffer> {
    const tileLevel = Math.floor(level / tileLevels);
    const count = 2 ** (level % tileLevels);
    return rootOf(await this.#hashes(tileLevel, index * count, count));
  }

  async #completed(level: number, n: number): Promise<Operation> {
    const hashes = Buffer.concat(await this.#computed(level, n * tileHashes, tileHashes));
    this.#remember(level, n, hashes);
    return { op: 'insertAuditTile', level, n, hashes };
  }

  /** Neighbouring hashes of one tile. */
  async #hashes(level: number, first: number, count: number): Promise<readonly Buffer[]> {
    const n = Math.floor(first / tileHashes);
    const tile = this.#tiles.get(keyOf(level, n)) ?? (await this.#stored(level, n));
    if (tile === null) return this.#computed(level, first, count);
    return Array.from({ length: count }, (_, i) => {
      const begin = ((first % tileHashes) + i) * hashOctets;
      return tile.subarray(begin, begin + hashOctets);
    });
  }

  async #stored(level: number, n: number): Promise<Buffer | null> {
    const stored = await this.store.checkpoints.tile(level, n);
    return stored && this.#remember(level, n, Buffer.from(stored));
  }

  /** Hashes of a tile that is not kept: of events, or of the tiles below. */
  async #computed(level: number, first: number, count: number): Promise<readonly Buffer[]> {
    if (level > 0) {
      const hashes: Buffer[] = [];
      for (let i = first; i < first + count; i += 1)
        hashes.push(rootOf(await this.#hashes(level - 1, i * tileHashes, tileHashes)));
      return hashes;
    }
    const texts = await this.store.auditEvents.canonicalTexts(first, count);
    if (texts.length !== count) throw new Error(`the audit log lacks events from ${first + texts.length + 1} on`);
    return texts.map((text) => leafHash(Buffer.from(text)));
  }

  #remember(level: number, n: number, hashes: Buffer): Buffer {
    this.#tiles.set(keyOf(level, n), hashes);
    return hashes;
  }
}

const keyOf = (level: number, n: number): string => `${level}/${n}`;

/** The hash of a complete subtree with these hashes at its bottom. */
function rootOf(hashes: readonly Buffer[]): Buffer {
  let row = hashes;
  while (row.length > 1)
    row = Array.from({ length: row.length / 2 }, (_, i) =>
      nodeHash(row[2 * i] ?? Buffer.alloc(0), row[2 * i + 1] ?? Buffer.alloc(0)),
    );
  const [root] = row;
  if (root === undefined) throw new Error('a subtree has at least one hash');
  return root;
}
