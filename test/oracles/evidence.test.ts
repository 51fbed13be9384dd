// Tests src/audit/merkle-tree.ts, src/audit/signed-note.ts, src/audit/checkpoint.ts
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { describe, expect, inject, it } from 'vitest';
import { checkpointText } from '../../src/audit/checkpoint.js';
import {
  consistencyProof,
  GrowingTree,
  inclusionProof,
  leafHash,
  nodeHash,
  rootHash,
  type TreeHashes,
} from '../../src/audit/merkle-tree.js';
import { readNote, readVerifierKey, signNote, verifierKey, type NoteSigner } from '../../src/audit/signed-note.js';
import { ask } from './ask.js';

const oracles = inject('oracles');
const largest = 10_000;
const leaves = Array.from({ length: largest }, (_, i) => Buffer.from(`{"seq":${i + 1}}`));
const origin = 'kubepass/01968c2e-7a1b-7c3d-8e4f-5a6b7c8d9e0f';

/** The hashes of all complete subtrees, by level. */
function treeOf(all: readonly Buffer[]): TreeHashes {
  const levels = [all.map(leafHash)];
  for (let below = levels[0]!; below.length > 1; below = levels.at(-1)!)
    levels.push(Array.from({ length: below.length >> 1 }, (_, i) => nodeHash(below[2 * i]!, below[2 * i + 1]!)));
  return { subtree: (level, index) => Promise.resolve(levels[level]![index]!) };
}
const tree = treeOf(leaves);

const inBase64 = (octets: Uint8Array) => Buffer.from(octets).toString('base64');
const asked = (questions: readonly object[]) =>
  ask(
    oracles!.evidence,
    questions.map((question) => JSON.stringify(question)),
  );

function newSigner(): NoteSigner {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  return { name: origin, publicKey: publicKey.export({ format: 'der', type: 'spki' }).subarray(-32), privateKey };
}

async function inclusion(index: number, size: number) {
  const proof = (await inclusionProof(tree, index, size)).map(inBase64);
  return {
    ...{ kind: 'inclusion', index, size, proof },
    leaf: inBase64(leaves[index]!),
    root: inBase64(await rootHash(tree, size)),
  };
}

async function consistency(from: number, size: number) {
  return {
    ...{ kind: 'consistency', from, size },
    fromRoot: inBase64(await rootHash(tree, from)),
    root: inBase64(await rootHash(tree, size)),
    proof: (await consistencyProof(tree, from, size)).map(inBase64),
  };
}

/** Small sizes, the neighbours of powers of two, and some by chance. */
const sizes = [
  ...Array.from({ length: 40 }, (_, i) => i + 1),
  ...[6, 7, 8, 9, 10, 11, 12, 13].flatMap((power) => [2 ** power - 1, 2 ** power, 2 ** power + 1]),
  ...Array.from({ length: 150 }, () => 1 + (randomBytes(4).readUInt32BE() % largest)),
  largest,
];
const someBelow = (size: number) => [0, size >> 1, size - 1, randomBytes(4).readUInt32BE() % size];

/** Each octet string of a question with each of its bits changed, in turn. */
function* flipped(question: Readonly<Record<string, unknown>>): Generator<object> {
  for (const [name, value] of Object.entries(question)) {
    if (name === 'kind' || typeof value === 'number') continue;
    const texts = (Array.isArray(value) ? value : [value]) as readonly string[];
    for (const [i, text] of texts.entries()) {
      const octets = Buffer.from(text, 'base64');
      for (let bit = 0; bit < octets.length * 8; bit += 1) {
        const changed = Buffer.from(octets);
        changed[bit >> 3]! ^= 1 << (bit & 7);
        const others = texts.map((each, k) => (k === i ? inBase64(changed) : each));
        yield { ...question, [name]: Array.isArray(value) ? others : others[0] };
      }
    }
  }
}

describe.skipIf(oracles === null)('evidence, as Go’s checksum database and transparency-dev judge it', () => {
  it('has their root for each of the trees of 1 to 10,000 events', async () => {
    const growing = new GrowingTree();
    const roots = leaves.map((leaf) => {
      growing.append(leafHash(leaf));
      return growing.root();
    });
    const question = { kind: 'roots', leaves: leaves.map(inBase64), roots: roots.map(inBase64) };
    const other = { ...question, roots: question.roots.with(5_000, question.roots[4_999]!) };
    expect(asked([question, other])).toEqual([true, false]);
    for (const size of sizes) expect((await rootHash(tree, size)).equals(roots[size - 1]!), `${size}`).toBe(true);
  });

  it('proves events', async () => {
    const questions = await Promise.all(
      sizes.flatMap((size) => [...new Set(someBelow(size))].map((index) => inclusion(index, size))),
    );
    expect(asked(questions)).toEqual(questions.map(() => true));
    const elsewhere = questions
      .filter(({ size }) => size > 1)
      .map((one) => ({ ...one, index: (one.index + 1) % one.size }));
    expect(asked(elsewhere)).toEqual(elsewhere.map(() => false));
  });

  it('proves that a log was only added to', async () => {
    const questions = await Promise.all(
      sizes.flatMap((size) => [...new Set(someBelow(size))].map((from) => consistency(from + 1, size))),
    );
    expect(asked(questions)).toEqual(questions.map(() => true));
  });

  it('is refused with any bit of a proof, a root or a leaf changed', async () => {
    for (const question of [
      await inclusion(4_321, 9_999),
      await consistency(6_001, 9_999),
      await consistency(4_096, 10_000),
    ]) {
      const changed = [...flipped(question)];
      expect(changed.length).toBeGreaterThan(500);
      expect(asked(changed)).toEqual(changed.map(() => false));
    }
  });

  it('is signed in checkpoints that they open with each of the keys, and not with any bit changed', async () => {
    const [old, next, other] = [newSigner(), newSigner(), newSigner()];
    const all = await Promise.all(
      sizes.map(async (size) => {
        const root = await rootHash(tree, size);
        return {
          kind: 'checkpoint',
          note: signNote(checkpointText({ origin, size, root }), [old, next]),
          origin,
          size,
          root,
        };
      }),
    );
    const with_ = (...signers: readonly NoteSigner[]) =>
      all.map((one) => ({ ...one, root: inBase64(one.root), keys: signers.map(verifierKey) }));
    expect(asked([...with_(old), ...with_(next), ...with_(old, next)])).toEqual(Array(3 * all.length).fill(true));
    expect(asked(with_(other))).toEqual(Array(all.length).fill(false));

    const single = signNote(checkpointText({ origin, size: largest, root: await rootHash(tree, largest) }), [old]);
    const note = Buffer.from(single);
    const changed = Array.from({ length: note.length * 8 }, (_, bit) => {
      const octets = Buffer.from(note);
      octets[bit >> 3]! ^= 1 << (bit & 7);
      return octets.toString();
    });
    // Go's base64 passes over the last two bits of a signature, which stand for none of its octets. kubepass does not.
    const signatureIn = (text: string) => Buffer.from(text.split(' ').at(-1)!, 'base64').toString('hex');
    const isTheSame = (text: string) =>
      text.slice(0, -4) === single.slice(0, -4) && text.endsWith('=\n') && signatureIn(text) === signatureIn(single);
    const question = with_(old).at(-1)!;
    expect(asked([single, ...changed].map((text) => ({ ...question, note: text })))).toEqual([
      true,
      ...changed.map(isTheSame),
    ]);
    const key = readVerifierKey(verifierKey(old))!;
    expect(changed.filter((text) => readNote(text, [key]).ok)).toEqual([]);
  });
});
