// Tests packages/inspect/src/redaction/redact-text.ts
import { describe, expect, it } from 'vitest';
import { redactUrl } from '../../../src/redaction/redact-text.js';
import { cpuMilliseconds } from '../../../../../test/helpers/cpu-milliseconds.js';

describe('redactText', () => {
  it.each([
    '//a:b',
    '@//a:b',
    'a://b:c@',
    'token-',
    'Bearer  ',
    '?',
    '?[redacted]',
    'eyJ',
    '://',
    ' ',
    'https://a:b/c@',
  ])('takes no longer for %j, a hundred thousand times', (text) => {
    const long = text.repeat(100_000);
    const start = cpuMilliseconds();
    redactUrl(long);
    expect(cpuMilliseconds() - start).toBeLessThan(2000);
  });
});
