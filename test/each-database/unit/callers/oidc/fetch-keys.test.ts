// Tests src/callers/oidc/fetch-keys.ts
import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { readKeySet, type IssuerKeySet } from '../../../../../src/callers/oidc/fetch-keys.js';
import { jwkOf, makeKeys } from '../../../../helpers/raw-tokens.js';

const keys = makeKeys();
const read = (...jwks: readonly unknown[]) => readKeySet({ keys: jwks })!;
const algorithms = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA'];

/** The algorithms for which a token may name this key; without `kid`, for which it may name none. */
async function algorithmsFor({ find }: IssuerKeySet, kid?: string): Promise<readonly string[]> {
  const found = algorithms.map(async (alg) =>
    find({ alg, ...(kid !== undefined && { kid }) }).then(
      () => [alg],
      () => [],
    ),
  );
  return (await Promise.all(found)).flat();
}

describe('the keys of an issuer', () => {
  it('are used for the algorithms that they name, else for those of their kind', async () => {
    const set = read(
      jwkOf(keys.rsa.publicKey, { kid: 'a' }),
      jwkOf(keys.rsa.publicKey, { kid: 'b', alg: 'PS256', use: 'sig', key_ops: ['verify'], x5c: ['AAAA'] }),
      jwkOf(keys.p256.publicKey, { kid: 'c', alg: 'ES256' }),
      jwkOf(keys.ed25519.publicKey, { key_ops: ['sign', 'verify'] }),
    );
    expect(await algorithmsFor(set, 'a')).toEqual(algorithms.slice(0, 6));
    expect(await algorithmsFor(set, 'b')).toEqual(['PS256']);
    expect(await algorithmsFor(set, 'c')).toEqual(['ES256']);
    // Only `a` and `b` share an algorithm, so that a token must say which one is meant.
    expect(await algorithmsFor(set)).toEqual(['RS256', 'RS384', 'RS512', 'PS384', 'PS512', 'ES256', 'EdDSA']);
    expect(set.size).toBe(4);
    expect(set.unused).toEqual([]);
  });

  const symmetric = { kty: 'oct', k: Buffer.alloc(32).toString('base64url'), kid: 'x' };
  const withExponent = (e: string) => ({ ...jwkOf(keys.rsa.publicKey, { kid: 'x' }), e });
  it.each([
    ['a symmetric key', symmetric, 'key "x" is not used: it is symmetric'],
    ['RSA with 1024 bits', jwkOf(keys.weakRsa.publicKey, { kid: 'x' }), /1024 bits, not 2048 to 8192/],
    ['RSA with the exponent 1', withExponent('AQ'), /exponent is weak/],
    ['RSA with the exponent 3', withExponent('Aw'), /exponent is weak/],
    ['a key for wrapping', jwkOf(keys.rsa.publicKey, { kid: 'x', key_ops: ['wrapKey'] }), /key_ops/],
    ['key_ops that are no list', jwkOf(keys.rsa.publicKey, { kid: 'x', key_ops: 'verify' }), /key_ops/],
    ['a private key', jwkOf(keys.p256.privateKey, { kid: 'x' }), /private part is published/],
    ['a point off its curve', { kty: 'EC', crv: 'P-256', x: 'AAAA', y: 'AAAA', kid: 'x' }, /cannot be read/],
    ['a modulus that is missing', { kty: 'RSA', e: 'AQAB', kid: 'x' }, /cannot be read/],
    ['a kid that is a number', jwkOf(keys.rsa.publicKey, { kid: 7 }), /its kid is no text/],
    ['a text', 'key', 'a key is not used: it is no object'],
    ['a key without a kind', { n: 'AAAA', e: 'AQAB', kid: 'x' }, /cannot be read/],
  ])('are not used: %s', async (_, jwk, why) => {
    const set = read(jwk);
    expect(set.size).toBe(0);
    expect(set.unused).toEqual([typeof why === 'string' ? why : expect.stringMatching(why)]);
    expect(await algorithmsFor(set)).toEqual([]);
  });

  const secp256k1 = generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).publicKey;
  const x25519 = generateKeyPairSync('x25519').publicKey;
  const ofRsa = (members: object) => jwkOf(keys.rsa.publicKey, { kid: 'x', ...members });
  it.each([
    ['a key for encryption', ofRsa({ use: 'enc' })],
    ['a key for nothing that is a text', ofRsa({ use: null })],
    ['another algorithm', ofRsa({ alg: 'RSA-OAEP' })],
    ['a symmetric algorithm', ofRsa({ alg: 'HS256' })],
    ['an algorithm that is no text', ofRsa({ alg: null })],
    ['an algorithm of another kind of key', jwkOf(keys.p256.publicKey, { kid: 'x', alg: 'RS256' })],
    ['a curve without an algorithm here', jwkOf(secp256k1, { kid: 'x' })],
    ['a curve for key agreement', jwkOf(x25519, { kid: 'x' })],
  ])('verify no token: %s', async (_, jwk) => {
    const set = read(jwk);
    expect(await algorithmsFor(set, 'x')).toEqual([]);
    expect(await algorithmsFor(set)).toEqual([]);
  });

  it('have one curve for each algorithm', async () => {
    for (const [namedCurve, algorithm] of [
      ['P-256', 'ES256'],
      ['P-384', 'ES384'],
      ['P-521', 'ES512'],
    ] as const) {
      const { publicKey } = generateKeyPairSync('ec', { namedCurve });
      expect(await algorithmsFor(read(jwkOf(publicKey, { kid: 'x' })), 'x')).toEqual([algorithm]);
    }
  });

  it('are one key for its name, and several where several have it', async () => {
    const set = read(jwkOf(keys.rsa.publicKey, { kid: 'a' }), jwkOf(keys.otherRsa.publicKey, { kid: 'a' }));
    await expect(set.find({ alg: 'RS256', kid: 'a' })).rejects.toMatchObject({
      code: 'ERR_JWKS_MULTIPLE_MATCHING_KEYS',
    });
    for (const header of [{ alg: 'HS256', kid: 'a' }, { alg: 'none', kid: 'a' }, { kid: 'a' }])
      await expect(set.find(header as { alg: string })).rejects.toMatchObject({ code: 'ERR_JOSE_NOT_SUPPORTED' });
  });

  it('are no set without a list', () => {
    for (const document of [null, [], 'x', {}, { keys: {} }]) expect(readKeySet(document)).toBeNull();
    expect(read()).toMatchObject({ size: 0, unused: [] });
  });

  it('have the same digest where they are the same, whatever else their set says', () => {
    const [a, b] = [jwkOf(keys.rsa.publicKey, { kid: 'a' }), jwkOf(keys.otherRsa.publicKey, { kid: 'a' })];
    expect(read({ ...a, x5t: 'AAAA' }).digest).toBe(read(a).digest);
    expect(read(b).digest).not.toBe(read(a).digest);
    expect(read({ ...a, kid: 'b' }).digest).not.toBe(read(a).digest);
  });
});
