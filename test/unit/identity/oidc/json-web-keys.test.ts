import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { readKeySet } from '../../../../src/identity/oidc/json-web-keys.js';
import { jwkOf, makeKeys } from '../../../helpers/raw-tokens.js';

const keys = makeKeys();
const accepted = ['RS256', 'PS256', 'ES256', 'EdDSA'] as const;
const read = (...jwks: readonly unknown[]) => readKeySet({ keys: jwks }, accepted)!;

describe('the keys of an issuer', () => {
  it('are used for the algorithms that they and the issuer name', () => {
    const set = read(
      jwkOf(keys.rsa.publicKey, { kid: 'a' }),
      jwkOf(keys.rsa.publicKey, { kid: 'b', alg: 'PS256', use: 'sig', key_ops: ['verify'], x5c: ['AAAA'] }),
      jwkOf(keys.p256.publicKey, { kid: 'c', alg: 'ES256' }),
      jwkOf(keys.ed25519.publicKey, {}),
    );
    expect(set.keys.map(({ keyId, algorithms }) => [keyId, algorithms])).toEqual([
      ['a', ['RS256', 'PS256']],
      ['b', ['PS256']],
      ['c', ['ES256']],
      [null, ['EdDSA']],
    ]);
    expect(set.unused).toEqual([]);
  });

  const symmetric = { kty: 'oct', k: Buffer.alloc(32).toString('base64url'), kid: 'x' };
  const withExponent = (e: string) => ({ ...jwkOf(keys.rsa.publicKey, { kid: 'x' }), e });
  const p521 = generateKeyPairSync('ec', { namedCurve: 'P-521' }).publicKey;
  const secp256k1 = generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).publicKey;
  it.each([
    ['a symmetric key', symmetric, 'key "x" is not used: it is symmetric'],
    ['RSA with 1024 bits', jwkOf(keys.weakRsa.publicKey, { kid: 'x' }), /1024 bits, not 2048 to 8192/],
    ['RSA with the exponent 1', withExponent('AQ'), /exponent is weak/],
    ['RSA with the exponent 3', withExponent('Aw'), /exponent is weak/],
    [
      'a key for encryption',
      jwkOf(keys.rsa.publicKey, { kid: 'x', use: 'enc' }),
      'key "x" is not used: its use is "enc"',
    ],
    ['a key for wrapping', jwkOf(keys.rsa.publicKey, { kid: 'x', key_ops: ['wrapKey'] }), /key_ops/],
    ['another algorithm', jwkOf(keys.rsa.publicKey, { kid: 'x', alg: 'RSA-OAEP' }), /its alg is "RSA-OAEP"/],
    [
      'an algorithm of another kind of key',
      jwkOf(keys.p256.publicKey, { kid: 'x', alg: 'RS256' }),
      /its alg is "RS256"/,
    ],
    ['an algorithm that is not accepted', jwkOf(keys.rsa.publicKey, { kid: 'x', alg: 'RS512' }), /"RS512"/],
    ['a curve that is not accepted', jwkOf(p521, { kid: 'x' }), /none of the accepted algorithms/],
    ['a curve without an algorithm here', jwkOf(secp256k1, { kid: 'x' }), /none of the accepted|cannot be read/],
    ['a private key', jwkOf(keys.p256.privateKey, { kid: 'x' }), /private part is published/],
    ['a point off its curve', { kty: 'EC', crv: 'P-256', x: 'AAAA', y: 'AAAA', kid: 'x' }, /cannot be read/],
    ['a modulus that is missing', { kty: 'RSA', e: 'AQAB', kid: 'x' }, /cannot be read/],
    ['a kid that is a number', jwkOf(keys.rsa.publicKey, { kid: 7 }), /its kid is no text/],
    ['a text', 'key', 'a key is not used: it is no object'],
  ])('are not used: %s', (_, jwk, why) => {
    const set = read(jwk);
    expect(set.keys).toEqual([]);
    expect(set.unused).toEqual([typeof why === 'string' ? why : expect.stringMatching(why)]);
  });

  it('are no set without a list', () => {
    for (const document of [null, [], 'x', {}, { keys: {} }]) expect(readKeySet(document, accepted)).toBeNull();
    expect(read()).toMatchObject({ keys: [] });
  });

  it('have the same digest where they are the same, whatever else their set says', () => {
    const [a, b] = [jwkOf(keys.rsa.publicKey, { kid: 'a' }), jwkOf(keys.otherRsa.publicKey, { kid: 'a' })];
    expect(read({ ...a, x5t: 'AAAA' }).digest).toBe(read(a).digest);
    expect(read(b).digest).not.toBe(read(a).digest);
    expect(read({ ...a, kid: 'b' }).digest).not.toBe(read(a).digest);
  });
});
