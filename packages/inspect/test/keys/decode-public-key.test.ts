import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';

import { describe, expect, it } from 'vitest';

import { decodePublicKey } from '../../src/keys/decode-public-key.js';
import { looksLikePublicKey } from '../../src/keys/key-shapes.js';
import { sequence } from '@kubepass/x509';
import { contextWith, fixture, pieceOf } from './inspected-key.js';

const publicKey = (name: string): KeyObject =>
  createPublicKey(createPrivateKey({ key: fixture(name).bytes, format: 'der', type: 'pkcs8' }));

describe('public keys', () => {
  it.each(['rsa', 'prime256v1', 'secp521r1', 'ed25519', 'x448', 'explicit'])('takes an %s key as it is', (name) => {
    const spki = publicKey(`${name}.pkcs8.key`).export({ format: 'der', type: 'spki' });
    expect(looksLikePublicKey(spki)).toBe(true);
    expect(decodePublicKey(pieceOf(spki), contextWith(null)).material).toEqual({
      kind: 'publicKey',
      subjectPublicKeyInfo: spki,
    });
  });

  it('makes a SubjectPublicKeyInfo of an RSAPublicKey', () => {
    const key = publicKey('rsa.pkcs8.key');
    const pkcs1 = key.export({ format: 'der', type: 'pkcs1' });
    expect(looksLikePublicKey(pkcs1)).toBe(true);
    const { content, material } = decodePublicKey(pieceOf(pkcs1), contextWith(null));
    expect(content).toMatchObject({ type: 'PublicKey', publicKey: { algorithm: 'RSA-2048', exponent: '65537' } });
    expect(material).toEqual({
      kind: 'publicKey',
      subjectPublicKeyInfo: key.export({ format: 'der', type: 'spki' }),
    });
  });

  it.each([
    ['nothing', Buffer.alloc(0)],
    ['an empty SEQUENCE', sequence()],
    ['a key that is cut off', publicKey('rsa.pkcs8.key').export({ format: 'der', type: 'spki' }).subarray(0, 100)],
  ])('says of %s that it cannot be read', (_what, bytes) => {
    const decoded = decodePublicKey(pieceOf(bytes), contextWith(null));
    expect(decoded.content.type).toBe('Unknown');
    expect(decoded.observations.map(({ code }) => code)).toEqual(['MalformedObject']);
  });
});
