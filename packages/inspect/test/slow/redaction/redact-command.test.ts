// Tests packages/inspect/src/redaction/redact-fields.ts
import { describe, expect, it } from 'vitest';
import { redactWords } from '../../../src/redaction/redact-fields.js';
import { cpuMilliseconds } from '../../../../../test/helpers/cpu-milliseconds.js';

describe('redactWords', () => {
  // The keys are the same each time, because these tests are not about the rare key that resembles words.

  it('takes no longer for many words, or for long ones', () => {
    const words = ['a:a:', 'token-', '//a:b', '--user', 'a@', 'Aa1', '-p ', '\'"', 'pass:x'].flatMap((part) => [
      ...Array.from({ length: 10_000 }, () => part),
      part.repeat(1024 / 8),
      part.repeat(100_000),
    ]);
    const start = cpuMilliseconds();
    redactWords(words);
    expect(cpuMilliseconds() - start).toBeLessThan(2000);
  });
});
