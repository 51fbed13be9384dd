// Tests packages/x509/src/strict/crypto.ts
import { createPublicKey, sign, verify, type KeyObject } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { generateKeyPair, importSpki } from '../../src/strict/crypto.js';
import { keyAlgorithms } from '../../src/strict/key-algorithm.js';
import { readSubjectPublicKeyInfo } from '../../src/strict/subject-public-key-info.js';
import { mutate, mutations } from './mutate.js';
import { propertyRuns } from '../../../../test/helpers/property-runs.js';

const importDer = (der: Buffer) => createPublicKey({ key: der, format: 'der', type: 'spki' });

/** The imported key as DER again; null where it is refused. */
function imported(way: (der: Buffer) => KeyObject, der: Buffer): string | null {
  try {
    return way(der).export({ format: 'der', type: 'spki' }).toString('hex');
  } catch {
    return null;
  }
}

const isReadable = (der: Buffer): boolean => {
  try {
    return readSubjectPublicKeyInfo(der).ok;
  } catch {
    return false;
  }
};

describe.each(keyAlgorithms)('a SubjectPublicKeyInfo of %s that is imported by way of PEM', (algorithm) => {
  it('is the key that verifies what its private key signs', async () => {
    const { subjectPublicKeyInfo, privateKey } = await generateKeyPair(algorithm);
    const hash = algorithm === 'Ed25519' ? null : 'sha256';
    const data = Buffer.from('to be signed');
    const key = importSpki(subjectPublicKeyInfo);
    expect(verify(hash, data, key, sign(hash, data, privateKey))).toBe(true);
    expect(verify(hash, Buffer.from('something else'), key, sign(hash, data, privateKey))).toBe(false);
  });

  it('is accepted and refused as from DER, whatever is changed in it, and nothing is refused that our reader accepts', async () => {
    const { subjectPublicKeyInfo } = await generateKeyPair(algorithm);
    const outcomes = new Set<boolean>();
    fc.assert(
      fc.property(mutations, (changes) => {
        const mutant = mutate(subjectPublicKeyInfo, changes);
        const key = imported(importSpki, mutant);
        expect(key).toBe(imported(importDer, mutant));
        if (isReadable(mutant)) expect(key).toBe(mutant.toString('hex'));
        outcomes.add(key !== null);
      }),
      { numRuns: propertyRuns(500) },
    );
    expect(outcomes).toContain(false);
  });

  it('is refused as from DER where it ends early, where something follows, and where it is empty', async () => {
    const { subjectPublicKeyInfo: der } = await generateKeyPair(algorithm);
    const broken = [
      der.subarray(0, -1),
      Buffer.concat([der, Buffer.of(0)]),
      Buffer.concat([der, der]),
      Buffer.alloc(0),
    ];
    for (const one of broken) expect(imported(importSpki, one)).toBe(imported(importDer, one));
  });
});

describe('octets in a larger buffer', () => {
  it('are imported without their neighbours', async () => {
    const { subjectPublicKeyInfo: der } = await generateKeyPair('ECDSA-P256');
    const among = Buffer.concat([Buffer.alloc(7, 0xff), der, Buffer.alloc(9, 0xff)]);
    const view = new Uint8Array(among.buffer, among.byteOffset + 7, der.length);
    expect(importSpki(view).equals(importDer(der))).toBe(true);
  });
});
