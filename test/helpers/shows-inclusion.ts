import { nodeHash } from '../../src/audit/merkle-tree.js';

/** Whether the proof shows that this leaf is in the tree (RFC 9162 section 2.1.3.2). */
export function showsInclusion(
  { index, size, leaf }: { readonly index: number; readonly size: number; readonly leaf: Buffer },
  proof: readonly Buffer[],
  root: Buffer,
): boolean {
  if (!Number.isSafeInteger(index) || !Number.isSafeInteger(size) || index < 0 || index >= size) return false;
  if (![leaf, ...proof, root].every(({ length }) => length === 32)) return false;
  let [node, last] = [index, size - 1];
  let found = leaf;
  for (const sibling of proof) {
    if (last === 0) return false;
    if (node % 2 === 1 || node === last) {
      found = nodeHash(sibling, found);
      while (node % 2 === 0 && node !== 0) [node, last] = [half(node), half(last)];
    } else {
      found = nodeHash(found, sibling);
    }
    [node, last] = [half(node), half(last)];
  }
  return last === 0 && found.equals(root);
}

const half = (value: number): number => Math.floor(value / 2);
