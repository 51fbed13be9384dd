// Tests packages/inspect/src/x509/verify-signed.ts
import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { describe, expect, it } from 'vitest';

import { verifySigned } from '../../../src/x509/verify-signed.js';
import { der, DerReader, Tag } from '@kubepass/x509';
import { readPublicKeyTree } from '@kubepass/x509/tree';
import { algorithmOf } from '../../x509/build.js';
import { signedWith } from '../../x509/decoding.js';

const signedBytes = Buffer.from('what is signed');
const NULL = der(Tag.NULL);
const rsaKeys = generateKeyPairSync('rsa', { modulusLength: 2048 });
const spkiOf = (key: KeyObject): Buffer => key.export({ type: 'spki', format: 'der' });

const rsaSigned = (algorithm: Buffer, hash: string, options: object = {}) =>
  signedWith({
    signedBytes,
    algorithm,
    signature: sign(hash, signedBytes, { key: rsaKeys.privateKey, ...options }),
  });

describe('verifySigned', () => {
  it('imports a key once', () => {
    // The keys are of another kind than the signature, so that all the work is in finding the key.
    const signed = rsaSigned(algorithmOf('1.2.840.113549.1.1.11', NULL), 'sha256');
    const spki = spkiOf(generateKeyPairSync('ec', { namedCurve: 'P-384' }).publicKey);
    const rounds = 2000;
    const start = process.cpuUsage();
    const publicKey = readPublicKeyTree(new DerReader(spki));
    for (let i = 0; i < rounds; i++) verifySigned(signed, publicKey);
    const { user, system } = process.cpuUsage(start);
    // Microseconds; an import takes more than a hundred.
    expect((user + system) / rounds).toBeLessThan(50);
  });
});
