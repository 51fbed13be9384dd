// Tests packages/x509/src/strict/pem.ts
import { describe, expect, it } from 'vitest';
import { decodeSinglePem } from '../../../src/strict/pem.js';
import { cpuMilliseconds } from '../../../../../test/helpers/cpu-milliseconds.js';

describe('a single PEM block', () => {
  it('does not take time that grows with the square of the input', () => {
    const hostile = [' '.repeat(1 << 20), '-----BEGIN '.repeat(1 << 16), `${'x-----BEGIN '.repeat(1 << 16)}\n`];
    const started = cpuMilliseconds();
    for (const text of hostile) decodeSinglePem(text, 'X');
    expect(cpuMilliseconds() - started).toBeLessThan(2000);
  });
});
