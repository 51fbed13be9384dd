// Tests src/audit/signed-note.ts, src/audit/checkpoint.ts
import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { checkpointText, readCheckpoint } from '../../../src/audit/checkpoint.js';
import { readNote, readVerifierKey, signNote, verifierKey, type NoteSigner } from '../../../src/audit/signed-note.js';

/** The example of Go's golang.org/x/mod/sumdb/note. */
const peter = 'PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW';
const peterNote =
  'If you think cryptography is the answer to your problem,\n' +
  "then you don't know what your problem is.\n" +
  '\n' +
  '— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n';

function signerOf(name: string): NoteSigner {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  return { name, publicKey: publicKey.export({ format: 'der', type: 'spki' }).subarray(-32), privateKey };
}

describe('a signed note', () => {
  const signer = signerOf('kubepass/one');
  const text = 'one line\nanother\n';

  it('of another implementation is read', () => {
    const key = readVerifierKey(peter)!;
    expect(verifierKey(key)).toBe(peter);
    expect(readNote(peterNote, [key])).toMatchObject({ ok: true, note: { signedBy: [key] } });
  });

  it('is read back with each of its keys, and passes over unknown ones', () => {
    const next = signerOf('kubepass/one');
    const note = signNote(text, [signer, next]);
    expect(readNote(note, [next])).toMatchObject({ ok: true, note: { text, signedBy: [next] } });
    expect(readNote(note, [signer, next])).toMatchObject({ ok: true, note: { signedBy: [signer, next] } });
    expect(readNote(note, [signerOf('kubepass/one')])).toEqual({ ok: false, reason: 'NoKnownSignature' });
  });

  it('is refused with any bit changed', () => {
    const note = Buffer.from(signNote(text, [signer]));
    for (let bit = 0; bit < note.length * 8; bit += 1) {
      const changed = Buffer.from(note);
      changed[bit >> 3]! ^= 1 << (bit & 7);
      expect(readNote(changed.toString(), [signer]).ok, `bit ${bit}`).toBe(false);
    }
  });

  it('has no control characters, and ends with a line feed', () => {
    for (const bad of ['no line feed', 'a\tb\n', 'a\rb\n', ''])
      expect(() => signNote(bad, [signer]), JSON.stringify(bad)).toThrow();
  });
});

describe('a verifier key', () => {
  it.each([
    ['another id', peter.replace('c74f20a3', 'c74f20a4')],
    ['another type', 'PeterNeumann+c74f20a3+AhpC2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW'],
    ['a key that is too short', 'PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy'],
    ['no name', peter.slice('PeterNeumann'.length)],
    ['a blank in the name', `Peter ${peter.slice(5)}`],
    ['nothing', ''],
  ])('is refused with %s', (_, text) => {
    expect(readVerifierKey(text)).toBeNull();
  });
});

describe('the text of a checkpoint', () => {
  const checkpoint = { origin: 'kubepass/one', size: 42, root: Buffer.alloc(32, 7) };

  it('is read back', () => {
    expect(readCheckpoint(checkpointText(checkpoint))).toEqual(checkpoint);
    expect(readCheckpoint(`${checkpointText(checkpoint)}an extension\n`)).toEqual(checkpoint);
  });

  it.each([
    ['without an origin', '\n42\nBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=\n'],
    ['with a size that has zeros before it', 'o\n042\nBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=\n'],
    ['with a negative size', 'o\n-1\nBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=\n'],
    ['with a short root', 'o\n42\nBwcHBw==\n'],
    ['with a root without its padding', 'o\n42\nBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc\n'],
    ['without its last line feed', 'o\n42\nBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc='],
  ])('is refused %s', (_, text) => {
    expect(readCheckpoint(text)).toBeNull();
  });
});
