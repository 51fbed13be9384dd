// Tests packages/inspect/src/keys/decode-public-key.ts
import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';

import { describe, expect, it } from 'vitest';

import { decodePublicKey } from '../../src/keys/decode-public-key.js';
import { shapeOfPublicKey } from '../../src/der/recognise.js';
import { sequence } from '@kubepass/x509';
import { fixture, pieceOf } from './inspected-key.js';

const publicKey = (name: string): KeyObject =>
  createPublicKey(createPrivateKey({ key: fixture(name).bytes, format: 'der', type: 'pkcs8' }));

describe('public keys', () => {
  it.each(['rsa', 'prime256v1', 'secp521r1', 'ed25519', 'x448', 'explicit'])('takes an %s key as it is', (name) => {
    const spki = publicKey(`${name}.pkcs8.key`).export({ format: 'der', type: 'spki' });
    expect(shapeOfPublicKey(spki)).toBe('SubjectPublicKeyInfo');
    expect(decodePublicKey(pieceOf(spki)).material).toEqual({
      kind: 'publicKey',
      subjectPublicKeyInfo: spki,
    });
  });

  it('makes a SubjectPublicKeyInfo of an RSAPublicKey', () => {
    const key = publicKey('rsa.pkcs8.key');
    const pkcs1 = key.export({ format: 'der', type: 'pkcs1' });
    expect(shapeOfPublicKey(pkcs1)).toBe('RSAPublicKey');
    const { content, material } = decodePublicKey(pieceOf(pkcs1));
    expect(content).toMatchObject({ type: 'PublicKey', publicKey: { algorithm: 'RSA-2048', exponent: '65537' } });
    const subjectPublicKeyInfo = key.export({ format: 'der', type: 'spki' });
    expect(material).toEqual({ kind: 'publicKey', subjectPublicKeyInfo, unnamed: pkcs1.length });
    const named = decodePublicKey(pieceOf(pkcs1, 'RSA PUBLIC KEY'));
    expect(named).toEqual({
      content,
      observations: [],
      pieces: [],
      material: { kind: 'publicKey', subjectPublicKeyInfo },
    });
  });

  it.each([
    ['nothing', Buffer.alloc(0)],
    ['an empty SEQUENCE', sequence()],
    ['a key that is cut off', publicKey('rsa.pkcs8.key').export({ format: 'der', type: 'spki' }).subarray(0, 100)],
  ])('says of %s that it cannot be read', (_what, bytes) => {
    const decoded = decodePublicKey(pieceOf(bytes));
    expect(decoded.content.type).toBe('Unknown');
    expect(decoded.observations.map(({ code }) => code)).toEqual(['MalformedObject']);
  });
});
