import { createPublicKey, randomBytes, type KeyObject } from 'node:crypto';
import { compactVerify, exportJWK, generateKeyPair, SignJWT, type CryptoKey } from 'jose';
import { describe, expect, it } from 'vitest';
import type { SignatureAlgorithm } from '../../../../src/identity/oidc/issuer.js';
import { isSignedByOne } from '../../../../src/identity/oidc/verify-signature.js';

const algorithms: readonly SignatureAlgorithm[] = [
  ...(['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'] as const),
  ...(['ES256', 'ES384', 'ES512', 'EdDSA'] as const),
];

const keyFor = async (algorithm: SignatureAlgorithm) => {
  const { privateKey, publicKey } = await generateKeyPair(algorithm, { extractable: true });
  const read = createPublicKey({ key: await exportJWK(publicKey), format: 'jwk' });
  return { privateKey, key: { keyId: null, algorithms: [algorithm], publicKey: read } };
};
const byJose = (token: string, key: KeyObject, algorithm: SignatureAlgorithm) =>
  compactVerify(token, key, { algorithms: [algorithm] }).then(
    () => true,
    () => false,
  );

describe.each(algorithms)('a signature with %s', (algorithm) => {
  it('is judged as jose judges it, whatever was changed', async () => {
    const { privateKey, key } = await keyFor(algorithm);
    const other = await keyFor(algorithm);
    const sign = (by: CryptoKey) => new SignJWT({ sub: 'jane' }).setProtectedHeader({ alg: algorithm }).sign(by);
    const good = await sign(privateKey);
    const [head, body, signature] = good.split('.') as [string, string, string];
    const octets = Buffer.from(signature, 'base64url');
    const withSignature = (changed: Buffer) => `${head}.${body}.${changed.toString('base64url')}`;
    const flipped = Buffer.from(octets);
    flipped[0]! ^= 1;
    const half = octets.length / 2;
    const tokens: Readonly<Record<string, string>> = {
      good,
      'of another key': await sign(other.privateKey),
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
    for (const [what, token] of Object.entries(tokens)) {
      const judged = isSignedByOne(token, [key], algorithm);
      expect([what, judged]).toEqual([what, await byJose(token, key.publicKey, algorithm)]);
      expect([what, judged]).toEqual([what, what === 'good']);
    }
    // Two keys may have one name.
    expect(isSignedByOne(good, [other.key, key], algorithm)).toBe(true);
  });

  it('is none with a key for another algorithm', async () => {
    const { privateKey, key } = await keyFor(algorithm);
    const token = await new SignJWT({}).setProtectedHeader({ alg: algorithm }).sign(privateKey);
    expect(isSignedByOne(token, [{ ...key, algorithms: [] }], algorithm)).toBe(false);
  });
});
