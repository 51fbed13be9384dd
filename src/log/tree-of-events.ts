import { setImmediate } from 'node:timers/promises';
import { genesis, type ChainHead } from '../audit/hash-chain.js';
import { tileHashes } from '../audit/merkle-tile.js';
import { hashOctets, leafHashOfText, rootOfSubtree, type TreeHashes } from '../audit/merkle-tree.js';
import { BoundedMap } from '../model/bounded-map.js';
import type { Write, Writer } from '../store/steps/step.js';
import type { Store } from '../store/store.js';
import { insertAuditTile } from '../store/tables/checkpoint-tables.js';

/** A tile of a level covers a subtree that is so many levels higher. */
const tileLevels = Math.log2(tileHashes);
/** Tiles that are committed together. */
const tilesAtOnce = 16;
/** Tiles that are kept in memory: 8 KiB each. */
const mostTiles = 64;
/** Roots that are kept in memory, 32 octets each: all that a tile of the level above needs, and more. */
const mostRoots = 1_024;

/** The store, as far as the tree needs it. */
interface TreeStore {
  readonly auditEvents: Pick<Store['auditEvents'], 'canonicalTexts' | 'head' | 'links' | 'start'>;
  readonly checkpoints: Pick<Store['checkpoints'], 'tile' | 'tileCount'>;
  readonly writer: Pick<Writer, 'commit'>;
}

/** Whether a former end of the log is still in the log, or in an archive. */
export async function isInLog(
  auditEvents: Pick<Store['auditEvents'], 'links' | 'start'>,
  { seq, hash }: ChainHead,
): Promise<boolean> {
  const [link] = seq === 0 ? [] : await auditEvents.links(seq - 1, 1);
  return link?.seq === seq ? link.hash === hash : seq <= (await auditEvents.start()).seq;
}

/**
 * The Merkle tree over the canonical texts of the audit log; leaf i is event i + 1. Complete tiles of its hashes are
 * kept in the database, and the few hashes behind the last one are computed from their events.
 */
export class TreeOfEvents implements TreeHashes {
  readonly #tiles = new BoundedMap<string, Buffer>(mostTiles);
  /** The roots of complete tiles. */
  readonly #roots = new BoundedMap<string, Buffer>(mostRoots);

  /** The end of the log when tiles were kept last. */
  #end: ChainHead = genesis;

  constructor(private readonly store: TreeStore) {}

  /**
   * Keeps the complete tiles of the log that are not kept yet. The writer keeps those of the lowest level with the
   * events that complete them, unless other processes append events too, or the log is from before tiles were kept.
   * `lease` stands in each commit, the first of which may keep no tile. Answers whether all are kept: not so where it
   * was stopped, or the lease is another process's. The event loop gets its turn in between, because there may be
   * millions of events to read.
   */
  async keepTiles(lease: () => Write, isStopped: () => boolean = () => false): Promise<boolean> {
    if (!(await this.store.writer.commit({ operations: [lease()], events: [] })).committed) return false;
    await this.#forgetLostEvents();
    for (let level = 0; ; level += 1) {
      const covered = tileHashes ** (level + 1);
      let n = await this.store.checkpoints.tileCount(level);
      for (;;) {
        if (isStopped()) return false;
        // Events come meanwhile. The writer keeps the next tile once this one is kept.
        const complete = Math.floor((await this.store.auditEvents.head()).seq / covered);
        if (complete <= n) break;
        const operations = await this.#completed(level, n, Math.min(complete - n, tilesAtOnce));
        const step = { operations: [lease(), ...operations], events: [] };
        if (!(await this.store.writer.commit(step)).committed) return false;
        n += operations.length;
      }
      if (n === 0) return true;
    }
  }

  /** A server that took over may lack the last events of the one before, and have others in their places. */
  async #forgetLostEvents(): Promise<void> {
    if (!(await isInLog(this.store.auditEvents, this.#end))) this.forget();
    this.#end = await this.store.auditEvents.head();
  }

  /** Forgets all hashes, so everything is read anew. */
  forget(): void {
    this.#tiles.clear();
    this.#roots.clear();
  }

  async subtree(level: number, index: number): Promise<Buffer> {
    const tileLevel = Math.floor(level / tileLevels);
    const count = 2 ** (level % tileLevels);
    return rootOfSubtree(await this.#hashes(tileLevel, index * count, count));
  }

  /** So many neighbouring tiles that are complete now. */
  async #completed(level: number, first: number, count: number): Promise<readonly Write[]> {
    const tiles: Write[] = [];
    for (let n = first; n < first + count; n += 1) {
      const hashes = await this.#computed(level, n * tileHashes, tileHashes);
      this.#roots.set(keyOf(level, n), rootOfSubtree(hashes));
      tiles.push(insertAuditTile({ level, n, hashes }));
      await setImmediate();
    }
    return tiles;
  }

  /** Neighbouring hashes of one tile. */
  async #hashes(level: number, first: number, count: number): Promise<Buffer> {
    const n = Math.floor(first / tileHashes);
    const tile = this.#tiles.get(keyOf(level, n)) ?? (await this.#stored(level, n));
    if (tile === null) return this.#computed(level, first, count);
    const begin = (first % tileHashes) * hashOctets;
    return tile.subarray(begin, begin + count * hashOctets);
  }

  async #stored(level: number, n: number): Promise<Buffer | null> {
    const stored = await this.store.checkpoints.tile(level, n);
    if (stored === null) return null;
    const tile = Buffer.from(stored);
    this.#tiles.set(keyOf(level, n), tile);
    return tile;
  }

  /** Neighbouring hashes that are not kept: of events, or of the tiles below. */
  async #computed(level: number, first: number, count: number): Promise<Buffer> {
    const hashes = Buffer.alloc(count * hashOctets);
    if (level > 0) {
      for (let i = 0; i < count; i += 1) hashes.set(await this.#root(level - 1, first + i), i * hashOctets);
      return hashes;
    }
    const texts = await this.store.auditEvents.canonicalTexts(first, count);
    if (texts.length !== count) throw new Error(`the audit log lacks events from ${first + texts.length + 1} on`);
    for (const [i, text] of texts.entries()) hashes.write(leafHashOfText(text), i * hashOctets, 'hex');
    return hashes;
  }

  /** The root of a complete tile. */
  async #root(level: number, n: number): Promise<Buffer> {
    const key = keyOf(level, n);
    const known = this.#roots.get(key);
    if (known !== undefined) return known;
    const root = rootOfSubtree(await this.#hashes(level, n * tileHashes, tileHashes));
    this.#roots.set(key, root);
    // It takes a tenth of a millisecond, and hundreds may be needed.
    await setImmediate();
    return root;
  }
}

const keyOf = (level: number, n: number): string => `${level}/${n}`;
