// Tests src/audit/merkle-tree.ts
import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import {
  consistencyProof,
  emptyTreeHash,
  GrowingTree,
  inclusionProof,
  isConsistent,
  leafHash,
  nodeHash,
  rootHash,
  type TreeHashes,
} from '../../../src/audit/merkle-tree.js';
import { showsInclusion } from '../../helpers/shows-inclusion.js';

/** The leaves and roots that the implementations of Certificate Transparency are tested with. */
const leaves = ['', '00', '10', '2021', '3031', '40414243', '5051525354555657', '606162636465666768696a6b6c6d6e6f'].map(
  (hex) => leafHash(Buffer.from(hex, 'hex')),
);
const roots = [
  '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
  'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
  'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
  'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
  '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
  '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
  'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
  '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
];

/** Each subtree is hashed once, however many proofs pass it. */
function treeOf(all: readonly Buffer[]): TreeHashes {
  const levels = [[...all]];
  const hashOf = (level: number, index: number): Buffer => {
    const known = (levels[level] ??= []);
    return (known[index] ??= nodeHash(hashOf(level - 1, 2 * index), hashOf(level - 1, 2 * index + 1)));
  };
  return { subtree: (level, index) => Promise.resolve(hashOf(level, index)) };
}

describe('the Merkle tree', () => {
  it('has the roots that Certificate Transparency has', async () => {
    expect(emptyTreeHash().toString('hex')).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
    const growing = new GrowingTree();
    for (const [i, root] of roots.entries()) {
      growing.append(leaves[i]!);
      expect(growing.root().toString('hex')).toBe(root);
      expect((await rootHash(treeOf(leaves), i + 1)).toString('hex')).toBe(root);
    }
  });

  const all = Array.from({ length: 70 }, () => leafHash(randomBytes(8)));
  const tree = treeOf(all);

  it('proves each leaf of each tree, and no other one', async () => {
    for (let size = 1; size <= all.length; size += 1) {
      const root = await rootHash(tree, size);
      for (let index = 0; index < size; index += 1) {
        const proof = await inclusionProof(tree, index, size);
        const leaf = all[index]!;
        expect(showsInclusion({ index, size, leaf }, proof, root)).toBe(true);
        expect(showsInclusion({ index: index + 1, size, leaf }, proof, root)).toBe(false);
        expect(showsInclusion({ index, size, leaf: all[(index + 1) % all.length]! }, proof, root)).toBe(false);
        expect(showsInclusion({ index, size, leaf }, [...proof, root], root)).toBe(false);
        if (proof.length > 0) expect(showsInclusion({ index, size, leaf }, proof.slice(1), root)).toBe(false);
      }
    }
  });

  it('proves that each tree is a beginning of each later one', async () => {
    const heads = await Promise.all(
      Array.from({ length: all.length + 1 }, async (_, size) => ({ size, root: await rootHash(tree, size) })),
    );
    for (const from of heads)
      for (const to of heads.slice(from.size)) {
        const proof = await consistencyProof(tree, from.size, to.size);
        expect(isConsistent(from, to, proof)).toBe(true);
        if (from.size === 0) continue;
        const other = { size: from.size, root: randomBytes(32) };
        expect(isConsistent(other, to, proof)).toBe(false);
        expect(isConsistent(from, { size: to.size, root: randomBytes(32) }, proof)).toBe(false);
        expect(isConsistent(from, to, [...proof, randomBytes(32)])).toBe(false);
      }
  });

  it('refuses a proof with any bit changed', async () => {
    const size = 53;
    const root = await rootHash(tree, size);
    const proof = await inclusionProof(tree, 17, size);
    for (const [i, one] of proof.entries())
      for (let bit = 0; bit < 256; bit += 1) {
        const changed = Buffer.from(one);
        changed[bit >> 3]! ^= 1 << (bit & 7);
        const others = proof.map((each, k) => (k === i ? changed : each));
        expect(showsInclusion({ index: 17, size, leaf: all[17]! }, others, root)).toBe(false);
      }
  });
});
