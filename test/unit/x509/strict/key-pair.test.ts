import { describe, expect, it } from 'vitest';
import { generateKeyPair } from '../../../../src/x509/strict/key-pair.js';

describe('generateKeyPair', () => {
  it('lets no other key wait behind RSA keys', async () => {
    let finished = 0;
    const rsa = Array.from({ length: 8 }, () => generateKeyPair('RSA-2048').then(() => (finished += 1)));
    await generateKeyPair('ECDSA-P256');
    expect(finished).toBeLessThan(4);
    await Promise.all(rsa);
    expect(finished).toBe(8);
  });
});
