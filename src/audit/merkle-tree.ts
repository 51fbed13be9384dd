import { hash } from 'node:crypto';

/**
 * The Merkle tree of RFC 6962 section 2.1 over SHA-256. Hashes are 32 octets. Leaves are numbered from 0; a subtree of
 * level 0 is a leaf, and subtree `index` of level `level` covers the leaves from `index * 2^level` on, 2^level of them.
 */
export interface TreeHashes {
  /** The hash of a complete subtree. */
  subtree(level: number, index: number): Promise<Buffer>;
}

const leafPrefix = Buffer.from([0]);
export const hashOctets = 32;
/** The prefix of a node, and room for two hashes: nodes are hashed one after the other. */
const nodeOctets = Buffer.alloc(1 + 2 * hashOctets, 1);

/** The hash of a tree without leaves. */
export const emptyTreeHash = (): Buffer => hash('sha256', Buffer.alloc(0), 'buffer');

/** The hash of a leaf that is text, in UTF-8; as hexadecimal, which takes half of the time of a Buffer. */
export const leafHashOfText = (leaf: string): string => hash('sha256', `\0${leaf}`, 'hex');

export const leafHash = (leaf: Uint8Array): Buffer => hash('sha256', Buffer.concat([leafPrefix, leaf]), 'buffer');

export function nodeHash(left: Uint8Array, right: Uint8Array): Buffer {
  if (left.length !== hashOctets || right.length !== hashOctets) throw new RangeError('a hash has 32 octets');
  nodeOctets.set(left, 1);
  nodeOctets.set(right, 1 + hashOctets);
  return hash('sha256', nodeOctets, 'buffer');
}

/** The root of a complete subtree with these hashes at its bottom, 32 octets each; their number is a power of two. */
export function rootOfSubtree(hashes: Uint8Array): Buffer {
  const row = Buffer.from(hashes);
  let count = row.length / hashOctets;
  if (!isPowerOfTwo(count)) throw new RangeError('a complete subtree has a power of two of hashes');
  for (count /= 2; count >= 1; count /= 2)
    for (let i = 0; i < count; i++) {
      row.copy(nodeOctets, 1, 2 * i * hashOctets, 2 * (i + 1) * hashOctets);
      row.write(hash('sha256', nodeOctets, 'hex'), i * hashOctets, 'hex');
    }
  return Buffer.from(row.subarray(0, hashOctets));
}

const areHashes = (all: readonly Uint8Array[]): boolean => all.every(({ length }) => length === hashOctets);

/**
 * Grows a tree leaf by leaf and keeps the hashes of complete subtrees that are no part of a larger one: a few dozens.
 */
export class GrowingTree {
  #size = 0;
  /** From the left, each smaller than the one before. */
  readonly #complete: { readonly level: number; readonly hash: Buffer }[] = [];

  get size(): number {
    return this.#size;
  }

  append(leaf: Buffer): void {
    let subtree = { level: 0, hash: leaf };
    for (let last = this.#complete.at(-1); last?.level === subtree.level; last = this.#complete.at(-1)) {
      this.#complete.pop();
      subtree = { level: subtree.level + 1, hash: nodeHash(last.hash, subtree.hash) };
    }
    this.#complete.push(subtree);
    this.#size += 1;
  }

  root(): Buffer {
    const last = this.#complete.at(-1);
    if (last === undefined) return emptyTreeHash();
    return this.#complete.slice(0, -1).reduceRight((right, { hash: left }) => nodeHash(left, right), last.hash);
  }
}

/** The hash of the tree of the first `size` leaves. */
export const rootHash = (hashes: TreeHashes, size: number): Promise<Buffer> =>
  size === 0 ? Promise.resolve(emptyTreeHash()) : rangeHash(hashes, 0, size);

/** The hashes that prove that leaf `index` is in the tree of `size` leaves, as RFC 9162 section 2.1.3.1 orders them. */
export async function inclusionProof(hashes: TreeHashes, index: number, size: number): Promise<readonly Buffer[]> {
  const { siblings } = await wayDown(hashes, size, index + 1, (begin, end) => end - begin <= 1);
  return siblings.reverse();
}

