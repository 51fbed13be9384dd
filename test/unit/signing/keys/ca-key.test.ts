// Tests src/signing/keys/ca-key.ts
import { generateKeyPairSync } from 'node:crypto';
import { expect, it } from 'vitest';
import { type CaKey, heldKey, KeyUnavailableError, measuredKey } from '../../../../src/signing/keys/ca-key.js';

const told: unknown[] = [];
const measures = {
  signed: (...of: readonly unknown[]) => void told.push(of.slice(0, 2)),
  failed: (...of: readonly unknown[]) => void told.push(of),
};
const held = heldKey('file', generateKeyPairSync('ed25519').privateKey, () => new Date(0));

it('times a signature, and counts why there was none', async () => {
  await measuredKey(held, 'prod', 'users', measures).sign(Buffer.of(1));
  const failing: CaKey = { ...held, sign: () => Promise.reject(new KeyUnavailableError('refused', 'no')) };
  await expect(measuredKey(failing, 'prod', 'users', measures).sign(Buffer.of(1))).rejects.toThrow('no');
  const broken: CaKey = { ...held, sign: () => Promise.reject(new Error('a fault of ours')) };
  await expect(measuredKey(broken, 'prod', 'users', measures).sign(Buffer.of(1))).rejects.toThrow('a fault');
  expect(told).toEqual([
    ['prod', 'users'],
    ['prod', 'users', 'refused'],
  ]);
});
