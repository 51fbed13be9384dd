// Tests src/signing/sign-verified.ts
import { expect, it } from 'vitest';
import { signatureAlgorithmFor, signaturesHere } from '@kubepass/x509';
import { makeKey, type KeyType } from '../../../packages/x509/test/helpers/certificates.js';
import { createPublicKey } from 'node:crypto';
import { heldKey } from '../../../src/signing/keys/ca-key.js';
import { signVerified } from '../../../src/signing/sign-verified.js';

const octets = Buffer.from('a list');

function surroundings() {
  const [failures, errors]: [unknown[], unknown[]] = [[], []];
  return {
    failures,
    errors,
    signatures: signaturesHere,
    keyMeasures: { failed: (...failure: unknown[]) => void failures.push(failure) },
    log: { error: (fields: object) => void errors.push(fields) },
  };
}

it.each<KeyType>(['RSA-2048', 'P-256', 'P-384', 'P-521', 'Ed25519'])(
  'answers the signature of a key: %s',
  async (type) => {
    const { privateKey } = makeKey(type);
    const publicKey = createPublicKey(privateKey);
    const key = heldKey('file', privateKey, () => new Date());
    const told = surroundings();
    const signature = await signVerified({ cluster: 'demo', issuer: 'users', key, publicKey }, octets, told);
    expect(await signaturesHere.verify(signatureAlgorithmFor(publicKey), octets, publicKey, signature)).toBe(true);
    expect(told).toMatchObject({ failures: [], errors: [] });
  },
);

it.each<[how: string, signing: (sign: (data: Uint8Array) => Promise<Buffer>) => Promise<Buffer>]>([
  ['over other octets', (sign) => sign(Buffer.from('another list'))],
  ['that is cut off', async (sign) => (await sign(octets)).subarray(0, -1)],
  ['that is garbage', () => Promise.resolve(Buffer.from('garbage'))],
  ['that is empty', () => Promise.resolve(Buffer.alloc(0))],
  ['by another key', () => heldKey('file', makeKey().privateKey, () => new Date()).sign(octets)],
])('throws away a signature %s', async (_, signing) => {
  const { privateKey } = makeKey();
  const held = heldKey('file', privateKey, () => new Date());
  const key = { ...held, sign: () => signing((data) => held.sign(data)) };
  const told = surroundings();
  const signed = signVerified(
    { cluster: 'demo', issuer: 'users', key, publicKey: createPublicKey(privateKey) },
    octets,
    told,
  );
  await expect(signed).rejects.toMatchObject({ failure: 'wrong-signature' });
  expect(told.failures).toEqual([['demo', 'users', 'wrong-signature']]);
  expect(told.errors).toEqual([{ cluster: 'demo', issuer: 'users' }]);
});