/**
 * The hashes that prove that the tree of `from` leaves is a beginning of the tree of `to` leaves, as RFC 9162 section
 * 2.1.4.1 orders them. Empty where the two are the same, or the first is empty.
 */
export async function consistencyProof(hashes: TreeHashes, from: number, to: number): Promise<readonly Buffer[]> {
  if (from === 0 || from === to) return [];
  const { siblings, begin, end } = await wayDown(hashes, to, from, (_, before) => before === from);
  // The old tree itself is known to whoever checks; a part of it is not.
  if (begin > 0) siblings.push(await rangeHash(hashes, begin, end));
  return siblings.reverse();
}

/** Goes down a tree towards leaf number `seq`, counted from 1, and gathers the hashes beside the way. */
async function wayDown(
  hashes: TreeHashes,
  size: number,
  seq: number,
  isEnd: (begin: number, end: number) => boolean,
): Promise<{ readonly siblings: Buffer[]; readonly begin: number; readonly end: number }> {
  const siblings: Buffer[] = [];
  let [begin, end] = [0, size];
  while (!isEnd(begin, end)) {
    const middle = begin + splitOf(end - begin);
    const isLeft = seq <= middle;
    siblings.push(await (isLeft ? rangeHash(hashes, middle, end) : rangeHash(hashes, begin, middle)));
    [begin, end] = isLeft ? [begin, middle] : [middle, end];
  }
  return { siblings, begin, end };
}

/** A tree as a checkpoint tells of it. */
export interface TreeHead {
  readonly size: number;
  readonly root: Buffer;
}

/** Whether the proof shows that the smaller tree is a beginning of the larger tree (RFC 9162 section 2.1.4.2). */
export function isConsistent(from: TreeHead, to: TreeHead, proof: readonly Buffer[]): boolean {
  if (![from.size, to.size].every((size) => Number.isSafeInteger(size) && size >= 0) || from.size > to.size)
    return false;
  if (!areHashes([from.root, ...proof, to.root])) return false;
  if (from.size === to.size) return proof.length === 0 && from.root.equals(to.root);
  if (from.size === 0) return proof.length === 0 && from.root.equals(emptyTreeHash());
  const steps = isPowerOfTwo(from.size) ? [from.root, ...proof] : [...proof];
  const first = steps.shift();
  if (first === undefined) return false;
  let [node, last] = [from.size - 1, to.size - 1];
  while (node % 2 === 1) [node, last] = [half(node), half(last)];
  let [older, newer] = [first, first];
  for (const sibling of steps) {
    if (last === 0) return false;
    if (node % 2 === 1 || node === last) {
      older = nodeHash(sibling, older);
      newer = nodeHash(sibling, newer);
      while (node % 2 === 0 && node !== 0) [node, last] = [half(node), half(last)];
    } else {
      newer = nodeHash(newer, sibling);
    }
    [node, last] = [half(node), half(last)];
  }
  return last === 0 && older.equals(from.root) && newer.equals(to.root);
}

/** The hash of the leaves from `begin` to before `end`, which are a node of a tree. */
async function rangeHash(hashes: TreeHashes, begin: number, end: number): Promise<Buffer> {
  const count = end - begin;
  if (isPowerOfTwo(count) && begin % count === 0) return hashes.subtree(Math.log2(count), begin / count);
  const middle = begin + splitOf(count);
  return nodeHash(await rangeHash(hashes, begin, middle), await rangeHash(hashes, middle, end));
}

/** The largest power of two that is smaller than the count; RFC 6962 calls it k. Trees have fewer than 2^53 leaves. */
function splitOf(count: number): number {
  const power = 2 ** Math.floor(Math.log2(count));
  return power === count ? power / 2 : power;
}

const isPowerOfTwo = (count: number): boolean => count > 0 && 2 ** Math.floor(Math.log2(count)) === count;
const half = (value: number): number => Math.floor(value / 2);
