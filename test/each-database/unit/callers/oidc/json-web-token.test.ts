// Tests src/callers/oidc/json-web-token.ts
import { createPublicKey, randomBytes, type KeyObject } from 'node:crypto';
import { exportJWK, generateKeyPair, SignJWT, type CryptoKey } from 'jose';
import { beforeAll, describe, expect, it } from 'vitest';
import { isVerifiedByOne, type SignatureAlgorithm } from '../../../../../src/callers/oidc/json-web-token.js';
import { makeKeys, rawToken, withHmac, withRsa } from '../../../../helpers/raw-tokens.js';

const algorithms: readonly SignatureAlgorithm[] = [
  ...(['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'] as const),
  ...(['ES256', 'ES384', 'ES512', 'EdDSA'] as const),
];

interface Pair {
  readonly privateKey: CryptoKey;
  /** In both forms that a caller may have. */
  readonly publicKeys: readonly (CryptoKey | KeyObject)[];
}

const pairFor = async (algorithm: SignatureAlgorithm): Promise<Pair> => {
  const { privateKey, publicKey } = await generateKeyPair(algorithm, { extractable: true });
  return { privateKey, publicKeys: [publicKey, createPublicKey({ key: await exportJWK(publicKey), format: 'jwk' })] };
};
const pairs = new Map<SignatureAlgorithm, Pair>();
beforeAll(async () => {
  for (const algorithm of algorithms) pairs.set(algorithm, await pairFor(algorithm));
});
const sign = (algorithm: SignatureAlgorithm, by: CryptoKey, claims = {}) =>
  new SignJWT({ sub: 'jane', ...claims }).setProtectedHeader({ alg: algorithm }).sign(by);

describe.each(algorithms)('a signature with %s', (algorithm) => {
  it('is taken for none where anything was changed', async () => {
    const { privateKey, publicKeys } = pairs.get(algorithm)!;
    const other = await pairFor(algorithm);
    const good = await sign(algorithm, privateKey);
    const [head, body, signature] = good.split('.') as [string, string, string];
    const octets = Buffer.from(signature, 'base64url');
    const withSignature = (changed: Buffer) => `${head}.${body}.${changed.toString('base64url')}`;
    const flipped = Buffer.from(octets);
    flipped[0]! ^= 1;
    const half = octets.length / 2;
    const tokens: Readonly<Record<string, string>> = {
      good,
      'of another key': await sign(algorithm, other.privateKey),
      'with other claims': `${head}.${Buffer.from('{"sub":"root"}').toString('base64url')}.${signature}`,
      'with another header': `${Buffer.from(`{"alg":"${algorithm}","a":1}`).toString('base64url')}.${body}.${signature}`,
      'with a bit flipped': withSignature(flipped),
      'cut off': withSignature(octets.subarray(0, -1)),
      'with an octet behind': withSignature(Buffer.concat([octets, Buffer.of(0)])),
      'with a zero before': withSignature(Buffer.concat([Buffer.of(0), octets])),
      'with its halves the other way round': withSignature(
        Buffer.concat([octets.subarray(half), octets.subarray(0, half)]),
      ),
      zeros: withSignature(Buffer.alloc(octets.length)),
      ones: withSignature(Buffer.alloc(octets.length, 0xff)),
      random: withSignature(randomBytes(octets.length)),
      empty: withSignature(Buffer.alloc(0)),
    };
    for (const publicKey of publicKeys) {
      for (const [what, token] of Object.entries(tokens))
        expect([what, await isVerifiedByOne(token, [publicKey], { algorithm })]).toEqual([what, what === 'good']);
      // Two keys may have one name.
      expect(await isVerifiedByOne(good, [...other.publicKeys, publicKey], { algorithm })).toBe(true);
    }
    expect(await isVerifiedByOne(good, [], { algorithm })).toBe(false);
  });

  it('is none with a key for another algorithm, nor where another algorithm is expected', async () => {
    const { privateKey, publicKeys } = pairs.get(algorithm)!;
    const token = await sign(algorithm, privateKey);
    for (const other of algorithms.filter((one) => one !== algorithm)) {
      for (const key of publicKeys) expect(await isVerifiedByOne(token, [key], { algorithm: other })).toBe(false);
      // Two algorithms of RSA have the same key, whose CryptoKey is for one of them.
      const [theirs] = pairs.get(other)!.publicKeys;
      expect(await isVerifiedByOne(token, [theirs!], { algorithm })).toBe(false);
    }
  });
});

describe('a token', () => {
  const keys = makeKeys();
  const header = { alg: 'RS256' };
  const claims = { iss: 'https://idp.example.com', aud: ['kubepass', 'account'], exp: 1_000 };
  const isVerified = (token: string, key: KeyObject = keys.rsa.publicKey) =>
    isVerifiedByOne(token, [key], {
      algorithm: 'RS256',
      issuer: 'https://idp.example.com',
      audience: ['kubepass'],
      requiredClaims: ['exp'],
      currentDate: new Date(999_000),
      clockTolerance: 0,
    });
  const withClaims = (changed: object) => rawToken(header, { ...claims, ...changed }, withRsa(keys.rsa.privateKey));
  const withHeader = (changed: object) => rawToken({ ...header, ...changed }, claims, withRsa(keys.rsa.privateKey));

  it('is verified with its signature and its claims', async () => {
    expect(await isVerified(withClaims({}))).toBe(true);
  });

  it.each([
    ['of another issuer', withClaims({ iss: 'https://idp.example.com/' })],
    ['for other audiences', withClaims({ aud: ['account'] })],
    ['without an audience', withClaims({ aud: undefined })],
    ['without an end', withClaims({ exp: undefined })],
    ['that has ended', withClaims({ exp: 999 })],
    ['whose end is a text', withClaims({ exp: '1000' })],
    ['that does not count yet', withClaims({ nbf: 1_000 })],
    ['with a critical header', withHeader({ crit: ['exp'], exp: 1 })],
    ['with an unencoded payload', withHeader({ crit: ['b64'], b64: false })],
    ['without an algorithm', withHeader({ alg: undefined })],
    ['with alg none', rawToken({ alg: 'none' }, claims, () => Buffer.alloc(0))],
    [
      'that the public key made as a secret',
      rawToken({ alg: 'HS256' }, claims, withHmac(keys.rsa.publicKey.export({ format: 'pem', type: 'spki' }))),
    ],
    ['whose claims are a list', rawToken(header, [claims], withRsa(keys.rsa.privateKey))],
    ['of two parts', 'AAAA.AAAA'],
  ])('is not, %s', async (_, token) => {
    expect(await isVerified(token)).toBe(false);
  });

  it('is not with a key of 1024 bits', async () => {
    const weak = rawToken(header, claims, withRsa(keys.weakRsa.privateKey));
    expect(await isVerified(weak, keys.weakRsa.publicKey)).toBe(false);
  });
});
