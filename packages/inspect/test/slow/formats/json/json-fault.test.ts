// Tests packages/inspect/src/formats/json/json-fault.ts
import { describe, expect, it } from 'vitest';
import { jsonFault } from '../../../../src/formats/json/json-fault.js';
import { cpuMilliseconds } from '../../../../../../test/helpers/cpu-milliseconds.js';

describe('jsonFault', () => {
  it('takes linear time and no recursion', () => {
    const started = cpuMilliseconds();
    for (const text of [
      '['.repeat(1 << 18),
      `"${'a'.repeat(1 << 18)}`,
      `["${'\\n'.repeat(1 << 17)}`,
      '{"a":'.repeat(1 << 17),
    ])
      expect(jsonFault(text)).not.toBeNull();
    expect(cpuMilliseconds() - started).toBeLessThan(5000);
  });
});
