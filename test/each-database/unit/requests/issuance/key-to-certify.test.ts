// Tests src/requests/issuance/start-attempt.ts
import { describe, expect, it } from 'vitest';
import { newKeyPair } from '../../../../../src/requests/issuance/start-attempt.js';

describe('newKeyPair', () => {
  it('lets no other key wait behind RSA keys', async () => {
    let finished = 0;
    const rsa = Array.from({ length: 8 }, () => newKeyPair('RSA-2048').then(() => (finished += 1)));
    await newKeyPair('ECDSA-P256');
    expect(finished).toBeLessThan(4);
    await Promise.all(rsa);
    expect(finished).toBe(8);
  });
});
